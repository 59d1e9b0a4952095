/* SPDX-License-Identifier: Apache-2.0 */
/* host: facts about the machine that planners need; gathered once, faked in tests. */
#ifndef SHIM_ENGINE_HOST_H
#define SHIM_ENGINE_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"

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

struct host {
	enum host_cgroup_mode cgroup_mode;
	json_list(struct host_cgroup) cgroups;
	uint32_t kernel; /* (major << 16) | minor */
	uint32_t euid;
	uint64_t bounding; /* our capability bounding set, bit per number */
	int last_cap;
	bool in_userns; /* we run inside a user namespace other than the first */
	bool apparmor, selinux, seccomp;
	bool swap_accounting; /* memory.memsw.* or memory.swap.max is there */
	bool has_timens, has_idmap, has_clone_into_cgroup, has_cgroup_kill;
	char *cgroup_base; /* /sys/fs/cgroup */
};

/*
 * Read the facts from /proc and /sys; only what cannot be read is an error.
 * Cheap (a few small files), as every command pays for it. All in the arena.
 */
struct host *host_probe(struct arena *a, struct err *e);

/* Facts of a golden test (tests/golden/CASE/host.json), same field names. */
extern const struct json_field host_fields[];

#endif
