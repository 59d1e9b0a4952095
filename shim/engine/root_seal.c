/* SPDX-License-Identifier: Apache-2.0 */
/* root_seal: hide and protect what the container must not see or change. */
#include "shim/engine/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "shim/engine/dev.h"
#include "shim/engine/mounts_make.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"

/*
 * Each path is opened once and the fd is acted upon. A path that a running
 * container can change (through a volume) may mean something else by then, so in
 * the end it must lead to what was mounted there.
 */

/* What masks are made of: made for the first one, cloned for the others. */
struct masks {
	int empty;	   /* mounted read-only directory without anything */
	int null;	   /* the container's own null device */
	const char *label; /* of the directory, for SELinux; NULL: none */
};

static void masks_done(struct masks *m)
{
	close_fd(&m->empty);
	close_fd(&m->null);
}

/* -1 with *e, or with *gone set: there is nothing to protect. */
static int open_target(int root, const char *path, bool *gone, struct err *e)
{
	int fd = root_open(root, path, O_PATH, e);

	*gone = fd < 0 && (e->num == ENOENT || e->num == ENOTDIR);
	return fd;
}

static int mount_id(int fd, uint64_t *id)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st))
		return -1;
	*id = st.stx_mnt_id;
	return 0;
}

/* Files of the kernel's own file systems cannot be exchanged. */
static bool can_change(int target)
{
	struct statfs st;

	return fstatfs(target, &st) || (st.f_type != PROC_SUPER_MAGIC && st.f_type != SYSFS_MAGIC);
}

static int check_covered(int root, const char *path, int cover, struct err *e)
{
	auto_fd int fd = root_open(root, path, O_PATH, e);
	uint64_t want, have;

	if (fd < 0)
		return -1;
	if (mount_id(cover, &want) || mount_id(fd, &have))
		return err_sys(e, "look at the mount");
	return want == have ? 0 : err_set(e, EAGAIN, "it was exchanged while it was covered");
}

static int cover(int root, const char *path, int tree, int target, struct err *e)
{
	if (mount_attach(tree, target, e))
		return -1;
	return can_change(target) ? check_covered(root, path, tree, e) : 0;
}

static int protect(int root, const char *path, struct err *e)
{
	auto_fd int target = -1, tree = -1;
	bool gone;

	target = open_target(root, path, &gone, e);
	if (target < 0)
		return gone ? 0 : -1;
	tree = mount_clone(target, "", AT_EMPTY_PATH | AT_RECURSIVE, e);
	if (tree < 0 || mount_attrs_all(tree, MOUNT_ATTR_RDONLY, 0, e))
		return -1;
	return cover(root, path, tree, target, e);
}

static int mask_dir(struct masks *m, int root, const char *path, int target, struct err *e)
{
	const struct plan_mount_data data[] = { { "nr_blocks", "1" },
						{ "nr_inodes", "1" },
						{ "context", m->label } };
	const struct mount_fs fs = { "tmpfs", "tmpfs", data, countof(data) - !m->label,
				     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					     MOUNT_ATTR_NOEXEC };
	auto_fd int tree = -1;

	if (m->empty >= 0) {
		tree = mount_clone(m->empty, "", AT_EMPTY_PATH, e);
		return tree < 0 ? -1 : cover(root, path, tree, target, e);
	}
	tree = mount_new(&fs, e);
	if (tree < 0 || cover(root, path, tree, target, e))
		return -1;
	m->empty = take_fd(&tree);
	return 0;
}

/* Read-only, so that nobody changes owner or mode of the device by this name. */
static int mask_file(struct masks *m, int root, const char *path, int target, struct err *e)
{
	auto_fd int tree = -1;

	if (m->null < 0)
		m->null = dev_null(root, O_PATH, e);
	if (m->null < 0)
		return -1;
	tree = mount_clone(m->null, "", AT_EMPTY_PATH, e);
	if (tree < 0 || mount_attrs(tree, MOUNT_ATTR_RDONLY, 0, 0, e))
		return -1;
	return cover(root, path, tree, target, e);
}

static int mask(struct masks *m, int root, const char *path, struct err *e)
{
	auto_fd int target = -1;
	struct stat st;
	bool gone;

	target = open_target(root, path, &gone, e);
	if (target < 0)
		return gone ? 0 : -1;
	if (fstat(target, &st))
		return err_sys(e, "look at it");
	return S_ISDIR(st.st_mode) ? mask_dir(m, root, path, target, e)
				   : mask_file(m, root, path, target, e);
}

static int seal_paths(const struct plan_mounts *p, int root, struct err *e)
{
	__attribute__((cleanup(masks_done))) struct masks masks = { -1, -1, p->label };

	for (size_t i = 0; i < p->readonly_paths.n; i++) {
		if (protect(root, p->readonly_paths.v[i], e))
			return err_ctx(e, "linux.readonlyPaths[%zu] '%s'", i,
				       p->readonly_paths.v[i]);
	}
	for (size_t i = 0; i < p->masked.n; i++) {
		if (mask(&masks, root, p->masked.v[i], e))
			return err_ctx(e, "linux.maskedPaths[%zu] '%s'", i, p->masked.v[i]);
	}
	return 0;
}

static int seal_late(struct plan_mounts *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].late_fd < 0)
			continue;
		if (mount_attrs(p->v[i].late_fd, MOUNT_ATTR_RDONLY, 0, 0, e))
			return err_ctx(e, "mounts[%zu] '%s'", i, p->v[i].dest);
		close_fd(&p->v[i].late_fd);
	}
	return 0;
}

int root_seal(struct plan_mounts *p, struct err *e)
{
	auto_fd int root = -1;

	if (p->mntns == PLAN_MNTNS_NONE)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, "open the new '/'");
	/* The mounts below have what they asked for, so the root alone is meant. */
	if (p->root_propagation &&
	    mount_propagate(root, p->root_propagation & ~(unsigned long)MS_REC, e))
		return err_ctx(e, "linux.rootfsPropagation");
	if (seal_paths(p, root, e) || seal_late(p, e))
		return -1;
	if (p->readonly && mount_attrs(root, MOUNT_ATTR_RDONLY, 0, 0, e))
		return err_ctx(e, "root.readonly");
	return 0;
}
