/* SPDX-License-Identifier: Apache-2.0 */
/* path: openat2 below a root, lexical names, and trees of our own. */
#include "spec/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/str.h"

#define RETRIES	   128 /* of the EAGAIN that a racing rename elsewhere causes */
#define TREE_DEPTH 64
#define STEPS_MAX  512 /* components made, and links to nowhere followed, for one path */

static int open_in(int root, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
		.mode = (flags & O_CREAT) ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
	};
	int fd = -1;

	if (!*path)
		path = ".";
	for (int i = 0; i < RETRIES; i++) {
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd;
}

int root_open(int root, const char *path, int flags, struct err *e)
{
	int fd = open_in(root, path, flags, 0, 0);

	return fd < 0 ? err_sys(e, "open '%s' below the root", path) : fd;
}

int root_open_real(int root, const char *path, int flags, struct err *e)
{
	int fd = open_in(root, path, flags, 0, RESOLVE_NO_SYMLINKS);

	return fd < 0 ? err_sys(e, "open '%s' below the root without symbolic links", path) : fd;
}

/*
 * One walk that creates what is missing. `steps` bounds what a hostile tree of
 * links to nowhere can cost, in time and in stack.
 */
struct walk {
	struct arena *a;
	int root;
	mode_t mode; /* of directories */
	unsigned int steps;
};

struct place {
	const char *dir, *name;
};

static struct place split(struct arena *a, const char *path)
{
	size_t len = strlen(path);
	char *copy, *slash;

	while (len > 1 && path[len - 1] == '/')
		len--;
	copy = arena_strndup(a, path, len);
	slash = strrchr(copy, '/');
	if (!slash)
		return (struct place){ "/", copy };
	*slash = '\0';
	return (struct place){ slash == copy ? "/" : copy, slash + 1 };
}

/*
 * What is at this place could not be opened: the path to which it leads if it is
 * a link to nowhere, else NULL with errno. ".." in it is left to the kernel.
 */
static const char *dangling(struct walk *w, int parent, const struct place *p)
{
	char target[PATH_MAX];
	ssize_t n;

	if (errno != ENOENT)
		return NULL;
	n = readlinkat(parent, p->name, target, sizeof(target) - 1);
	if (n <= 0) {
		errno = ENOENT;
		return NULL;
	}
	target[n] = '\0';
	return *target == '/' ? arena_strdup(w->a, target)
			      : arena_printf(w->a, "%s/%s", p->dir, target);
}

/*
 * Each step is resolved from the root again, so that a link to an absolute path
 * in the middle means what it means inside; only the last mkdirat works on the
 * fd of the parent, and never follows. A link to nowhere is followed by making
 * what it names, below the root.
 */
static int mkdirs(struct walk *w, const char *path, struct err *e)
{
	struct place p = split(w->a, path);
	auto_fd int parent = -1;
	int fd = open_in(w->root, path, O_PATH | O_DIRECTORY, 0, 0);
	const char *target;

	if (fd >= 0)
		return fd;
	if (errno != ENOENT || !*p.name)
		return err_sys(e, "open directory '%s' below the root", path);
	if (!w->steps--)
		return err_set(e, ELOOP, "create directory '%s' below the root: too many steps",
			       path);
	parent = mkdirs(w, p.dir, e);
	if (parent < 0)
		return -1;
	if (mkdirat(parent, p.name, w->mode) && errno != EEXIST)
		return err_sys(e, "create directory '%s' below the root", path);
	fd = open_in(w->root, path, O_PATH | O_DIRECTORY, 0, 0);
	if (fd >= 0)
		return fd;
	target = dangling(w, parent, &p);
	if (!target)
		return err_sys(e, "open directory '%s' below the root", path);
	return mkdirs(w, target, e);
}

int root_mkdirs(int root, const char *path, mode_t mode, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct walk w = { &a, root, mode, STEPS_MAX };

	return mkdirs(&w, path_clean(&a, path), e);
}

int root_parent(int root, const char *path, mode_t mode, struct arena *a, char **name,
		struct err *e)
{
	struct walk w = { a, root, mode, STEPS_MAX };
	struct place p = split(a, path_clean(a, path));
	int fd;

	if (!*p.name)
		return err_set(e, EINVAL, "'%s' is the root itself", path);
	fd = mkdirs(&w, p.dir, e);
	if (fd >= 0)
		*name = arena_strdup(a, p.name);
	return fd;
}

static int mkfile(struct walk *w, const char *path, mode_t mode, struct err *e)
{
	struct place p = split(w->a, path);
	auto_fd int parent = -1, made = -1;
	int fd = open_in(w->root, path, O_PATH, 0, 0);
	const char *target;

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_sys(e, "open '%s' below the root", path);
	if (!w->steps--)
		return err_set(e, ELOOP, "create file '%s' below the root: too many steps", path);
	parent = mkdirs(w, p.dir, e);
	if (parent < 0)
		return -1;
	made = openat(parent, p.name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, mode);
	if (made < 0 && errno != EEXIST)
		return err_sys(e, "create file '%s' below the root", path);
	fd = open_in(w->root, path, O_PATH, 0, 0);
	if (fd >= 0)
		return fd;
	target = dangling(w, parent, &p);
	if (!target)
		return err_sys(e, "open '%s' below the root", path);
	return mkfile(w, target, mode, e);
}

int root_mkfile(int root, const char *path, mode_t mode, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct walk w = { &a, root, 0755, STEPS_MAX };
	struct stat st;
	int fd = mkfile(&w, path_clean(&a, path), mode, e);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		return err_set(e, EISDIR, "'%s' below the root is a directory, a file is needed",
			       path);
	}
	return fd;
}

char *path_clean(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2);
	size_t len = 0;

	while (*path) {
		const char *end = strchrnul(path, '/');
		size_t n = (size_t)(end - path);

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len && out[--len] != '/')
				;
		} else if (n && !(n == 1 && path[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path = *end ? end + 1 : end;
	}
	if (!len)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

static bool has_dotdot(const char *path)
{
	for (const char *p = strstr(path, ".."); p; p = strstr(p + 2, "..")) {
		if ((p == path || p[-1] == '/') && (!p[2] || p[2] == '/'))
			return true;
	}
	return false;
}

char *path_join(struct arena *a, const char *base, const char *path)
{
	char *joined = *path == '/' ? arena_strdup(a, path) : arena_printf(a, "%s/%s", base, path);

	return has_dotdot(joined) ? joined : path_clean(a, joined);
}

char *path_abs(struct arena *a, const char *path, struct err *e)
{
	auto_free char *cwd = NULL;

	if (*path == '/')
		return path_join(a, "/", path);
	cwd = getcwd(NULL, 0);
	if (!cwd) {
		err_sys(e, "find the current directory");
		return NULL;
	}
	return path_join(a, cwd, path);
}

int path_mkdirs(const char *path, mode_t mode, struct err *e)
{
	auto_arena struct arena a = { 0 };
	char *p = arena_strdup(&a, path);

	for (char *slash = strchr(p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(p, mode) && errno != EEXIST)
			return err_sys(e, "create directory '%s'", p);
		*slash = '/';
	}
	if (mkdir(p, mode) && errno != EEXIST)
		return err_sys(e, "create directory '%s'", p);
	return 0;
}

bool path_is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

struct fd_path fd_path(int fd)
{
	struct fd_path p;

	snprintf(p.s, sizeof(p.s), "/proc/self/fd/%d", fd);
	return p;
}

static int remove_in(int dirfd, const char *name, dev_t dev, unsigned int depth, struct err *e)
{
	auto_dir DIR *dir = NULL;
	struct dirent *entry;
	struct stat st;
	int fd;

	if (!unlinkat(dirfd, name, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(e, "remove '%s'", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open directory '%s'", name);
	if (fstat(fd, &st) || st.st_dev != dev || depth > TREE_DEPTH) {
		close(fd);
		return err_set(e, EXDEV, "'%s' is a mount point or too deep", name);
	}
	dir = fdopendir(fd);
	if (!dir) {
		err_sys(e, "read directory '%s'", name);
		close(fd);
		return -1;
	}
	while ((entry = readdir(dir))) {
		if (path_is_dots(entry->d_name))
			continue;
		if (remove_in(fd, entry->d_name, dev, depth + 1, e))
			return err_ctx(e, "%s", name);
	}
	if (unlinkat(dirfd, name, AT_REMOVEDIR) && errno != ENOENT)
		return err_sys(e, "remove directory '%s'", name);
	return 0;
}

int path_remove_tree(int dirfd, const char *name, struct err *e)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : err_sys(e, "look at '%s'", name);
	return remove_in(dirfd, name, st.st_dev, 0, e);
}
