/* SPDX-License-Identifier: Apache-2.0 */
/* root: bind, enter and leave behind. */
#include "shim/engine/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/engine/mounts_make.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

/*
 * pivot_root(2) wants a mount whose parent is not shared. The root file system
 * is cloned with what is mounted below it and put on itself; as the inherited
 * tree was made a slave its parent is not shared. A container with a shared
 * root keeps its peers in the host, so there the parent alone is made private.
 *
 * Where a user namespace cannot even walk to it, the parent has cloned it, and it
 * goes on top of the old "/": to us that is as visible as before, since a
 * process's root is below what is mounted on it.
 *
 * pivot_root(".", ".") leaves the old root mounted on top of the new one, where
 * the lazy unmount of "." finds it; no directory in the image is needed.
 */

#define PARENTS_MAX 4096 /* steps up to the mount point of a directory; PATH_MAX */

/* The root directory of the mount that fd is on. */
static int mount_root_of(int dir, struct err *e)
{
	auto_fd int fd = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statx st;

	for (int i = 0; fd >= 0 && i < PARENTS_MAX; i++) {
		int up;

		if (statx(fd, "", AT_EMPTY_PATH, 0, &st))
			break;
		if (st.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			return take_fd(&fd);
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close_fd(&fd);
		fd = up;
	}
	return err_sys(e, "find the mount of the root file system");
}

static int make_parent_private(int dir, struct err *e)
{
	auto_fd int parent = mount_root_of(dir, e);

	if (parent < 0)
		return -1;
	return mount_propagate(parent, MS_PRIVATE, e);
}

/* Pivoting in the mount namespace of the host itself would be its end. */
static int refuse_host_mntns(struct err *e)
{
	struct stat own, host;

	if (stat("/proc/self/ns/mnt", &own) || stat("/proc/1/ns/mnt", &host))
		return 0; /* not ours to see, so it is not the host's either */
	if (own.st_ino != host.st_ino || own.st_dev != host.st_dev)
		return 0;
	return err_set(e, EINVAL, "linux.namespaces: the mount namespace is that of the host");
}

/* The place for the new root mount. */
static int open_place(const struct plan_mounts *p, struct err *e)
{
	auto_fd int dir = open(p->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 && errno == EACCES && p->root_fd >= 0)
		dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "root file system '%s'", p->rootfs);
	if (!p->host_propagation && make_parent_private(dir, e))
		return -1;
	return take_fd(&dir);
}

static int bind_root(const struct plan_mounts *p, struct err *e)
{
	auto_fd int dir = open_place(p, e), tree = -1;

	if (dir < 0)
		return -1;
	if (p->root_fd >= 0)
		tree = fcntl(p->root_fd, F_DUPFD_CLOEXEC, 0);
	else
		tree = mount_clone(dir, "", AT_EMPTY_PATH | AT_RECURSIVE, e);
	if (tree < 0)
		return -1;
	if (!p->host_propagation && mount_propagate(tree, MS_SLAVE | MS_REC, e))
		return -1;
	/* A slave root is one of the host's mount, so it must not lose it. */
	if (!(p->root_propagation & MS_SLAVE) && mount_propagate(tree, MS_PRIVATE, e))
		return -1;
	return mount_attach(tree, dir, e) ? -1 : take_fd(&tree);
}

/*
 * By mount(2), as mount_setattr(2) refused the root of a mount namespace (a
 * ramfs, which has no parent) before Linux 6.9.
 */
static int propagate_old(const char *path, unsigned long flags, struct err *e)
{
	if (!mount(NULL, path, NULL, flags, NULL))
		return 0;
	err_sys(e, "set propagation of the old root");
	return e->num == EPERM ? err_ctx(e, "the mount namespace belongs to another user namespace "
					    "than the container's")
			       : -1;
}

int root_prepare(const struct plan_mounts *p, int *rootfd, struct err *e)
{
	int fd;

	if (p->mntns == PLAN_MNTNS_NONE) {
		fd = open(p->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "root file system '%s'", p->rootfs);
		*rootfd = fd;
		return 0;
	}
	if (p->mntns == PLAN_MNTNS_JOINED && refuse_host_mntns(e))
		return -1;
	if (p->host_propagation && propagate_old("/", p->host_propagation, e))
		return -1;
	fd = bind_root(p, e);
	if (fd < 0)
		return err_ctx(e, "bind the root file system '%s'", p->rootfs);
	*rootfd = fd;
	return 0;
}

static int enter(int rootfd, struct err *e)
{
	if (fchdir(rootfd))
		return err_sys(e, "enter the root file system");
	if (chroot("."))
		return err_sys(e, "chroot to the root file system");
	return 0;
}

/*
 * The host's proc and sysfs stay below the moved root; a process that gets
 * there must not find them (mount_too_revealing() looks for them as well).
 */
static int hide(const char *path, struct err *e)
{
	struct plan_mount_data data[] = { { "size", "0" }, { "mode", "000" } };
	struct mount_fs fs = { "tmpfs", "tmpfs", data, countof(data), MOUNT_ATTR_RDONLY };
	auto_fd int dir = -1, cover = -1;

	if (!umount2(path, MNT_DETACH) || errno == ENOENT)
		return 0;
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : err_sys(e, "hide the host's '%s'", path);
	cover = mount_new(&fs, e);
	if (cover < 0 || mount_attach(cover, dir, e))
		return err_ctx(e, "hide the host's '%s'", path);
	return 0;
}

static int move_root(int rootfd, struct err *e)
{
	auto_fd int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old < 0)
		return err_sys(e, "open '/'");
	if (propagate_old("/", MS_SLAVE | MS_REC, e) || hide("/sys", e) || hide("/proc", e))
		return -1;
	if (mount_attach(rootfd, old, e))
		return err_ctx(e, "move the root file system to '/'");
	return enter(rootfd, e);
}

static int pivot(const struct plan_mounts *p, int rootfd, struct err *e)
{
	auto_fd int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old < 0 || fchdir(rootfd))
		return err_sys(e, "enter the root file system");
	if (syscall(SYS_pivot_root, ".", "."))
		return err_sys(e, "pivot_root to the root file system%s",
			       errno == EINVAL ? " (on a ramfs --no-pivot is needed)" : "");
	if (fchdir(old))
		return err_sys(e, "enter the old root");
	if (!p->host_propagation && propagate_old(".", MS_SLAVE | MS_REC, e))
		return -1;
	if (umount2(".", MNT_DETACH))
		return err_sys(e, "unmount the old root");
	return 0;
}

int root_pivot(const struct plan_mounts *p, int rootfd, struct err *e)
{
	int r = p->mntns == PLAN_MNTNS_NONE ? enter(rootfd, e)
		: p->no_pivot		    ? move_root(rootfd, e)
					    : pivot(p, rootfd, e);

	if (r)
		return -1;
	if (chdir("/"))
		return err_sys(e, "chdir to the new '/'");
	return 0;
}
