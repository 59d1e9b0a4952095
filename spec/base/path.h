/* SPDX-License-Identifier: Apache-2.0 */
/* path: names, and access below a root that hostile links cannot leave. */
#ifndef SPEC_BASE_PATH_H
#define SPEC_BASE_PATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

/*
 * root_*: `root` is an fd of a directory (O_PATH will do), `path` is resolved
 * below it as if it were "/": absolute or relative, "..", and symbolic links
 * stay inside (openat2 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, openat2(2)).
 * The fds are close-on-exec. The error names the path.
 */

/* Open something that exists. flags as for open(2). */
int root_open(int root, const char *path, int flags, struct err *e);

/* The same, but a symbolic link anywhere in the path is an error (ELOOP). */
int root_open_real(int root, const char *path, int flags, struct err *e);

/*
 * Open a directory (O_PATH), creating what is missing of it with the mode
 * (the umask counts), one component after the other on fds. A link to nowhere
 * (an image's /etc/resolv.conf -> ../run/...) is followed by creating its
 * target, below the root; so do root_parent() and root_mkfile().
 */
int root_mkdirs(int root, const char *path, mode_t mode, struct err *e);

/*
 * Open an existing non-directory (O_PATH), or create an empty regular file, and
 * the directories above it. It never truncates what is there.
 */
int root_mkfile(int root, const char *path, mode_t mode, struct err *e);

/* The parent directory (O_PATH, created if missing) and the last component of path, in the arena.
 */
int root_parent(int root, const char *path, mode_t mode, struct arena *a, char **name,
		struct err *e);

/* Lexically: no "//", ".", "..", no trailing "/"; relative paths are taken from "/". In the arena.
 */
char *path_clean(struct arena *a, const char *path);

/* base/path, or path itself when it is absolute; cleaned unless it has "..". In the arena. */
char *path_join(struct arena *a, const char *base, const char *path);

/* The path made absolute against the current directory; in the arena. NULL on failure. */
char *path_abs(struct arena *a, const char *path, struct err *e);

/* mkdir -p on the host, for our own directories; an existing directory is kept as it is. */
int path_mkdirs(const char *path, mode_t mode, struct err *e);

/* "." or "..": what every directory has, and no other name that begins so. */
bool path_is_dots(const char *name);

/* "/proc/self/fd/N", for a call that takes a path only. */
struct fd_path {
	char s[32];
};
struct fd_path fd_path(int fd);

/* Remove a directory of ours with all in it, never leaving the file system it is on. 0 if absent.
 */
int path_remove_tree(int dirfd, const char *name, struct err *e);

#endif
