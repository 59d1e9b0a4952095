/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_keys: keys of a cgroup file to members of a message; and the two messages. */
#ifndef SHIM_DAEMON_METRICS_KEYS_H
#define SHIM_DAEMON_METRICS_KEYS_H

#include <stddef.h>

#include "shim/engine/stats.h"
#include "spec/base/arena.h"
#include "spec/ttrpc/google.pb-c.h"

/* The row's offset is that of a uint64_t. */
struct metrics_key {
	const char *key;
	size_t offset;
};

/* Fill the members; one whose key is not there becomes 0. */
void metrics_fill(const struct stats_keys *from, const struct metrics_key *keys, size_t n,
		  void *out);

Pb__Any *metrics_v1(const struct cgroup_stats *s, struct arena *a);
Pb__Any *metrics_v2(const struct cgroup_stats *s, struct arena *a);

#endif
