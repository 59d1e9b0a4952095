/* SPDX-License-Identifier: Apache-2.0 */
/* events_json: the lines of `events`, as runc's readers know them. */
#ifndef SHIM_CLI_EVENTS_JSON_H
#define SHIM_CLI_EVENTS_JSON_H

#include "shim/engine/stats.h"
#include "spec/base/arena.h"

/*
 * {"type":"stats","id":ID,"data":{...}} without a line break, in the arena (runc
 * types/events.go). Differences between cgroup versions are evened out there, as
 * in runc: swap means memory and swap together, a pids limit of 0 is none.
 */
char *events_stats(const char *id, const struct cgroup_stats *s, struct arena *a);

/* {"type":"oom","id":ID} */
char *events_oom(const char *id, struct arena *a);

#endif
