/* SPDX-License-Identifier: Apache-2.0 */
/* plan_mounts: the container's file system tree as records: root, mounts, masks; pure. */
#ifndef SHIM_ENGINE_PLAN_MOUNTS_H
#define SHIM_ENGINE_PLAN_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/engine/plan_mount.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"
#include "spec/base/str.h"

struct plan_input;

enum plan_mntns {
	PLAN_MNTNS_NONE, /* inherited: chroot only, no mounts */
	PLAN_MNTNS_NEW,
	PLAN_MNTNS_JOINED,
};

struct plan_mounts {
	enum plan_mntns mntns;
	const char *mntns_path; /* of PLAN_MNTNS_JOINED */
	bool userns;		/* new or joined */
	const char *rootfs;	/* absolute */
	bool readonly;		/* root.readonly */
	bool no_pivot;
	unsigned long host_propagation; /* for the inherited tree first, MS_*; 0: keep */
	unsigned long root_propagation; /* for the container's "/" last, MS_*; 0: keep */
	struct plan_mount *v;
	size_t n;
	struct json_strs masked, readonly_paths; /* absolute, clean */
	const char *label;			 /* linux.mountLabel, for the masks; NULL: none */
	int root_fd; /* as source_fd: the detached root tree, where the child could not open it */
};

/*
 * Reads root, mounts, linux.{rootfsPropagation,maskedPaths,readonlyPaths,mountLabel,
 * namespaces,[ug]idMappings} of the config. Refuses what could not work, naming the
 * field: EINVAL for what is wrong anywhere, ENOTSUP for what this host cannot do.
 * Everything in the arena.
 */
int plan_mounts(const struct plan_input *in, struct arena *a, struct plan_mounts *out,
		struct err *e);

/* One line per operation, in the order in which they are carried out. */
void plan_mounts_print(const struct plan_mounts *p, struct str *out);

#endif
