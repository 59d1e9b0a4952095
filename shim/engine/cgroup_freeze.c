/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_freeze: pause and resume, by cgroup.freeze or the v1 freezer; and OOM counts. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/cgroup_dir.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/when.h"

#define RETRY_MS    1
#define REFREEZE_AT 50 /* tries of v1, after which a thaw lets a stuck one move on */

/* cgroup.events notifies of every change by POLLPRI (cgroup-v2.rst). */
static int wait_frozen(int dir, bool freeze, struct err *e)
{
	auto_fd int events = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = when_ms() + CGROUP_FREEZE_MS, left;
	uint64_t frozen;
	char byte;

	if (events < 0)
		return err_sys(e, "open 'cgroup.events'");
	while ((left = end - when_ms()) > 0) {
		struct pollfd p = { .fd = events, .events = POLLPRI };

		/* Reading arms the notification, so it comes before the look. */
		if (pread(events, &byte, 1, 0) < 0)
			return err_sys(e, "read 'cgroup.events'");
		if (!cgroup_read_key(dir, "cgroup.events", "frozen", &frozen))
			return err_set(e, ENOTSUP, "this kernel cannot freeze a v2 cgroup");
		if (frozen == freeze)
			return 0;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return err_sys(e, "poll 'cgroup.events'");
	}
	return err_set(e, ETIMEDOUT, "some process did not %s within %d s",
		       freeze ? "freeze" : "thaw", CGROUP_FREEZE_MS / 1000);
}

static int freeze_v2(int dir, bool freeze, struct err *e)
{
	struct err ignored;

	if (write_file(dir, "cgroup.freeze", freeze ? "1" : "0", e))
		return -1;
	if (!wait_frozen(dir, freeze, e))
		return 0;
	if (freeze)
		write_file(dir, "cgroup.freeze", "0", &ignored);
	return -1;
}

static int freeze_v1(int dir, bool freeze, struct err *e)
{
	int64_t end = when_ms() + CGROUP_FREEZE_MS;
	struct err ignored;

	if (!freeze)
		return write_file(dir, "freezer.state", "THAWED", e);
	/*
	 * It stays FREEZING when a process forks just then, or waits for one
	 * that is frozen already; writing again freezes the new ones.
	 */
	for (unsigned int i = 1; when_ms() < end; i++) {
		auto_arena struct arena a = { 0 };
		char *state;

		if (write_file(dir, "freezer.state", i % REFREEZE_AT ? "FROZEN" : "THAWED", e))
			break;
		state = cgroup_read(dir, "freezer.state", &a, e);
		if (!state)
			break;
		if (!strcmp(state, "FROZEN"))
			return 0;
		cgroup_sleep_ms(RETRY_MS);
		err_set(e, ETIMEDOUT, "some process did not freeze within %d s",
			CGROUP_FREEZE_MS / 1000);
	}
	write_file(dir, "freezer.state", "THAWED", &ignored);
	return -1;
}

int cgroup_freeze(const struct oci_state *s, bool freeze, struct err *e)
{
	const struct oci_cgroup_dir *v2 = cgroup_find_v2(s), *v1 = cgroup_find_v1(s, "freezer");
	const struct oci_cgroup_dir *d = v2 ? v2 : v1;
	auto_fd int dir = -1;
	int failed;

	if (!d)
		return err_set(e, ENOTSUP, "the container has no cgroup that can be frozen");
	dir = cgroup_open(d->path, e);
	if (dir < 0)
		return -1;
	failed = v2 ? freeze_v2(dir, freeze, e) : freeze_v1(dir, freeze, e);
	if (!freeze && v1 && v2) { /* somebody else may have frozen it there */
		auto_fd int other = cgroup_open(v1->path, e);
		struct err ignored;

		if (other >= 0)
			write_file(other, "freezer.state", "THAWED", &ignored);
	}
	return failed ? err_ctx(e, "%s cgroup '%s'", freeze ? "freeze" : "thaw", d->path) : 0;
}

bool cgroup_frozen(const struct oci_state *s)
{
	const struct oci_cgroup_dir *v2 = cgroup_find_v2(s), *v1 = cgroup_find_v1(s, "freezer");
	auto_arena struct arena a = { 0 };
	struct err ignored;
	auto_fd int v2_dir = v2 ? cgroup_open(v2->path, &ignored) : -1;
	auto_fd int v1_dir = v1 ? cgroup_open(v1->path, &ignored) : -1;
	uint64_t frozen = 0;
	char *state;

	if (v2_dir >= 0 && cgroup_read_key(v2_dir, "cgroup.events", "frozen", &frozen) && frozen)
		return true;
	state = v1_dir >= 0 ? cgroup_read(v1_dir, "freezer.state", &a, &ignored) : NULL;
	return state && !strcmp(state, "FROZEN");
}

uint64_t cgroup_oom_kills(const struct oci_state *s)
{
	const struct oci_cgroup_dir *v1 = cgroup_find_v1(s, "memory");
	const struct oci_cgroup_dir *d = v1 ? v1 : cgroup_find_v2(s);
	struct err ignored;
	auto_fd int dir = d ? cgroup_open(d->path, &ignored) : -1;
	uint64_t n = 0;

	if (dir >= 0)
		cgroup_read_key(dir, v1 ? "memory.oom_control" : "memory.events", "oom_kill", &n);
	return n;
}
