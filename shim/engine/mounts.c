/* SPDX-License-Identifier: Apache-2.0 */
/* mounts: each record becomes a finished, detached mount, and only then gets its place. */
#include "shim/engine/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "shim/engine/mounts_cgroup.h"
#include "shim/engine/mounts_copyup.h"
#include "shim/engine/mounts_long.h"
#include "shim/engine/mounts_make.h"
#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"

/*
 * The container's image is hostile, and so may be a volume that a running
 * container changes at the same time. A destination is therefore resolved once, below the root,
 * to an fd, everything is decided by looking at that fd, and the mount is put onto it:
 * a name that changes its meaning afterwards changes nothing. No mount is ever visible
 * with other flags than it shall have, as it gets them before it has a place.
 */

#define DIR_MODE  0755 /* of mount points that we make */
#define FILE_MODE 0644

/* procfs and sysfs must be where everybody looks for them: no link on the way (CVE-2019-19921). */
static int open_real_dir(int rootfd, const char *dest, struct err *e)
{
	auto_fd int made = -1;
	int fd = root_open_real(rootfd, dest, O_PATH | O_DIRECTORY, e);

	if (fd < 0 && e->num == ENOENT) {
		made = root_mkdirs(rootfd, dest, DIR_MODE, e);
		if (made < 0)
			return -1;
		fd = root_open_real(rootfd, dest, O_PATH | O_DIRECTORY, e);
	}
	if (fd < 0 && (e->num == ELOOP || e->num == ENOTDIR))
		return err_ctx(e, "must be mounted on a real directory");
	return fd;
}

/* The destination itself, even where it is a link. */
static int open_dest_nofollow(int rootfd, const char *dest, bool dir, struct err *e)
{
	auto_arena struct arena a = { 0 };
	char *name;
	auto_fd int parent = root_parent(rootfd, dest, DIR_MODE, &a, &name, e);
	int fd;

	if (parent < 0)
		return -1;
	if (dir ? mkdirat(parent, name, DIR_MODE) : mknodat(parent, name, S_IFREG | FILE_MODE, 0)) {
		if (errno != EEXIST)
			return err_sys(e, "create '%s' below the root", dest);
	}
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s' below the root", dest) : fd;
}

/* May this be mounted over? A link in the image may have led to /proc. */
static int check_dest(const struct plan_mount *m, int dest, struct err *e)
{
	bool root = false;
	int proc = mount_is_proc(dest, &root, e);

	if (proc < 0)
		return -1;
	if (proc && (m->proc == PLAN_PROC_NEVER || (m->proc == PLAN_PROC_ROOT && !root)))
		return err_set(e, EPERM, "the destination leads into procfs");
	return 0;
}

/* dir: what will be mounted is a directory, so must be its place. */
static int open_dest(int rootfd, const struct plan_mount *m, bool dir, struct err *e)
{
	auto_fd int fd = -1;

	if (m->kind == PLAN_MOUNT_PROC || m->kind == PLAN_MOUNT_SYSFS)
		fd = open_real_dir(rootfd, m->dest, e);
	else if (m->dest_nofollow)
		fd = open_dest_nofollow(rootfd, m->dest, dir, e);
	else
		fd = dir ? root_mkdirs(rootfd, m->dest, DIR_MODE, e)
			 : root_mkfile(rootfd, m->dest, FILE_MODE, e);
	if (fd < 0 && dir && e->num == ENOTDIR)
		return err_ctx(e, "a directory cannot be mounted on a file");
	if (fd < 0 && !dir && e->num == EISDIR)
		return err_ctx(e, "a file cannot be mounted on a directory");
	if (fd < 0 || check_dest(m, fd, e))
		return -1;
	return take_fd(&fd);
}

/*
 * Propagation is set before the mount gets its place, so that nothing gets in or out in
 * between, and again after it: below a shared mount it became shared.
 */
static int propagate(const struct plan_mount *m, int fd, struct err *e)
{
	for (size_t i = 0; i < m->n_propagation; i++) {
		if (mount_propagate(fd, m->propagation[i], e))
			return -1;
	}
	return 0;
}

static int attach(const struct plan_mount *m, int fd, int dest, struct err *e)
{
	if (propagate(m, fd, e) || mount_attach(fd, dest, e))
		return -1;
	return propagate(m, fd, e);
}

/* A source that is a link is made anew, instead of mounting what it leads to. 1: done. */
static int copy_symlink(int rootfd, const struct plan_mount *m, struct err *e)
{
	auto_arena struct arena a = { 0 };
	char target[PATH_MAX], old[PATH_MAX], *name;
	ssize_t n = readlink(m->source, target, sizeof(target) - 1), have;
	auto_fd int parent = -1;

	if (n < 0)
		return 0;
	target[n] = '\0';
	parent = root_parent(rootfd, m->dest, DIR_MODE, &a, &name, e);
	if (parent < 0)
		return -1;
	if (!symlinkat(target, parent, name))
		return 1;
	if (errno != EEXIST)
		return err_sys(e, "make a symbolic link");
	have = readlinkat(parent, name, old, sizeof(old));
	if (have != n || memcmp(old, target, (size_t)n))
		return err_set(e, EEXIST, "make a symbolic link: something else is there");
	return 1;
}

static int clone_source(struct plan_mount *m, struct err *e)
{
	unsigned int flags =
		(m->recursive ? AT_RECURSIVE : 0) | (m->src_nofollow ? AT_SYMLINK_NOFOLLOW : 0);
	int fd;

	if (m->source_fd >= 0)
		return take_fd(&m->source_fd);
	fd = mount_clone(AT_FDCWD, m->source, flags, e);
	return fd < 0 ? err_ctx(e, "source '%s'", m->source) : fd;
}

/* Over /proc goes procfs only: anything else could tell lies about the process. */
static int check_source(const struct plan_mount *m, int fd, struct err *e)
{
	bool root = false;

	if (m->proc != PLAN_PROC_ROOT)
		return 0;
	if (mount_is_proc(fd, &root, e) < 0)
		return -1;
	return root ? 0
		    : err_set(e, EPERM, "only procfs may be mounted on '/proc', '%s' is none",
			      m->source);
}

static int apply_bind(struct plan_mount *m, int rootfd, struct err *e)
{
	auto_fd int fd = -1, dest = -1;
	struct stat st;
	int done = m->copy_symlink ? copy_symlink(rootfd, m, e) : 0;

	if (done)
		return done < 0 ? -1 : 0;
	fd = clone_source(m, e);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st))
		return err_sys(e, "source '%s'", m->source);
	if (check_source(m, fd, e))
		return -1;
	dest = open_dest(rootfd, m, S_ISDIR(st.st_mode), e);
	if (dest < 0)
		return -1;
	if (m->attrs && mount_attrs(fd, m->attr_set, m->attr_clr, m->attr_off, e))
		return -1;
	if (mount_attrs_all(fd, m->rec_set, m->rec_clr, e))
		return -1;
	return attach(m, fd, dest, e);
}

static int apply_remount(const struct plan_mount *m, int rootfd, struct err *e)
{
	int flags = O_PATH | (m->dest_nofollow ? O_NOFOLLOW : 0);
	auto_fd int fd = root_open(rootfd, m->dest, flags, e);
	struct statx st;

	if (fd < 0)
		return -1;
	if (statx(fd, "", AT_EMPTY_PATH, 0, &st))
		return err_sys(e, "look at the mount");
	if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return err_set(e, EINVAL, "remount: nothing is mounted there");
	if (m->attrs && mount_attrs(fd, m->attr_set, m->attr_clr, m->attr_off, e))
		return -1;
	if (mount_attrs_all(fd, m->rec_set, m->rec_clr, e))
		return -1;
	if (m->superblock && m->n_data && mount_reconfigure(fd, m->data, m->n_data, e))
		return -1;
	return propagate(m, fd, e);
}

/* sysfs belongs to whoever owns the network namespace; for others there is the host's, read-only.
 */
static int bind_sysfs(const struct plan_mount *m, struct err *e)
{
	auto_fd int fd = mount_clone(AT_FDCWD, "/sys", AT_RECURSIVE, e);

	if (fd < 0)
		return -1;
	if (mount_attrs_all(fd, (m->attr_set & ~(uint64_t)MOUNT_ATTR__ATIME) | MOUNT_ATTR_RDONLY, 0,
			    e))
		return -1;
	return take_fd(&fd);
}

static int new_sysfs(const struct plan_mount *m, const struct mount_fs *fs, struct err *e)
{
	struct err why;
	int fd = mount_new(fs, e);

	if (fd >= 0 || e->num != EPERM)
		return fd;
	why = *e;
	fd = bind_sysfs(m, e);
	return fd < 0 ? err_ctx(e, "%s; and the host's /sys instead", why.msg) : fd;
}

/* mode: of the directory below, unless it is given. */
static int new_tmpfs(const struct plan_mount *m, struct mount_fs *fs, int dest, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct plan_mount_data *data = arena_array(&a, m->n_data + 1, sizeof(*data));
	struct stat st;

	if (fstat(dest, &st))
		return err_sys(e, "look at the directory below");
	data[0].key = "mode";
	data[0].value = arena_printf(&a, "%o", st.st_mode & 07777U);
	if (m->n_data)
		memcpy(data + 1, m->data, m->n_data * sizeof(*data));
	fs->data = data;
	fs->n_data = m->n_data + 1;
	return mount_new(fs, e);
}

/* These belong to a namespace, and its owner alone may mount them. */
static int explain(const struct plan_mount *m, struct err *e)
{
	if (e->num != EPERM)
		return -1;
	if (m->kind == PLAN_MOUNT_PROC)
		return err_ctx(e, "in a user namespace procfs needs a new pid namespace, and a "
				  "/proc of the host on which nothing is mounted");
	if (str_eq(m->type, "mqueue"))
		return err_ctx(e, "in a user namespace mqueue needs an ipc namespace which that "
				  "one owns");
	return -1;
}

static int new_fs(const struct plan_mount *m, int dest, struct err *e)
{
	struct mount_fs fs = { m->type, m->source, m->data, m->n_data, m->attr_set };
	int fd;

	if (m->late_ro)
		fs.attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	if (m->kind == PLAN_MOUNT_SYSFS)
		return new_sysfs(m, &fs, e);
	if (m->kind == PLAN_MOUNT_TMPFS)
		return new_tmpfs(m, &fs, dest, e);
	fd = mount_is_long(&fs) ? mount_new_long(&fs, dest, e) : mount_new(&fs, e);
	return fd < 0 ? explain(m, e) : fd;
}

static int set_label(const struct plan_mount *m, int fd, struct err *e)
{
	if (!m->label)
		return 0;
	if (setxattr(fd_path(fd).s, "security.selinux", m->label, strlen(m->label), 0))
		return err_sys(e, "label '%s'", m->label);
	return 0;
}

static int apply_fs(struct plan_mount *m, int rootfd, struct err *e)
{
	uint64_t late = m->late_ro ? MOUNT_ATTR_RDONLY : 0;
	auto_fd int dest = open_dest(rootfd, m, true, e);
	auto_fd int fd = -1;

	if (dest < 0)
		return -1;
	fd = new_fs(m, dest, e);
	if (fd < 0 || set_label(m, fd, e))
		return -1;
	if (m->tmpcopyup && mounts_copyup(dest, fd, e))
		return err_ctx(e, "copy what is there");
	if (mount_attrs_all(fd, m->rec_set & ~late, m->rec_clr, e) || attach(m, fd, dest, e))
		return -1;
	if (m->late_ro)
		m->late_fd = take_fd(&fd);
	return 0;
}

static int apply_cgroup(const struct plan_mount *m, int rootfd, struct err *e)
{
	auto_fd int dest = open_dest(rootfd, m, true, e);
	auto_fd int fd = -1;

	if (dest < 0)
		return -1;
	if (m->kind == PLAN_MOUNT_CGROUP1) {
		fd = mounts_cgroup1(m, dest, e);
		return fd < 0 ? -1 : propagate(m, fd, e);
	}
	fd = mounts_cgroup2(m, e);
	return fd < 0 ? -1 : attach(m, fd, dest, e);
}

static int apply_one(struct plan_mount *m, int rootfd, struct err *e)
{
	switch (m->kind) {
	case PLAN_MOUNT_BIND:
		return apply_bind(m, rootfd, e);
	case PLAN_MOUNT_REMOUNT:
		return apply_remount(m, rootfd, e);
	case PLAN_MOUNT_CGROUP1:
	case PLAN_MOUNT_CGROUP2:
		return apply_cgroup(m, rootfd, e);
	case PLAN_MOUNT_FS:
	case PLAN_MOUNT_PROC:
	case PLAN_MOUNT_SYSFS:
	case PLAN_MOUNT_TMPFS:
		return apply_fs(m, rootfd, e);
	}
	return err_set(e, EINVAL, "unknown kind of mount");
}

int mounts_apply(struct plan_mounts *p, int rootfd, struct err *e)
{
	mode_t mask = umask(0);
	int r = 0;

	for (size_t i = 0; i < p->n && !r; i++) {
		r = apply_one(&p->v[i], rootfd, e);
		if (r)
			err_ctx(e, "mounts[%zu] '%s'", i, p->v[i].dest);
	}
	umask(mask);
	return r;
}
