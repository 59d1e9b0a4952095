/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: what the engine reads of cgroups, as the messages that Stats answers. */
#ifndef SHIM_DAEMON_METRICS_H
#define SHIM_DAEMON_METRICS_H

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/state.h"
#include "spec/ttrpc/google.pb-c.h"

/*
 * A record with the cgroups that a task's text names: a line "KEY\tDIRECTORY" for
 * each, KEY being empty for the unified hierarchy. In the arena.
 */
struct oci_state *metrics_cgroups(const char *text, struct arena *a);

/*
 * The figures are those of v1 when any of its hierarchies has cpu or memory,
 * else of v2. Files that are missing give zeros; ENOENT when the cgroup itself
 * is gone. All in the arena.
 */
Pb__Any *metrics_read(const char *cgroups, struct arena *a, struct err *e);

#endif
