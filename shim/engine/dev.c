/* SPDX-License-Identifier: Apache-2.0 */
/* dev: device nodes, links and the console. */
#include "shim/engine/dev.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "shim/engine/mounts_make.h"
#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

/*
 * /dev may be a link in the image, or be full of links (CVE-2026-41579): the
 * directory is resolved below the root, and the last component is never followed.
 */

#define DIR_MODE      0755
#define PTY_MAJOR     136 /* to 143: Unix98 pty slaves, devices.txt */
#define PTY_MAJOR_END 143

static bool same_device(const struct stat *st, const struct plan_dev_node *n)
{
	if ((st->st_mode & S_IFMT) != (n->mode & S_IFMT))
		return false;
	return S_ISFIFO(n->mode) || st->st_rdev == makedev(n->major, n->minor);
}

/* What is there under that name now: an owned fd, verified to be this device. */
static int open_node(int parent, const char *name, const struct plan_dev_node *n, struct err *e)
{
	auto_fd int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_sys(e, "open");
	if (!same_device(&st, n))
		return err_set(e, EEXIST, "the image has %s there",
			       S_ISLNK(st.st_mode)   ? "a symbolic link"
			       : S_ISREG(st.st_mode) ? "a regular file"
						     : "something else");
	return take_fd(&fd);
}

/* The host's node, by its path or by its number, as a detached mount. */
static int clone_node(const struct plan_dev_node *n, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *const paths[] = {
		n->path,
		arena_printf(&a, "/dev/%s/%u:%u", S_ISCHR(n->mode) ? "char" : "block", n->major,
			     n->minor),
	};
	struct stat st;

	for (size_t i = 0; i < countof(paths); i++) {
		auto_fd int fd = open_tree(AT_FDCWD, paths[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

		if (fd >= 0 && !fstat(fd, &st) && same_device(&st, n))
			return take_fd(&fd);
	}
	return err_set(e, ENODEV, "the host has no device %u:%u at '%s' to bind", n->major,
		       n->minor, n->path);
}

/* The host's flags stay; what the node would let a container do beyond being a device goes. */
static int bind_node(const struct plan_dev_node *n, int parent, const char *name, struct err *e)
{
	auto_fd int node = clone_node(n, e), at = -1;
	struct stat st;

	if (node < 0 || mount_attrs(node, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, 0, e))
		return -1;
	if (mknodat(parent, name, S_IFREG | 0666, 0) && errno != EEXIST)
		return err_sys(e, "create a file to bind on");
	at = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0 || fstat(at, &st))
		return err_sys(e, "open");
	if (!S_ISREG(st.st_mode) && !same_device(&st, n))
		return err_set(e, EEXIST, "the image has something else there");
	return mount_attach(node, at, e);
}

static int make_node(const struct plan_dev_node *n, bool bind, int parent, const char *name,
		     struct err *e)
{
	auto_fd int fd = -1;
	int made;

	if (bind && !S_ISFIFO(n->mode))
		return bind_node(n, parent, name, e);
	made = mknodat(parent, name, n->mode, makedev(n->major, n->minor));
	if (made && errno == EPERM)
		return bind_node(n, parent, name, e);
	if (made && errno != EEXIST)
		return err_sys(e, "create the node");
	if (!made && !n->uid && !n->gid)
		return 0;
	fd = open_node(parent, name, n, e);
	if (fd < 0)
		return -1;
	if (!made && fchownat(fd, "", n->uid, n->gid, AT_EMPTY_PATH))
		return err_sys(e, "set the owner");
	return 0;
}

/*
 * The directory of the last path, for most paths are in "/dev" itself. Nothing
 * of the container runs yet that could put another in its place.
 */
struct parent {
	struct arena a;
	int rootfd, fd;
	char *path; /* of the directory, as the plan writes it */
};

static void parent_done(struct parent *p)
{
	close_fd(&p->fd);
	arena_done(&p->a);
}

/* A borrowed fd of the directory in which path is, made if it is missing; *name is the rest. */
static int parent_of(struct parent *p, const char *path, const char **name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	char *last;
	int fd;

	if (p->path && slash && n == strlen(p->path) && !strncmp(path, p->path, n) && slash[1] &&
	    !str_eq(slash + 1, ".") && !str_eq(slash + 1, "..")) {
		*name = slash + 1;
		return p->fd;
	}
	fd = root_parent(p->rootfd, path, DIR_MODE, &p->a, &last, e);
	if (fd < 0)
		return -1;
	close_fd(&p->fd);
	p->fd = fd;
	/* only a path without more to clean up tells where its neighbours are */
	p->path = slash && str_eq(last, slash + 1) ? arena_strndup(&p->a, path, n) : NULL;
	*name = last;
	return fd;
}

static int apply_node(const struct plan_dev_node *n, bool bind, struct parent *p, struct err *e)
{
	const char *name;
	int parent = parent_of(p, n->path, &name, e);

	return parent < 0 ? -1 : make_node(n, bind, parent, name, e);
}

static bool is_link_to(int parent, const char *name, const char *target)
{
	char have[PATH_MAX];
	ssize_t n = readlinkat(parent, name, have, sizeof(have) - 1);

	if (n < 0)
		return false;
	have[n] = '\0';
	return str_eq(have, target);
}

static int apply_link(const struct plan_dev_link *l, struct parent *p, struct err *e)
{
	const char *name;
	int parent, why;

	if (l->optional && access(l->target, F_OK))
		return 0;
	parent = parent_of(p, l->path, &name, e);
	if (parent < 0)
		return -1;
	if (!symlinkat(l->target, parent, name))
		return 0;
	why = errno;
	if (why != EEXIST && why != EROFS)
		return err_sys(e, "make the link");
	if (is_link_to(parent, name, l->target) || (why == EEXIST && !l->replace))
		return 0;
	if (unlinkat(parent, name, 0))
		return err_sys(e, "replace what the image has there");
	if (symlinkat(l->target, parent, name))
		return err_sys(e, "make the link");
	return 0;
}

int dev_apply(const struct plan_dev *p, int rootfd, struct err *e)
{
	__attribute__((cleanup(parent_done))) struct parent parent = { .rootfd = rootfd, .fd = -1 };
	mode_t mask = umask(0);
	int r = 0;

	for (size_t i = 0; i < p->n_nodes && !r; i++) {
		r = apply_node(&p->nodes[i], p->bind, &parent, e);
		if (r)
			err_ctx(e, "device '%s'", p->nodes[i].path);
	}
	for (size_t i = 0; i < p->n_links && !r; i++) {
		r = apply_link(&p->links[i], &parent, e);
		if (r)
			err_ctx(e, "device link '%s'", p->links[i].path);
	}
	umask(mask);
	return r;
}

static int check_pty(int fd, struct err *e)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) || fstat(fd, &st))
		return err_sys(e, "look at the terminal");
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) ||
	    major(st.st_rdev) < PTY_MAJOR || major(st.st_rdev) > PTY_MAJOR_END)
		return err_set(e, ENOTTY, "the terminal is not a pty of a devpts");
	return 0;
}

/* The place for the console: an existing node or file is as good, a link is not. */
static int open_console(int root, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int parent = -1, fd = -1;
	struct stat st;
	char *name;

	parent = root_parent(root, "/dev/console", DIR_MODE, &a, &name, e);
	if (parent < 0)
		return -1;
	if (mknodat(parent, name, S_IFREG | 0600, 0) && errno != EEXIST && errno != EROFS)
		return err_sys(e, "create a file to bind on");
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return err_sys(e, "open");
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return err_set(e, EEXIST, "the image has a %s there",
			       S_ISDIR(st.st_mode) ? "directory" : "symbolic link");
	return take_fd(&fd);
}

int dev_console(int root, int pty_slave, struct err *e)
{
	auto_fd int at = -1, tree = -1;

	if (check_pty(pty_slave, e))
		return -1;
	at = open_console(root, e);
	if (at < 0)
		return err_ctx(e, "'/dev/console'");
	tree = mount_clone(pty_slave, "", AT_EMPTY_PATH, e);
	if (tree < 0 || mount_attach(tree, at, e))
		return err_ctx(e, "'/dev/console'");
	return 0;
}

int dev_null(int root, int flags, struct err *e)
{
	auto_fd int fd = root_open(root, "/dev/null", O_PATH | O_NOFOLLOW, e);
	struct stat st;
	int opened;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st))
		return err_sys(e, "look at '/dev/null'");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(e, EINVAL, "the container's '/dev/null' is not the null device");
	if (flags & O_PATH)
		return take_fd(&fd);
	opened = root_open(root, "/dev/null", flags | O_NOFOLLOW, e);
	if (opened < 0)
		return -1;
	if (fstat(opened, &st) || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) {
		close(opened);
		return err_set(e, EINVAL, "the container's '/dev/null' was exchanged");
	}
	return opened;
}
