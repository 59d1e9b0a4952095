/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs: the mounts of a Create request, on the bundle's rootfs directory. */
#ifndef SHIM_DAEMON_ROOTFS_H
#define SHIM_DAEMON_ROOTFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/config.h"
#include "spec/ttrpc/types.pb-c.h"

#define ROOTFS_MOUNTS_MAX 64

/*
 * What one mount needs, from its options: flags apart from the data of the
 * file system. Pure; the result is in the arena.
 */
struct rootfs_plan {
	const char *type, *source, *target; /* target is below the rootfs, "" is the rootfs */
	bool bind, recursive, loop;
	unsigned long flags;	     /* MS_* for mount(2) */
	uint64_t attr_set, attr_clr; /* MOUNT_ATTR_* for mount_setattr(2) */
	bool attr_recursive;
	unsigned long propagation; /* MS_*, 0: none */
	const char *dir;	   /* where relative lowerdirs start, or NULL */
	char *data;		   /* NULL: none */
	/* From uidmap= and gidmap=: whom the files shall belong to; empty: to whom they do */
	struct oci_idmaps uids, gids;
	char **lower; /* of an overlay with maps: its lower directories, which are not in data */
	size_t n_lower;
};

/*
 * `page` is the size of a page, which mount(2)'s data must stay below: longer
 * lists of lower directories become relative to their common parent. Refused
 * by name: X-containerd.*, maps that are none, loop of what is no file system's image (EINVAL).
 */
int rootfs_plan(const Pb__Mount *m, size_t page, struct arena *a, struct rootfs_plan *out,
		struct err *e);

/* Mount all of them in order; on failure none is left. */
int rootfs_mount(const char *bundle, Pb__Mount *const *mounts, size_t n, struct err *e);

/*
 * An overlay of lower directories whose ids are mapped, detached; the upper one
 * is containerd's to chown. `rootfs` is the directory of that path (O_PATH); it
 * is used in between, and is afterwards as it was. Changes the working directory.
 */
int rootfs_mapped_overlay(const struct rootfs_plan *p, const char *path, int rootfs, struct err *e);

/*
 * A loop device for the image, which goes with its last user: the fd, to be held
 * until it is mounted, and its path.
 */
int rootfs_loop(const char *image, bool readonly, struct arena *a, char **path, struct err *e);

/* Unmount whatever is on BUNDLE/rootfs; nothing there is fine. */
int rootfs_unmount(const char *bundle, struct err *e);

#endif
