/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_remove: remove directories, those that a container made below them first. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/cgroup_dir.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/base/when.h"

#define RETRY_MS_FIRST 1
#define RETRY_MS_LAST  100
#define NLINK_NO_DIRS  2
#define INTERRUPTED_MS 5000 /* in which the child of a killed create sees that, and ends */

static bool is_gone(int num)
{
	return num == ENOENT || num == ENODEV;
}

/* The name of some directory below; NULL: there is none. */
static char *first_below(int dir, struct arena *a)
{
	auto_dir DIR *list = NULL;
	struct dirent *entry;
	struct stat st;
	int copy;

	if (fstat(dir, &st) || st.st_nlink <= NLINK_NO_DIRS)
		return NULL;
	copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	list = copy < 0 ? NULL : fdopendir(copy);
	while (list && (entry = readdir(list)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			return arena_strdup(a, entry->d_name);
	return NULL;
}

/*
 * Remove everything below, one leaf at a time. However deep a container has
 * nested it, no more than two fds are open: the way back is "..", which no
 * rename can bend, as cgroups stay in their directory.
 */
static int remove_below(int top, struct err *e)
{
	auto_fd int at = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_arena struct arena a = { 0 };
	struct {
		char **v;
		size_t n, cap;
	} way = { 0 };
	char *below;

	if (at < 0)
		return is_gone(errno) ? 0 : err_sys(e, "open the cgroup");
	while ((below = first_below(at, &a)) || way.n) {
		auto_fd int next =
			openat(at, below ? below : "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (next < 0)
			return is_gone(errno) ? 0 : err_sys(e, "open '%s'", below ? below : "..");
		if (below && way.n == way.cap) {
			char **old = way.v;

			way.cap = way.cap ? way.cap * 2 : 16;
			way.v = arena_array(&a, way.cap, sizeof(*way.v));
			for (size_t i = 0; i < way.n; i++)
				way.v[i] = old[i];
		}
		if (below)
			way.v[way.n++] = below;
		else if (unlinkat(next, way.v[--way.n], AT_REMOVEDIR) && !is_gone(errno))
			return err_sys(e, "remove '%s'", way.v[way.n]);
		close_fd(&at);
		at = take_fd(&next);
	}
	return 0;
}

/* Say who is in the way. */
static int busy(const char *path, struct err *e)
{
	auto_pids struct cgroup_pids pids = { 0 };
	struct err ignored;
	auto_fd int dir = cgroup_open(path, &ignored);

	if (dir >= 0 && !cgroup_collect(dir, &pids, &ignored) && pids.n)
		return err_set(e, EBUSY, "cgroup '%s' still has %zu process(es), the first is %d",
			       path, pids.n, (int)pids.v[0]);
	return err_ctx(e, "cgroup '%s'", path);
}

static int remove_once(const char *path, struct err *e)
{
	auto_fd int dir = -1;

	/* Mostly there is nothing below. */
	if (!rmdir(path) || is_gone(errno))
		return 0;
	dir = cgroup_open(path, e);
	if (dir < 0)
		return is_gone(e->num) ? 0 : -1;
	if (remove_below(dir, e))
		return -1;
	return rmdir(path) && !is_gone(errno) ? err_sys(e, "rmdir") : 0;
}

/*
 * A create that was killed may not have got to note what it made and whom it
 * started: only where the container was to be.
 */
static bool is_interrupted(const struct oci_state *s)
{
	for (size_t i = 0; i < s->cgroups.n; i++)
		if (s->cgroups.v[i].created)
			return false;
	return s->pid == 0;
}

/* Processes in a directory that is ours are waited for until `end`. */
static int remove_dir(const struct oci_cgroup_dir *d, int64_t end, struct err *e)
{
	unsigned int ms = RETRY_MS_FIRST;

	for (;;) {
		if (!remove_once(d->path, e))
			return 0;
		if (e->num != EBUSY)
			return err_ctx(e, "remove cgroup '%s'", d->path);
		if (when_ms() >= end)
			return d->created ? busy(d->path, e) : 0; /* another's */
		cgroup_sleep_ms(ms);
		ms = ms * 2 > RETRY_MS_LAST ? RETRY_MS_LAST : ms * 2;
	}
}

int cgroup_remove(const struct oci_state *s, struct err *e)
{
	int64_t now = when_ms();
	int64_t others_end = is_interrupted(s) ? now + INTERRUPTED_MS : now;
	int failed = 0;
	struct err first;

	for (size_t i = 0; i < s->cgroups.n; i++) {
		const struct oci_cgroup_dir *d = &s->cgroups.v[i];
		struct err one;

		if (!remove_dir(d, d->created ? now + CGROUP_REMOVE_MS : others_end, &one))
			continue;
		if (!failed)
			first = one;
		failed = -1;
	}
	if (failed)
		*e = first;
	return failed;
}
