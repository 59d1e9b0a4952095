/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_make: thin calls of the mount API that say what went wrong. */
#include "shim/engine/mounts_make.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/names.h"
#include "spec/base/str.h"
#include "spec/oci/tables.h"

#define LOG_MAX	      256 /* bytes of one message of a file system context */
#define LOG_LINES     16
#define PROC_ROOT_INO 1 /* proc_fs.h: fixed */

/* err_sys() with what the kernel has to say about it: lines of "e text", newest last. */
static int fs_error(int fs, const char *type, const char *what, struct err *e)
{
	int num = errno, i = 0;
	char line[LOG_MAX], last[LOG_MAX] = "";
	ssize_t n;

	while (i++ < LOG_LINES && (n = read(fs, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		if (str_starts(line, "e "))
			memcpy(last, line + 2, (size_t)n - 1);
	}
	last[strcspn(last, "\n")] = '\0';
	errno = num;
	if (!*last)
		return err_sys(e, "file system '%s': %s", type, what);
	return err_sys(e, "file system '%s': %s: %s", type, what, last);
}

/* What other file systems than this one take is no help, so these are few. */
static const struct name fs_options[] = {
	{ "size", 0 }, { "mode", 0 },	  { "uid", 0 },	     { "gid", 0 },     { "nr_inodes", 0 },
	{ "huge", 0 }, { "lowerdir", 0 }, { "upperdir", 0 }, { "workdir", 0 }, { "ptmxmode", 0 },
	{ 0 },
};

static int fs_refused(const char *key, struct err *e)
{
	const char *near = names_nearest(fs_options, key);

	if (!near)
		near = oci_mount_option_nearest(key);
	if (e->num != EINVAL || !near || !strcmp(near, key) || !strstr(e->msg, "Unknown parameter"))
		return -1;
	return err_set(e, EINVAL, "%s, did you mean '%s'?", e->msg, near);
}

static int fs_set(int fs, const char *type, const char *key, const char *value, struct err *e)
{
	char what[LOG_MAX];
	int r;

	if (value && strlen(value) > MOUNT_VALUE_MAX)
		return err_set(e, ENAMETOOLONG,
			       "file system '%s': option '%s' is longer than %d bytes", type, key,
			       MOUNT_VALUE_MAX);
	r = fsconfig(fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0);
	if (!r)
		return 0;
	snprintf(what, sizeof(what), "option '%s%s%s'", key, value ? "=" : "", value ? value : "");
	(void)fs_error(fs, type, what, e);
	return fs_refused(key, e);
}

int mount_new(const struct mount_fs *fs, struct err *e)
{
	auto_fd int ctx = fsopen(fs->type, FSOPEN_CLOEXEC);
	int fd;

	if (ctx < 0 && errno == ENODEV)
		return err_set(e, ENODEV, "file system '%s': this kernel has none of that type",
			       fs->type);
	if (ctx < 0)
		return err_sys(e, "file system '%s': make", fs->type);
	if (fs->source && fs_set(ctx, fs->type, "source", fs->source, e))
		return -1;
	for (size_t i = 0; i < fs->n_data; i++) {
		if (fs_set(ctx, fs->type, fs->data[i].key, fs->data[i].value, e))
			return -1;
	}
	if (fsconfig(ctx, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return fs_error(ctx, fs->type, "make", e);
	fd = fsmount(ctx, FSMOUNT_CLOEXEC, (unsigned int)fs->attrs);
	return fd < 0 ? fs_error(ctx, fs->type, "mount", e) : fd;
}

int mount_reconfigure(int fd, const struct plan_mount_data *data, size_t n, struct err *e)
{
	auto_fd int ctx = fspick(fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);

	if (ctx < 0)
		return err_sys(e, "look at the mounted file system");
	for (size_t i = 0; i < n; i++) {
		if (fs_set(ctx, "mounted", data[i].key, data[i].value, e))
			return -1;
	}
	if (fsconfig(ctx, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0))
		return fs_error(ctx, "mounted", "change", e);
	return 0;
}

int mount_clone(int dirfd, const char *path, unsigned int flags, struct err *e)
{
	int fd = open_tree(dirfd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);

	if (fd < 0 && errno == EINVAL)
		return err_set(e, EINVAL,
			       "cannot be bound: it is unbindable, in another mount "
			       "namespace, or has mounts below that a user namespace "
			       "must not uncover (rbind can)");
	return fd < 0 ? err_sys(e, "bind") : fd;
}

/* What statfs(2) says of a mount, as attributes. */
static uint64_t attrs_of(const struct statfs *st)
{
	unsigned long f = (unsigned long)st->f_flags;
	uint64_t atime = f & ST_NOATIME	   ? MOUNT_ATTR_NOATIME
			 : f & ST_RELATIME ? MOUNT_ATTR_RELATIME
					   : MOUNT_ATTR_STRICTATIME;

	return (f & ST_RDONLY ? MOUNT_ATTR_RDONLY : 0) | (f & ST_NOSUID ? MOUNT_ATTR_NOSUID : 0) |
	       (f & ST_NODEV ? MOUNT_ATTR_NODEV : 0) | (f & ST_NOEXEC ? MOUNT_ATTR_NOEXEC : 0) |
	       (f & ST_NODIRATIME ? MOUNT_ATTR_NODIRATIME : 0) | atime;
}

static int set_attrs(int fd, uint64_t set, uint64_t clr, unsigned int flags)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clr };

	return mount_setattr(fd, "", AT_EMPTY_PATH | flags, &attr, sizeof(attr));
}

int mount_attrs(int fd, uint64_t set, uint64_t clr, uint64_t off, struct err *e)
{
	const uint64_t atime = MOUNT_ATTR__ATIME;
	struct statfs st;
	uint64_t have, keep;

	if (!(set | clr) || !set_attrs(fd, set, clr, 0))
		return 0;
	if (errno != EPERM || fstatfs(fd, &st)) {
		errno = EPERM;
		return err_sys(e, "set mount flags");
	}
	have = attrs_of(&st);
	keep = have & clr & ~atime;
	if (keep & off || (off & atime && (have & atime) != (set & atime)))
		return err_set(e, EPERM,
			       "set mount flags: a user namespace has locked one that is "
			       "to be cleared");
	set = (set & ~atime) | keep;
	clr &= ~keep;
	if (clr & atime)
		set |= have & atime;
	return set_attrs(fd, set, clr, 0) ? err_sys(e, "set mount flags") : 0;
}

int mount_attrs_all(int fd, uint64_t set, uint64_t clr, struct err *e)
{
	if ((set | clr) & MOUNT_ATTR__ATIME)
		clr |= MOUNT_ATTR__ATIME;
	if (!(set | clr) || !set_attrs(fd, set, clr, AT_RECURSIVE))
		return 0;
	return err_sys(e, "set mount flags of the whole tree");
}

int mount_propagate(int fd, unsigned long flags, struct err *e)
{
	struct mount_attr attr = { .propagation = flags & ~(unsigned long)MS_REC };
	unsigned int rec = flags & MS_REC ? AT_RECURSIVE : 0;

	if (mount_setattr(fd, "", AT_EMPTY_PATH | rec, &attr, sizeof(attr)))
		return err_sys(e, "set propagation");
	return 0;
}

int mount_private(int fd, uint64_t set, uint64_t clr, uint64_t off, struct err *e)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clr, .propagation = MS_PRIVATE };

	if (!mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return 0;
	return mount_propagate(fd, MS_PRIVATE, e) || mount_attrs(fd, set, clr, off, e) ? -1 : 0;
}

int mount_attach(int fd, int target, struct err *e)
{
	if (move_mount(fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return err_sys(e, "mount");
	return 0;
}

int mount_is_proc(int fd, bool *root, struct err *e)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs))
		return err_sys(e, "look at its file system");
	*root = false;
	if (fs.f_type != PROC_SUPER_MAGIC)
		return 0;
	if (fstat(fd, &st))
		return err_sys(e, "look at its file system");
	*root = st.st_ino == PROC_ROOT_INO;
	return 1;
}
