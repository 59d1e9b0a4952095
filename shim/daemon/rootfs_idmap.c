/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_idmap: an overlay for a user namespace, whose lower directories show its owners. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <unistd.h>

#include "shim/daemon/rootfs.h"
#include "shim/engine/idmap.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define LAYERS_MAX 500 /* the kernel's OVL_MAX_STACK */
#define FD_DIR	   "/proc/self/fd"

/*
 * The kernel takes a layer only from a mount that is attached (before 6.15). So
 * all of them are put on the rootfs directory, one on the other, and named by
 * their fds; the overlay comes on top, is copied off, and the whole pile goes.
 * A helper that is killed in between leaves nothing that rootfs_unmount() would
 * not find.
 */
struct layers {
	int fd[LAYERS_MAX];
	size_t n;
};

static void layers_close(struct layers *l)
{
	for (size_t i = 0; i < l->n; i++)
		close(l->fd[i]);
}

static int add_layer(const char *path, int userns, int rootfs, struct layers *l, struct err *e)
{
	auto_fd int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return err_sys(e, "clone");
	if (idmap_tree(tree, userns, false, e))
		return -1;
	if (move_mount(tree, "", rootfs, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return err_sys(e, "attach");
	l->fd[l->n++] = take_fd(&tree);
	return 0;
}

static int add_layers(const struct rootfs_plan *p, int rootfs, struct layers *l, struct err *e)
{
	auto_fd int userns = -1;

	if (p->n_lower > LAYERS_MAX)
		return err_set(e, E2BIG, "more than %d layers", LAYERS_MAX);
	userns = idmap_userns(&p->uids, &p->gids, e);
	if (userns < 0)
		return -1;
	for (size_t i = 0; i < p->n_lower; i++) {
		if (add_layer(p->lower[i], userns, rootfs, l, e))
			return err_ctx(e, "layer '%s'", p->lower[i]);
	}
	return 0;
}

static int mount_overlay(const struct rootfs_plan *p, const struct layers *l, int rootfs,
			 struct err *e)
{
	auto_str struct str data = { 0 };

	for (size_t i = 0; i < l->n; i++)
		str_addf(&data, "%s%d", i ? ":" : "lowerdir=", l->fd[i]);
	if (p->data)
		str_addf(&data, ",%s", p->data);
	if (data.len >= (size_t)sysconf(_SC_PAGESIZE))
		return err_set(e, E2BIG, "the options are longer than a page");
	if (chdir(FD_DIR))
		return err_sys(e, "enter '" FD_DIR "'");
	if (mount(p->source, fd_path(rootfs).s, p->type, p->flags, data.s))
		return err_sys(e, "mount");
	return 0;
}

/* The overlay on top of the pile, by its path: a fd of the directory would show what is below. */
static int copy_overlay(const char *path, struct err *e)
{
	int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return fd < 0 ? err_sys(e, "clone the overlay") : fd;
}

/* From the top: a path, and that of a fd too, means what is mounted last there. */
static int unmount(const char *path, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW))
			return err_sys(e, "unmount the layers");
	}
	return 0;
}

int rootfs_mapped_overlay(const struct rootfs_plan *p, const char *path, int rootfs, struct err *e)
{
	struct layers l = { .n = 0 };
	struct err ignored;
	int overlay = -1;
	bool mounted = !add_layers(p, rootfs, &l, e) && !mount_overlay(p, &l, rootfs, e);

	if (mounted)
		overlay = copy_overlay(path, e);
	if (unmount(path, l.n + mounted, overlay < 0 ? &ignored : e))
		close_fd(&overlay);
	layers_close(&l);
	return overlay;
}
