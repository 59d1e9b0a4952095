/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_copyup: a copy by fds only, so that links of the image lead nowhere. */
#include "shim/engine/mounts_copyup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define XATTR_MAX (64 << 10) /* XATTR_LIST_MAX, XATTR_SIZE_MAX */
#define CHUNK_MAX (16 << 20)

struct copy {
	dev_t dev; /* nothing of another file system */
	unsigned int count;
};

static int copy_dir(struct copy *c, int from, int to, unsigned int depth, struct err *e);

/* What tmpfs cannot keep (ENOTSUP: user.* before Linux 6.6) is left out. */
static int copy_xattrs(int from, int to, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct fd_path src = fd_path(from), dst = fd_path(to);
	char *names = arena_alloc(&a, XATTR_MAX + 1), *value = arena_alloc(&a, XATTR_MAX);
	ssize_t n = listxattr(src.s, names, XATTR_MAX), size;

	if (n < 0)
		return errno == ENOTSUP ? 0 : err_sys(e, "list extended attributes");
	for (char *name = names; name < names + n; name += strlen(name) + 1) {
		size = getxattr(src.s, name, value, XATTR_MAX);
		if (size < 0)
			return err_sys(e, "read extended attribute '%s'", name);
		if (setxattr(dst.s, name, value, (size_t)size, 0) && errno != ENOTSUP &&
		    errno != EPERM)
			return err_sys(e, "write extended attribute '%s'", name);
	}
	return 0;
}

/* Owner first: chown(2) clears set-user-ID bits. */
static int copy_owner(int to, const struct stat *st, struct err *e)
{
	if (fchownat(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH))
		return err_sys(e, "set the owner");
	if (chmod(fd_path(to).s, st->st_mode & 07777U))
		return err_sys(e, "set the mode");
	return 0;
}

static int copy_content(int from, int to, struct err *e)
{
	auto_fd int in = open(fd_path(from).s, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (in < 0)
		return err_sys(e, "open to read");
	do {
		n = sendfile(to, in, NULL, CHUNK_MAX);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? err_sys(e, "copy") : 0;
}

static int copy_file(int from, const struct stat *st, int dir, const char *name, struct err *e)
{
	auto_fd int to = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);

	if (to < 0)
		return err_sys(e, "create");
	if (copy_content(from, to, e) || copy_owner(to, st, e))
		return -1;
	return copy_xattrs(from, to, e);
}

static int copy_link(int from, const struct stat *st, int dir, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, "", target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "read the link");
	target[n] = '\0';
	if (symlinkat(target, dir, name))
		return err_sys(e, "create the link");
	if (fchownat(dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW))
		return err_sys(e, "set the owner");
	return 0;
}

static int copy_node(const struct stat *st, int dir, const char *name, struct err *e)
{
	auto_fd int to = -1;

	if (mknodat(dir, name, st->st_mode & (mode_t)~07777, st->st_rdev))
		return err_sys(e, "create the node");
	to = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return to < 0 ? err_sys(e, "open the node") : copy_owner(to, st, e);
}

static int copy_subdir(struct copy *c, int from, const struct stat *st, int dir, const char *name,
		       unsigned int depth, struct err *e)
{
	auto_fd int to = -1;

	if (mkdirat(dir, name, 0700))
		return err_sys(e, "create the directory");
	to = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return err_sys(e, "open the directory");
	if (st->st_dev == c->dev && copy_dir(c, from, to, depth + 1, e))
		return -1;
	return copy_owner(to, st, e) ? -1 : copy_xattrs(from, to, e);
}

static int copy_entry(struct copy *c, int dir, const char *name, int to, unsigned int depth,
		      struct err *e)
{
	auto_fd int from = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (from < 0 || fstat(from, &st))
		return err_sys(e, "open");
	if (++c->count > COPYUP_COUNT_MAX || depth > COPYUP_DEPTH_MAX)
		return err_set(e, E2BIG, "too many files, or too deep");
	if (S_ISDIR(st.st_mode))
		return copy_subdir(c, from, &st, to, name, depth, e);
	if (S_ISREG(st.st_mode))
		return copy_file(from, &st, to, name, e);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, &st, to, name, e);
	return copy_node(&st, to, name, e);
}

static int copy_dir(struct copy *c, int from, int to, unsigned int depth, struct err *e)
{
	auto_dir DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		dir = fdopendir(fd);
	if (!dir) {
		err_sys(e, "read the directory");
		close_fd(&fd);
		return -1;
	}
	while ((entry = readdir(dir))) {
		if (path_is_dots(entry->d_name))
			continue;
		if (copy_entry(c, fd, entry->d_name, to, depth, e))
			return err_ctx(e, "%s", entry->d_name);
	}
	return 0;
}

int mounts_copyup(int from, int to, struct err *e)
{
	struct copy c = { 0 };
	struct stat st;

	if (fstat(from, &st))
		return err_sys(e, "look at the directory");
	c.dev = st.st_dev;
	if (copy_dir(&c, from, to, 0, e))
		return -1;
	if (fchownat(to, "", st.st_uid, st.st_gid, AT_EMPTY_PATH))
		return err_sys(e, "set the owner");
	return copy_xattrs(from, to, e);
}
