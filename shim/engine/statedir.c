/* SPDX-License-Identifier: Apache-2.0 */
/* statedir: a directory per container, locked by flock, its record replaced by rename. */
#include "shim/engine/statedir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/when.h"
#include "spec/oci/validate.h"

#define DIR_MODE     0700
#define RECORD_MODE  0600
#define RECORD_MAX   JSON_TEXT_MAX
#define LOCK_POLL_NS 2000000 /* 2 ms */
#define LIST_MAX     65536
#define CREATE_TRIES 100 /* each fails only if somebody removes the root in between */
#define OTHERS_WRITE 022

/* A directory that others may write to would let them forge records. */
static int check_owner(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(e, "stat '%s'", path);
	if (st.st_uid != geteuid() || (st.st_mode & OTHERS_WRITE))
		return err_set(e, EPERM,
			       "state directory '%s' is not ours alone (owner %u, mode "
			       "%04o)",
			       path, st.st_uid, st.st_mode & 07777);
	return 0;
}

static int open_root(const char *root, struct err *e)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open state directory '%s'", root) : fd;
}

/* An open fd whose directory has been removed has no links. */
static bool is_gone(int dirfd)
{
	struct stat st;

	return fstat(dirfd, &st) || !st.st_nlink;
}

static int create_in(const char *root, const char *id, struct err *e)
{
	auto_fd int rootfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = -1;

	if (rootfd < 0) {
		if (path_mkdirs(root, DIR_MODE, e))
			return -1;
		rootfd = open_root(root, e);
		if (rootfd < 0)
			return -1;
	}
	if (check_owner(rootfd, root, e))
		return -1;
	if (mkdirat(rootfd, id, DIR_MODE)) {
		if (errno == EEXIST)
			return err_set(e, EEXIST, "container with given ID already exists: '%s'",
				       id);
		return err_sys(e, "make state directory '%s/%s'", root, id);
	}
	fd = openat(rootfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) || is_gone(fd))
		return err_set(e, ECANCELED, "state directory '%s/%s': removed while being made",
			       root, id);
	return take_fd(&fd);
}

int statedir_create(const char *root, const char *id, struct err *e)
{
	int fd = -1;

	/* The root, being empty, may be removed when it is just about to be used. */
	for (int i = 0; fd < 0 && i < CREATE_TRIES && (!i || e->num == ENOENT); i++)
		fd = create_in(root, id, e);
	return fd;
}

int statedir_open(const char *root, const char *id, struct err *e)
{
	auto_fd int rootfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = -1;

	if (rootfd >= 0)
		fd = openat(rootfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ENOENT, "container does not exist: '%s'", id);
	if (fd < 0)
		return err_sys(e, "open state directory '%s/%s'", root, id);
	if (check_owner(fd, id, e))
		return -1;
	return take_fd(&fd);
}

int statedir_lock(int dirfd, int timeout_ms, struct err *e)
{
	const struct timespec nap = { .tv_nsec = LOCK_POLL_NS };
	int64_t end = when_ms() + timeout_ms;

	while (flock(dirfd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, "lock the container's state");
		if (when_ms() >= end)
			return err_set(e, EBUSY, "another operation on the container is under way");
		nanosleep(&nap, NULL);
	}
	if (is_gone(dirfd))
		return err_set(e, ENOENT, "container does not exist");
	return 0;
}

void statedir_unlock(int dirfd)
{
	flock(dirfd, LOCK_UN);
}

bool statedir_locked(int dirfd)
{
	auto_fd int own = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return own >= 0 && flock(own, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

struct oci_state *statedir_read(int dirfd, struct arena *a, struct err *e)
{
	struct oci_state *s = NULL;
	size_t len = 0;
	char *text = read_file(dirfd, STATEDIR_RECORD, RECORD_MAX, a, &len, e);

	if (text)
		s = oci_state_parse(text, len, a, e);
	if (!s)
		err_ctx(e, "container's state");
	return s;
}

int statedir_write(int dirfd, const struct oci_state *s, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *text = oci_state_text(s, &a);

	return replace_file(dirfd, STATEDIR_RECORD, text, strlen(text), RECORD_MODE, e);
}

int statedir_read_config(int dirfd, struct oci_state *s, struct arena *a, struct err *e)
{
	size_t len = 0;
	char *text;

	if (s->config)
		return 0;
	text = read_file(dirfd, STATEDIR_CONFIG, RECORD_MAX, a, &len, e);
	if (!text && e->num == ENOENT)
		return 0;
	s->config = text ? json_parse(text, len, e) : NULL;
	if (!s->config)
		return err_ctx(e, "stored config");
	json_own(a, s->config);
	return 0;
}

int statedir_write_config(int dirfd, const struct oci_state *s, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *text = json_text(s->config, false, &a);

	return replace_file(dirfd, STATEDIR_CONFIG, text, strlen(text), RECORD_MODE, e);
}

bool statedir_exists(const char *root, const char *id)
{
	auto_fd int rootfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return rootfd >= 0 && !faccessat(rootfd, id, F_OK, AT_SYMLINK_NOFOLLOW);
}

/* What is mostly in one, the record last. False, with what else there is left, if that was not all.
 */
static bool remove_known(int rootfd, const char *id)
{
	static const char *const known[] = { STATEDIR_START_NEW, STATEDIR_START, STATEDIR_CONFIG,
					     STATEDIR_RECORD };
	auto_fd int fd = openat(rootfd, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i < countof(known); i++) {
		if (unlinkat(fd, known[i], 0) && errno != ENOENT)
			return false;
	}
	return fd >= 0 && !unlinkat(rootfd, id, AT_REMOVEDIR);
}

int statedir_remove(const char *root, const char *id, struct err *e)
{
	auto_fd int rootfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (rootfd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open state directory '%s'", root);
	return remove_known(rootfd, id) ? 0 : path_remove_tree(rootfd, id, e);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int statedir_list(const char *root, struct arena *a, char ***ids, size_t *n, struct err *e)
{
	auto_dir DIR *d = opendir(root);
	size_t count = 0, room = 0;
	auto_free char **list = NULL;
	struct err ignored;

	if (!d && errno != ENOENT)
		return err_sys(e, "open state directory '%s'", root);
	for (struct dirent *at = d ? readdir(d) : NULL; at && count < LIST_MAX; at = readdir(d)) {
		if (at->d_type != DT_DIR || oci_validate_id(at->d_name, &ignored))
			continue;
		if (count == room) {
			room = room ? 2 * room : 16;
			list = mem_grow(list, room, sizeof(*list));
		}
		list[count++] = arena_strdup(a, at->d_name);
	}
	if (count)
		qsort(list, count, sizeof(*list), by_name);
	*ids = arena_array(a, count + 1, sizeof(char *));
	if (count)
		memcpy(*ids, list, count * sizeof(*list));
	*n = count;
	return 0;
}

int statedir_cache(const char *root)
{
	auto_fd int rootfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (rootfd < 0 || (mkdirat(rootfd, STATEDIR_CACHE, DIR_MODE) && errno != EEXIST))
		return -1;
	return openat(rootfd, STATEDIR_CACHE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}
