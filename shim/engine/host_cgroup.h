/* SPDX-License-Identifier: Apache-2.0 */
/* host_cgroup: which cgroup hierarchies are mounted where, and where we are in them. */
#ifndef SHIM_ENGINE_HOST_CGROUP_H
#define SHIM_ENGINE_HOST_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"

#define HOST_CGROUPS_MAX   32	      /* hierarchies; further ones are left alone */
#define HOST_MOUNTINFO_MAX (64 << 20) /* bytes */

enum host_cgroup_mode {
	HOST_CGROUP_NONE,
	HOST_CGROUP_V1,
	HOST_CGROUP_HYBRID,
	HOST_CGROUP_V2
};

/* One mounted hierarchy. */
struct host_cgroup {
	char *key;	  /* v1: "memory", "cpu,cpuacct", "name=systemd"; v2: "" */
	char *mountpoint; /* /sys/fs/cgroup/memory */
	char *root;	  /* field 4 of mountinfo: what of the hierarchy is mounted there */
	char *own;	  /* this process's path in it (/proc/self/cgroup) */
	struct json_strs controllers; /* v1: of the key; v2: cgroup.controllers of the mount */
};

struct host_cgroups {
	const char *base; /* in: /sys/fs/cgroup */
	enum host_cgroup_mode mode;
	size_t n;
	struct host_cgroup *v;
};

/*
 * Fill all but .base from the running system. Where every hierarchy is
 * mounted at its usual place (and from its top: inode 1, as kernfs numbers it)
 * mountinfo, which grows with the pods of a node, is not read.
 */
int host_cgroups_probe(struct host_cgroups *h, struct arena *a, struct err *e);

/*
 * Pure: the same from the text of /proc/self/cgroup (cgroups(7)) and
 * /proc/self/mountinfo (proc(5)). Hierarchies that are not mounted are left
 * out; of several mounts one below .base is taken. v2 controllers are not
 * filled. With v2_only (that is what is mounted at the base) v1 hierarchies
 * elsewhere are ignored.
 */
void host_cgroups_parse(const char *self_cgroup, const char *mountinfo, bool v2_only,
			struct host_cgroups *h, struct arena *a);

#endif
