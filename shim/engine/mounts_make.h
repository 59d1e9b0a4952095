/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_make: detached mounts: make, clone, set, attach (the "new" mount API). */
#ifndef SHIM_ENGINE_MOUNTS_MAKE_H
#define SHIM_ENGINE_MOUNTS_MAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>

#include "shim/engine/plan_mount.h"
#include "spec/base/err.h"

/*
 * A mount here is an O_PATH fd of its root, close-on-exec, owned by the caller.
 * A detached one vanishes with its last fd. Sources: fsopen(2), fsconfig(2),
 * fsmount(2), open_tree(2), mount_setattr(2), move_mount(2).
 */

#define MOUNT_VALUE_MAX 255 /* bytes of one value, fsconfig(2) */

struct mount_fs {
	const char *type, *source;
	const struct plan_mount_data *data;
	size_t n_data;
	uint64_t attrs; /* MOUNT_ATTR_* */
};

/* A new file system, detached. What the kernel says against an option is in the error. */
int mount_new(const struct mount_fs *fs, struct err *e);

/* New options for the file system that is mounted at fd. */
int mount_reconfigure(int fd, const struct plan_mount_data *data, size_t n, struct err *e);

/*
 * A detached copy of what is at path (relative to dirfd; "" is dirfd itself).
 * flags: AT_RECURSIVE, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. The error does not name the path.
 */
int mount_clone(int dirfd, const char *path, unsigned int flags, struct err *e);

/*
 * Set and clear attributes of this mount. Where a user namespace has locked some
 * that are to be cleared, they are kept, unless they are in `off` (EPERM).
 */
int mount_attrs(int fd, uint64_t set, uint64_t clr, uint64_t off, struct err *e);

/* The same for all mounts of the tree; locked ones are an error. */
int mount_attrs_all(int fd, uint64_t set, uint64_t clr, struct err *e);

/* mount_propagate(MS_PRIVATE) and mount_attrs(), mostly in one call. */
int mount_private(int fd, uint64_t set, uint64_t clr, uint64_t off, struct err *e);

/* flags: one of MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, with MS_REC for the tree. */
int mount_propagate(int fd, unsigned long flags, struct err *e);

/* Put a mount, detached or not, on top of what target refers to. */
int mount_attach(int fd, int target, struct err *e);

/* Is fd on procfs? And is it the root directory of one? -1 with *e when it cannot be seen. */
int mount_is_proc(int fd, bool *root, struct err *e);

#endif
