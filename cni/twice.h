/* SPDX-License-Identifier: Apache-2.0 */
/* twice: keys that stand twice in an object of a JSON text, which a parser does not tell; pure. */
#ifndef CNI_TWICE_H
#define CNI_TWICE_H

#include <stddef.h>

#include "spec/base/arena.h"

#define TWICE_MAX 4096 /* keys that are compared */

/*
 * The first key that stands twice in the object `key` of the text's outermost
 * one, or NULL. The text has been parsed: it is JSON. However a key is written,
 * with escapes or without, it is the same one.
 */
const char *twice_in(const char *text, size_t len, const char *key, struct arena *a);

#endif
