/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs: the mounts of a Create request, on the bundle's rootfs directory. */
#ifndef SHIM_DAEMON_ROOTFS_H
#define SHIM_DAEMON_ROOTFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/ttrpc/types.pb-c.h"

#define ROOTFS_MOUNTS_MAX 64

/*
 * What one mount needs, from its options: flags apart from the data of the
 * file system. Pure; the result is in the arena.
 */
struct rootfs_plan {
	const char *type, *source, *target; /* target is below the rootfs, "" is the rootfs */
	bool bind, recursive;
	unsigned long flags;	     /* MS_* for mount(2) */
	uint64_t attr_set, attr_clr; /* MOUNT_ATTR_* for mount_setattr(2) */
	bool attr_recursive;
	unsigned long propagation; /* MS_*, 0: none */
	const char *dir;	   /* where relative lowerdirs start, or NULL */
	char *data;		   /* NULL: none */
};

/*
 * `page` is the size of a page, which mount(2)'s data must stay below: longer
 * lists of lower directories become relative to their common parent. Refused
 * by name: loop, uidmap and gidmap (ENOTSUP), X-containerd.* (EINVAL).
 */
int rootfs_plan(const Pb__Mount *m, size_t page, struct arena *a, struct rootfs_plan *out,
		struct err *e);

/* Mount all of them in order; on failure none is left. */
int rootfs_mount(const char *bundle, Pb__Mount *const *mounts, size_t n, struct err *e);

/* Unmount whatever is on BUNDLE/rootfs; nothing there is fine. */
int rootfs_unmount(const char *bundle, struct err *e);

#endif
