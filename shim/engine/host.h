/* SPDX-License-Identifier: Apache-2.0 */
/* host: facts about the machine that planners need; gathered once, faked in tests. */
#ifndef SHIM_ENGINE_HOST_H
#define SHIM_ENGINE_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/engine/host_cgroup.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"
#include "spec/oci/config.h"

struct host {
	enum host_cgroup_mode cgroup_mode;
	json_list(struct host_cgroup) cgroups;
	uint32_t kernel; /* (major << 16) | minor */
	uint32_t euid;
	uint64_t bounding; /* our capability bounding set, bit per number */
	int last_cap;
	bool in_userns;		/* we run inside a user namespace other than the first */
	struct oci_idmaps gids; /* then the groups that it has; else none are listed */
	bool apparmor, selinux, seccomp;
	bool swap_accounting; /* memory.memsw.* or memory.swap.max is there */
	bool has_timens, has_idmap, has_clone_into_cgroup, has_cgroup_kill;
	char *cgroup_base; /* /sys/fs/cgroup */
};

/*
 * Read the facts from /proc and /sys; only what cannot be read is an error.
 * Some hundred system calls: for who plans. All in the arena.
 */
struct host *host_probe(struct arena *a, struct err *e);

/* The one of them that does not take the rest: is our user namespace another than the first? */
bool host_in_userns(struct arena *a);

/* Facts of a golden test (tests/golden/CASE/host.json), same field names. */
extern const struct json_field host_fields[];

#endif
