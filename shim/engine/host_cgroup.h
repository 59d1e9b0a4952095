/* SPDX-License-Identifier: Apache-2.0 */
/* host_cgroup: which cgroup hierarchies are mounted where, and where we are in them. */
#ifndef SHIM_ENGINE_HOST_CGROUP_H
#define SHIM_ENGINE_HOST_CGROUP_H

#include "shim/engine/host.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

#define HOST_CGROUPS_MAX   32	      /* hierarchies; further ones are left alone */
#define HOST_MOUNTINFO_MAX (64 << 20) /* bytes */

/*
 * Fill h->cgroups and h->cgroup_mode (needs h->cgroup_base) from the running system.
 * Where every hierarchy is mounted at its usual place (and is mounted from its top: inode 1,
 * as kernfs numbers it) mountinfo, which grows with the pods of a node, is not read.
 */
int host_cgroups_probe(struct host *h, struct arena *a, struct err *e);

/*
 * Pure: the same from the text of /proc/self/cgroup (cgroups(7)) and
 * /proc/self/mountinfo (proc(5)). Hierarchies that are not mounted are left
 * out; of several mounts one below h->cgroup_base is taken. v2 controllers are not filled.
 * With v2_only (that is what is mounted at the base) v1 hierarchies elsewhere are ignored.
 */
void host_cgroups_parse(const char *self_cgroup, const char *mountinfo, bool v2_only,
			struct host *h, struct arena *a);

#endif
