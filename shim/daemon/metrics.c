/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: where to read, and which of the two messages to fill. */
#include "shim/daemon/metrics.h"

#include <string.h>

#include "shim/daemon/metrics_keys.h"
#include "spec/base/str.h"

void metrics_fill(const struct stats_keys *from, const struct metrics_key *keys, size_t n,
		  void *out)
{
	for (size_t i = 0; i < n; i++)
		*(uint64_t *)(void *)((char *)out + keys[i].offset) =
			stats_value(from, keys[i].key);
}

struct oci_state *metrics_cgroups(const char *text, struct arena *a)
{
	struct oci_state *s = arena_alloc(a, sizeof(*s));
	size_t n;
	char **lines = str_split(a, text ? text : "", '\n', &n);

	s->cgroups.v = arena_array(a, n, sizeof(*s->cgroups.v));
	for (size_t i = 0; i < n; i++) {
		char *path = strchr(lines[i], '\t');

		if (!path)
			continue;
		*path++ = '\0';
		s->cgroups.v[s->cgroups.n++] =
			(struct oci_cgroup_dir){ .key = lines[i], .path = path, .created = true };
	}
	return s;
}

Pb__Any *metrics_read(const char *cgroups, struct arena *a, struct err *e)
{
	const unsigned int parts = STATS_CPU | STATS_MEMORY | STATS_PIDS | STATS_IO | STATS_HUGETLB;
	struct cgroup_stats s;

	if (cgroup_stats_read(metrics_cgroups(cgroups, a), parts, a, &s, e))
		return NULL;
	return s.v2 ? metrics_v2(&s, a) : metrics_v1(&s, a);
}
