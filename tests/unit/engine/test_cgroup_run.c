/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroups of a running container: freeze, thaw, kill, exec. Needs root. */
#include "shim/engine/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/engine/cgroup_dev.h"
#include "shim/engine/cgroup_dir.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"
#include "tests/unit/engine/cgroup_fixture.h"
#include "tests/unit/test.h"

#define DEADLINE_MS 60000

static int wait_for_ever(void)
{
	while (pause())
		;
	return 0;
}

static bool ended(pid_t pid)
{
	auto_fd int fd = proc_pidfd(pid);

	return fd >= 0 && proc_wait_end(fd, DEADLINE_MS) == 1;
}

#define SUB(text) (&(const struct json_strs){ 1, (char *[]){ (text) } })

TEST(cgroup_freeze_thaw_kill)
{
	auto_fixture struct fixture f = { 0 };

	if (!fixture_init(&f, NULL))
		return;
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, wait_for_ever));
	close_fd(&f.release);
	CHECK(!cgroup_frozen(&f.state));
	ASSERT(!cgroup_freeze(&f.state, true, &f.e));
	CHECK(cgroup_frozen(&f.state));
	ASSERT(!cgroup_freeze(&f.state, false, &f.e));
	CHECK(!cgroup_frozen(&f.state));
	ASSERT(!cgroup_freeze(&f.state, true, &f.e));
	CHECK(!cgroup_kill(&f.state, SIGURG, &f.e));
	CHECK(cgroup_frozen(&f.state)); /* a paused one stays so */
	ASSERT(!cgroup_kill(&f.state, SIGKILL, &f.e));
	CHECK(ended(f.child));
	CHECK(WIFSIGNALED(fixture_wait(&f)));
}

/* The same for the v1 freezer alone, as on a host without a v2 mount. */
TEST(cgroup_v1_freezer_alone)
{
	auto_fixture struct fixture f = { 0 };
	struct oci_state v1 = { 0 };

	if (!fixture_init(&f, NULL))
		return;
	if (!fixture_has_v1(&f, "freezer")) {
		test_skip("needs the v1 freezer");
		return;
	}
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, wait_for_ever));
	close_fd(&f.release);
	v1.cgroups.v = arena_array(&f.a, f.state.cgroups.n, sizeof(*v1.cgroups.v));
	for (size_t i = 0; i < f.state.cgroups.n; i++)
		if (*f.state.cgroups.v[i].key)
			v1.cgroups.v[v1.cgroups.n++] = f.state.cgroups.v[i];
	ASSERT(!cgroup_freeze(&v1, true, &f.e));
	CHECK(cgroup_frozen(&v1));
	CHECK_TEXT(fixture_value(&f, "freezer", "freezer.state"), "FROZEN");
	ASSERT(!cgroup_freeze(&v1, false, &f.e));
	CHECK(!cgroup_frozen(&v1));
	ASSERT(!cgroup_freeze(&v1, true, &f.e));
	ASSERT(!cgroup_kill(&v1, SIGKILL, &f.e)); /* thaws, or it would not die */
	CHECK(ended(f.child));
	CHECK(WIFSIGNALED(fixture_wait(&f)));
}

TEST(cgroup_frozen_is_refused)
{
	auto_fixture struct fixture f = { 0 };
	struct cgroup second = CGROUP_INIT;

	if (!fixture_init(&f, NULL))
		return;
	ASSERT(fixture_create(&f));
	ASSERT(!cgroup_freeze(&f.state, true, &f.e));
	CHECK(cgroup_create(&f.plan, &second, &f.e));
	CHECK(f.e.num == EBUSY);
	CHECK_HAS(f.e.msg, "unexpectedly frozen");
	ASSERT(!cgroup_freeze(&f.state, false, &f.e));
}

TEST(cgroup_exec_joins)
{
	auto_fixture struct fixture f = { 0 };
	const struct json_strs twice = { 2, (char *[]){ "/", "/" } };
	struct cgroup exec = CGROUP_INIT;
	pid_t first;

	if (!fixture_init(&f, NULL))
		return;
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, NULL));
	first = f.child;
	f.state.pid = first;
	CHECK(cgroup_open_for_exec(&f.state, SUB("a/../.."), &exec, &f.e) && f.e.num == EINVAL);
	CHECK(cgroup_open_for_exec(&f.state, &twice, &exec, &f.e) && f.e.num == EINVAL);
	CHECK_HAS(f.e.msg, "two paths");
	CHECK(cgroup_open_for_exec(&f.state, SUB("nosuch:a"), &exec, &f.e) && f.e.num == EINVAL);
	CHECK(cgroup_open_for_exec(&f.state, SUB("a"), &exec, &f.e) && f.e.num == ENOENT);
	for (size_t i = 0; i < f.state.cgroups.n; i++)
		CHECK(!mkdir(arena_printf(&f.a, "%s/a", f.state.cgroups.v[i].path), 0755));
	ASSERT(!cgroup_open_for_exec(&f.state, NULL, &exec, &f.e));
	CHECK(exec.n_join + (exec.v2_fd >= 0) == f.state.cgroups.n);
	cgroup_close(&exec);
	/* cpuset's new directory has no CPUs: leave that hierarchy alone by naming others. */
	if (fixture_has_v1(&f, "pids")) {
		ASSERT(!cgroup_open_for_exec(&f.state, SUB("pids,freezer:/a/"), &exec, &f.e));
		CHECK(exec.n_join + (exec.v2_fd >= 0) == f.state.cgroups.n);
		cgroup_close(&exec);
	}
	fixture_wait(&f);
}

/* A container that limits its own children: its v2 directory takes no process any more. */
TEST(cgroup_exec_follows_init)
{
	auto_fixture struct fixture f = { 0 };
	struct cgroup exec = CGROUP_INIT;
	const struct oci_cgroup_dir *d;
	char *below, *have, link[PATH_MAX] = "";
	auto_fd int dir = -1;

	if (!fixture_init(&f, NULL))
		return;
	if (!fixture_has_v1(&f, "hugetlb") &&
	    !fixture_plan(&f, "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}]}"))
		return;
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, NULL));
	d = cgroup_find_v2(&f.state);
	dir = d ? cgroup_open(d->path, &f.e) : -1;
	have = dir < 0 ? NULL : cgroup_read(dir, "cgroup.controllers", &f.a, &f.e);
	if (!have || !*have) {
		test_skip("needs a controller in v2 that is enabled for our parent");
		fixture_wait(&f);
		return;
	}
	below = arena_printf(&f.a, "%s/init", d->path);
	ASSERT(!mkdir(below, 0755));
	ASSERT(!write_file(AT_FDCWD, arena_printf(&f.a, "%s/cgroup.procs", below),
			   arena_printf(&f.a, "%d", (int)f.child), &f.e));
	have[strcspn(have, " ")] = '\0';
	ASSERT(!write_file(dir, "cgroup.subtree_control", arena_printf(&f.a, "+%s", have), &f.e));
	f.state.pid = f.child;
	ASSERT(!cgroup_open_for_exec(&f.state, NULL, &exec, &f.e));
	CHECK(readlink(arena_printf(&f.a, "/proc/self/fd/%d", exec.v2_fd), link, sizeof(link) - 1) >
	      0);
	CHECK_TEXT(link, below);
	cgroup_close(&exec);
	fixture_wait(&f);
}
