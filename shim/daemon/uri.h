/* SPDX-License-Identifier: Apache-2.0 */
/* uri: the log URIs of streams, SCHEME:///PATH?QUERY#FRAGMENT, as Go's url.Parse takes them. */
#ifndef SHIM_DAEMON_URI_H
#define SHIM_DAEMON_URI_H

#include <stdbool.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

/*
 * The decoded path, which must be absolute, or NULL. The query is *query (if that is not NULL) as
 * it stands, "" for none. Both are in the arena. The caller names the URI in the error.
 */
char *uri_path(const char *uri, struct arena *a, char **query, struct err *e);

/* Decode each %XX, and in a query the '+' of a space, in place. -1: one is no byte of a text. */
int uri_decode(char *s, bool query, struct err *e);

#endif
