/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_procs: the processes of a container: list them, signal them all. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/cgroup_dir.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"

#define KILL_ROUNDS   64  /* where nothing can be frozen: until no new process appears */
#define SIGNAL_BATCH  128 /* pidfds that are open at a time */
#define PID_TEXT_MAX  INT32_MAX
#define NLINK_NO_DIRS 2 /* kernfs: 2 and one for each directory below */

void cgroup_pids_done(struct cgroup_pids *p)
{
	free(p->v);
	*p = (struct cgroup_pids){ 0 };
}

static void add_pid(struct cgroup_pids *p, pid_t pid)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->v = mem_grow(p->v, p->cap, sizeof(*p->v));
	}
	p->v[p->n++] = pid;
}

static int collect_own(int dir, struct cgroup_pids *out, struct err *e)
{
	auto_arena struct arena a = { 0 };
	char *text = read_file(dir, "cgroup.procs", CGROUP_PROCS_MAX, &a, NULL, e);

	/* A threaded cgroup: its processes are listed by the domain above. Gone: none. */
	if (!text)
		return e->num == EOPNOTSUPP || e->num == ENODEV || e->num == ENOENT ? 0 : -1;
	for (char *at = text; *at;) {
		char *end = at + strcspn(at, "\n");
		uint64_t pid;

		if (*end)
			*end++ = '\0';
		/* 0: a process that this pid namespace does not see. */
		if (!parse_u64(at, 10, PID_TEXT_MAX, &pid) && pid)
			add_pid(out, (pid_t)pid);
		at = end;
	}
	return 0;
}

static int collect(int dir, unsigned int depth, struct cgroup_pids *out, struct err *e)
{
	auto_dir DIR *list = NULL;
	struct dirent *entry;
	struct stat st;
	int copy;

	if (collect_own(dir, out, e))
		return -1;
	if (fstat(dir, &st) || st.st_nlink <= NLINK_NO_DIRS)
		return 0;
	if (depth == CGROUP_DEPTH_MAX)
		return err_set(e, ELOOP, "cgroups are more than %d deep", CGROUP_DEPTH_MAX);
	copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	list = copy < 0 ? NULL : fdopendir(copy);
	if (!list)
		return copy < 0 && errno == ENOENT ? 0 : err_sys(e, "list the cgroups below");
	while ((entry = readdir(list))) {
		auto_fd int below = -1;

		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, ".."))
			continue;
		below = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (below < 0 && (errno == ENOENT || errno == ENODEV))
			continue;
		if (below < 0)
			return err_sys(e, "open '%s'", entry->d_name);
		if (collect(below, depth + 1, out, e))
			return err_ctx(e, "%s", entry->d_name);
	}
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

int cgroup_collect(int dirfd, struct cgroup_pids *out, struct err *e)
{
	size_t kept = 0;

	if (collect(dirfd, 0, out, e))
		return -1;
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_pid);
	for (size_t i = 0; i < out->n; i++)
		if (!kept || out->v[kept - 1] != out->v[i])
			out->v[kept++] = out->v[i];
	out->n = kept;
	return 0;
}

/* The v1 hierarchy to ask: one in which nothing but the container's processes can be. */
static const struct oci_cgroup_dir *main_v1(const struct oci_state *s)
{
	static const char *const order[] = { "pids", "freezer", "devices", "memory",
					     "name=systemd" };
	const struct oci_cgroup_dir *d = NULL;

	for (size_t i = 0; i < countof(order) && !d; i++)
		d = cgroup_find_v1(s, order[i]);
	for (size_t i = 0; i < s->cgroups.n && !d; i++)
		if (*s->cgroups.v[i].key && s->cgroups.v[i].created)
			d = &s->cgroups.v[i];
	return d;
}

/* Pids of one directory of the record; NULL and a missing one have none. */
static int collect_dir(const struct oci_cgroup_dir *d, struct cgroup_pids *out, struct err *e)
{
	auto_fd int dir = d ? cgroup_open(d->path, e) : -1;

	if (dir < 0)
		return !d || e->num == ENOENT || e->num == ENODEV ? 0 : -1;
	return cgroup_collect(dir, out, e) ? err_ctx(e, "cgroup '%s'", d->path) : 0;
}

int cgroup_pids(const struct oci_state *s, struct arena *a, pid_t **pids, size_t *n, struct err *e)
{
	auto_pids struct cgroup_pids list = { 0 };
	const struct oci_cgroup_dir *v1 = main_v1(s);

	if (collect_dir(v1 ? v1 : cgroup_find_v2(s), &list, e))
		return -1;
	*pids = arena_memdup(a, list.n ? list.v : (pid_t[]){ 0 }, (list.n + 1) * sizeof(**pids));
	*n = list.n;
	return 0;
}

static bool has_pid(const struct cgroup_pids *list, pid_t pid)
{
	return list->n && bsearch(&pid, list->v, list->n, sizeof(pid), by_pid);
}

/*
 * A pid that was read may be another process's when it is opened. So the
 * list is read again while the pidfds are held: who is on it then is meant.
 */
static int signal_some(const struct oci_cgroup_dir *d, const pid_t *pids, size_t n, int sig,
		       struct err *e)
{
	auto_pids struct cgroup_pids now = { 0 };
	int pidfds[SIGNAL_BATCH], failed = 0;

	for (size_t i = 0; i < n; i++)
		pidfds[i] = proc_pidfd(pids[i]);
	if (collect_dir(d, &now, e))
		failed = -1;
	for (size_t i = 0; i < n; i++) {
		if (!failed && pidfds[i] >= 0 && has_pid(&now, pids[i]) &&
		    proc_signal(pidfds[i], sig) && errno != ESRCH)
			failed = err_sys(e, "signal process %d", (int)pids[i]);
		close_fd(&pidfds[i]);
	}
	return failed;
}

/* *n: how many there were. */
static int signal_dir(const struct oci_cgroup_dir *d, int sig, size_t *n, struct err *e)
{
	auto_pids struct cgroup_pids list = { 0 };

	if (collect_dir(d, &list, e))
		return -1;
	*n = list.n;
	for (size_t i = 0; i < list.n; i += SIGNAL_BATCH) {
		size_t some = list.n - i < SIGNAL_BATCH ? list.n - i : SIGNAL_BATCH;

		if (signal_some(d, list.v + i, some, sig, e))
			return -1;
	}
	return 0;
}

/* One write, and the kernel sends SIGKILL to all, also to those that fork meanwhile (5.14). */
static bool kill_v2(const struct oci_state *s)
{
	const struct oci_cgroup_dir *d = cgroup_find_v2(s);
	struct err ignored;
	auto_fd int dir = d ? cgroup_open(d->path, &ignored) : -1;

	return dir >= 0 && !write_file(dir, "cgroup.kill", "1", &ignored);
}

/* A frozen v1 process takes even SIGKILL only when it thaws. */
static void thaw_v1(const struct oci_state *s)
{
	const struct oci_cgroup_dir *d = cgroup_find_v1(s, "freezer");
	struct err ignored;
	auto_fd int dir = d ? cgroup_open(d->path, &ignored) : -1;

	if (dir >= 0)
		write_file(dir, "freezer.state", "THAWED", &ignored);
}

/*
 * Stop, signal, go: no process can fork away from the list. One that is paused
 * already stays so, but for SIGKILL. Where nothing can be frozen SIGKILL is
 * repeated as long as there is anybody.
 */
static int signal_all(const struct oci_state *s, int sig, struct err *e)
{
	const struct oci_cgroup_dir *v1 = main_v1(s), *d = v1 ? v1 : cgroup_find_v2(s);
	bool was_frozen = cgroup_frozen(s);
	struct err ignored;
	bool freezes = was_frozen || !cgroup_freeze(s, true, &ignored);
	size_t n = 0;
	int failed = signal_dir(d, sig, &n, e);

	if (freezes && (!was_frozen || sig == SIGKILL))
		cgroup_freeze(s, false, &ignored);
	for (int i = 0; i < KILL_ROUNDS && sig == SIGKILL && !freezes && !failed && n; i++)
		failed = signal_dir(d, sig, &n, e);
	return failed;
}

int cgroup_kill(const struct oci_state *s, int sig, struct err *e)
{
	const struct oci_cgroup_dir *v1 = main_v1(s);
	size_t n;

	if (sig != SIGKILL || !kill_v2(s))
		return signal_all(s, sig, e);
	/* Whoever was moved out of the v2 directory of a hybrid host is still in v1's. */
	thaw_v1(s);
	return v1 ? signal_dir(v1, SIGKILL, &n, e) : 0;
}
