/* SPDX-License-Identifier: Apache-2.0 */
/* stats_read: open the directories, v1's first, and let their readers fill one struct. */
#include "shim/engine/stats.h"

#include <errno.h>

#include "shim/engine/cgroup_dir.h"
#include "shim/engine/container.h"
#include "shim/engine/stats_files.h"
#include "spec/base/auto.h"

/* One pass over the hierarchies of a version; how many of their directories there are. */
static size_t read_version(const struct oci_state *s, bool v2, struct stats_dir *d,
			   struct cgroup_stats *out)
{
	size_t found = 0;

	for (size_t i = 0; i < s->cgroups.n; i++) {
		const struct oci_cgroup_dir *c = &s->cgroups.v[i];
		struct err ignored;
		auto_fd int fd = -1;

		if (!*c->key != v2 || !c->created)
			continue;
		d->fd = fd = cgroup_open(c->path, &ignored);
		if (fd < 0)
			continue;
		found++;
		if (v2)
			stats_read_v2(d, out);
		else
			stats_read_v1(d, c->key, out);
	}
	return found;
}

int cgroup_stats_read(const struct oci_state *s, unsigned int parts, struct arena *a,
		      struct cgroup_stats *out, struct err *e)
{
	struct stats_buf buf = { 0 };
	struct stats_dir d = { .fd = -1, .parts = parts, .a = a, .buf = &buf };
	struct cgroup_stats stats = { .v2 = true };
	size_t found;

	for (size_t i = 0; i < s->cgroups.n; i++)
		if (cgroup_key_has(s->cgroups.v[i].key, "memory") ||
		    cgroup_key_has(s->cgroups.v[i].key, "cpuacct"))
			stats.v2 = false;
	found = read_version(s, false, &d, &stats);
	found += read_version(s, true, &d, &stats);
	if (!found)
		return err_set(e, ENOENT, "the container has no cgroup, or it is gone");
	*out = stats;
	return 0;
}

int engine_stats(const struct engine *en, const char *id, struct arena *a, struct cgroup_stats *out,
		 struct err *e)
{
	auto_arena struct arena own = { 0 };
	struct container c = CONTAINER_INIT;
	int failed;

	if (container_open(en, id, -1, &own, &c, e))
		return -1;
	failed = c.status == OCI_STOPPED ? err_set(e, ESRCH, "container not running: '%s'", id)
					 : cgroup_stats_read(c.record, STATS_ALL, a, out, e);
	container_close(&c);
	return failed;
}
