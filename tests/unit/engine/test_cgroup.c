/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroups for real: made, joined, limited, and removed. Needs root. */
#include "shim/engine/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shim/engine/cgroup_dev.h"
#include "shim/engine/cgroup_dir.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"
#include "tests/unit/engine/cgroup_fixture.h"
#include "tests/unit/test.h"

TEST(cgroup_life)
{
	auto_fixture struct fixture f = { 0 };
	pid_t *pids;
	size_t n;

	if (!fixture_init(&f, "{\"memory\":{\"limit\":33554432,\"swap\":33554432},"
			      "\"pids\":{\"limit\":20},\"cpu\":{\"shares\":512,\"quota\":20000,"
			      "\"period\":50000,\"cpus\":\"0\",\"mems\":\"0\"}}"))
		return;
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, NULL));
	for (size_t i = 0; i < f.state.cgroups.n; i++) {
		const struct oci_cgroup_dir *d = &f.state.cgroups.v[i];
		auto_fd int dir = cgroup_open(d->path, &f.e);
		char *procs = dir < 0 ? NULL : cgroup_read(dir, "cgroup.procs", &f.a, &f.e);

		CHECK_TEXT(procs, arena_printf(&f.a, "%d", (int)f.child));
	}
	ASSERT(!cgroup_limit(&f.plan, &f.cg, &f.e));
	if (fixture_has_v1(&f, "memory")) {
		CHECK_TEXT(fixture_value(&f, "memory", "memory.limit_in_bytes"), "33554432");
		CHECK_TEXT(fixture_value(&f, "memory", "memory.memsw.limit_in_bytes"), "33554432");
		CHECK_TEXT(fixture_value(&f, "cpu", "cpu.shares"), "512");
		CHECK_TEXT(fixture_value(&f, "cpu", "cpu.cfs_quota_us"), "20000");
		CHECK_TEXT(fixture_value(&f, "cpu", "cpu.cfs_period_us"), "50000");
	} else {
		CHECK_TEXT(fixture_value(&f, "memory", "memory.max"), "33554432");
		CHECK_TEXT(fixture_value(&f, "cpu", "cpu.weight"), "59");
		CHECK_TEXT(fixture_value(&f, "cpu", "cpu.max"), "20000 50000");
	}
	CHECK_TEXT(fixture_value(&f, "pids", "pids.max"), "20");
	CHECK_TEXT(fixture_value(&f, "cpuset", "cpuset.cpus"), "0");
	ASSERT(!cgroup_pids(&f.state, &f.a, &pids, &n, &f.e));
	CHECK(n == 1 && pids[0] == f.child);
	CHECK(WEXITSTATUS(fixture_wait(&f)) == 0);
	ASSERT(!cgroup_remove(&f.state, &f.e));
	CHECK(access(f.state.cgroups.v[0].path, F_OK) && errno == ENOENT);
	CHECK(!cgroup_remove(&f.state, &f.e));
	CHECK(!cgroup_pids(&f.state, &f.a, &pids, &n, &f.e) && n == 0);
	CHECK(!cgroup_kill(&f.state, SIGKILL, &f.e));
}

TEST(cgroup_not_empty_is_refused)
{
	auto_fixture struct fixture f = { 0 };
	struct cgroup second = CGROUP_INIT;

	if (!fixture_init(&f, NULL))
		return;
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, NULL));
	CHECK(cgroup_create(&f.plan, &second, &f.e));
	CHECK(f.e.num == EBUSY);
	CHECK_HAS(f.e.msg, "not empty: 1 process(es)");
	CHECK(!access(f.state.cgroups.v[0].path, F_OK));
	fixture_wait(&f);
	ASSERT(!cgroup_create(&f.plan, &second, &f.e)); /* an empty one is taken */
	cgroup_undo(&f.plan, &second);
	cgroup_close(&second);
	CHECK(!access(f.state.cgroups.v[0].path, F_OK)); /* it was there before */
}

TEST(cgroup_failure_leaves_nothing)
{
	auto_fixture struct fixture f = { 0 };

	if (!fixture_init(&f, "{\"cpu\":{\"cpus\":\"1000\"}}"))
		return;
	CHECK(cgroup_create(&f.plan, &f.cg, &f.e));
	CHECK_HAS(f.e.msg, "linux: resources: cpu: cpus");
	CHECK_HAS(f.e.msg, f.linux_.cgroups_path);
	for (size_t i = 0; i < f.plan.n_dirs; i++) {
		char *dir =
			arena_printf(&f.a, "%s%s", f.plan.dirs[i].mountpoint, f.plan.dirs[i].path);

		*strrchr(dir, '/') = '\0';
		CHECK(access(dir, F_OK));
	}
}

TEST(cgroup_settings_in_any_order)
{
	auto_fixture struct fixture f = { 0 };
	const char *big = "{\"memory\":{\"limit\":67108864,\"swap\":67108864},\"cpu\":{\"quota\":"
			  "90000,\"period\":100000,\"burst\":80000}}";
	const char *small = "{\"memory\":{\"limit\":33554432,\"swap\":33554432},\"cpu\":{\"quota\":"
			    "2000,\"period\":10000,\"burst\":1000}}";

	if (!fixture_init(&f, big))
		return;
	ASSERT(fixture_create(&f));
	CHECK(!cgroup_limit(&f.plan, &f.cg, &f.e));
	ASSERT(fixture_plan(&f, small));
	CHECK(!cgroup_limit(&f.plan, &f.cg, &f.e));
	ASSERT(fixture_plan(&f, big));
	if (cgroup_limit(&f.plan, &f.cg, &f.e))
		test_failed(__FILE__, __LINE__, f.e.msg);
	CHECK_TEXT(fixture_value(&f, "memory",
				 fixture_has_v1(&f, "memory") ? "memory.memsw.limit_in_bytes"
							      : "memory.max"),
		   "67108864");
}

TEST(cgroup_shares_are_read_back)
{
	auto_fixture struct fixture f = { 0 };

	if (!fixture_init(&f, "{\"cpu\":{\"shares\":1}}"))
		return;
	if (!fixture_has_v1(&f, "cpu")) {
		test_skip("needs cgroup v1: v2 maps every share to a weight");
		return;
	}
	ASSERT(fixture_create(&f));
	CHECK(cgroup_limit(&f.plan, &f.cg, &f.e));
	CHECK_HAS(f.e.msg, "linux: resources: cpu: shares");
	CHECK_HAS(f.e.msg, "the minimum of cpu.shares is 2");
}

/* As deep as a test has patience for, with a leaf at every step. */
static bool dig(const char *path, struct err *e)
{
	auto_fd int at = cgroup_open(path, e);

	for (int depth = 0; at >= 0 && depth < 40; depth++) {
		int next = mkdirat(at, "leaf", 0755) || mkdirat(at, "deeper", 0755)
				   ? -1
				   : openat(at, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		close_fd(&at);
		at = next;
	}
	return at >= 0;
}

TEST(cgroup_remove_what_is_below)
{
	auto_fixture struct fixture f = { 0 };

	if (!fixture_init(&f, NULL))
		return;
	ASSERT(fixture_create(&f));
	for (size_t i = 0; i < f.state.cgroups.n; i++)
		CHECK(dig(f.state.cgroups.v[i].path, &f.e));
	CHECK(!cgroup_remove(&f.state, &f.e));
	for (size_t i = 0; i < f.state.cgroups.n; i++)
		CHECK(access(f.state.cgroups.v[i].path, F_OK));
}

/* A planned record, written before anything was made, must not cost another's processes. */
TEST(cgroup_planned_record_kills_nobody)
{
	auto_fixture struct fixture f = { 0 };
	struct oci_state planned = { 0 };

	if (!fixture_init(&f, NULL))
		return;
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, NULL));
	cgroup_to_state(&f.plan, NULL, &planned, &f.a);
	CHECK(planned.cgroups.n == f.plan.n_dirs);
	CHECK(!cgroup_kill(&planned, SIGKILL, &f.e));
	CHECK(!cgroup_remove(&planned, &f.e));
	CHECK(!access(f.state.cgroups.v[0].path, F_OK));
	CHECK(WIFEXITED(fixture_wait(&f)));
}

/* But whom a killed create had started ends soon, and then nothing is left. */
TEST(cgroup_planned_record_waits_for_the_child)
{
	const struct timespec soon = { .tv_nsec = 100000000 };
	auto_fixture struct fixture f = { 0 };
	struct oci_state planned = { 0 };
	pid_t killer;

	if (!fixture_init(&f, NULL))
		return;
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, NULL));
	cgroup_to_state(&f.plan, NULL, &planned, &f.a);
	killer = fork();
	if (!killer) {
		nanosleep(&soon, NULL);
		_exit(kill(f.child, SIGKILL));
	}
	CHECK(!cgroup_remove(&planned, &f.e));
	for (size_t i = 0; i < planned.cgroups.n; i++)
		CHECK(access(planned.cgroups.v[i].path, F_OK));
	CHECK(killer > 0 && waitpid(killer, NULL, 0) == killer);
	CHECK(WIFSIGNALED(fixture_wait(&f)));
}

static int open_devices(void)
{
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDONLY);
	int saved = errno;

	return null < 0 ? 1 : zero >= 0 ? 2 : saved != EPERM ? 3 : 0;
}

static const struct plan_cgroup_rule only_null[] = { { false, 'a', -1, -1, 7, false },
						     { true, 'c', 1, 3, 7, false } };

TEST(cgroup_devices_v1)
{
	auto_fixture struct fixture f = { 0 };
	const struct oci_cgroup_dir *d;
	auto_fd int dir = -1;

	if (!fixture_init(&f, "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}"))
		return;
	if (!fixture_has_v1(&f, "devices")) {
		test_skip("needs the v1 devices controller");
		return;
	}
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, open_devices));
	ASSERT(!cgroup_limit(&f.plan, &f.cg, &f.e));
	CHECK_HAS(fixture_value(&f, "devices", "devices.list"), "c 1:5 rwm");
	d = cgroup_find_v1(&f.state, "devices");
	ASSERT((dir = cgroup_open(d->path, &f.e)) >= 0);
	ASSERT(!cgroup_dev_apply_v1(dir, only_null, 2, &f.e));
	CHECK_TEXT(fixture_value(&f, "devices", "devices.list"), "c 1:3 rwm");
	CHECK(WEXITSTATUS(fixture_wait(&f)) == 0);
}

TEST(cgroup_devices_program)
{
	auto_fixture struct fixture f = { 0 };

	if (!fixture_init(&f, NULL))
		return;
	ASSERT(fixture_create(&f));
	if (f.cg.v2_fd < 0) {
		test_skip("needs a v2 hierarchy");
		return;
	}
	ASSERT(fixture_spawn(&f, open_devices));
	if (cgroup_dev_apply_bpf(f.cg.v2_fd, f.plan.rules, f.plan.n_rules, &f.e)) {
		test_failed(__FILE__, __LINE__, f.e.msg);
		return;
	}
	/* Replaces the one above, which would allow /dev/zero. */
	CHECK(!cgroup_dev_apply_bpf(f.cg.v2_fd, only_null, 2, &f.e));
	CHECK(WEXITSTATUS(fixture_wait(&f)) == 0);
}

static int eat_memory(void)
{
	const size_t size = 64 << 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; p != MAP_FAILED && i < size; i += 4096)
		p[i] = 1;
	return 0;
}

TEST(cgroup_oom_is_counted)
{
	auto_fixture struct fixture f = { 0 };

	if (!fixture_init(&f, "{\"memory\":{\"limit\":8388608,\"swap\":8388608}}"))
		return;
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, eat_memory));
	ASSERT(!cgroup_limit(&f.plan, &f.cg, &f.e));
	CHECK(cgroup_oom_kills(&f.state) == 0);
	CHECK(WTERMSIG(fixture_wait(&f)) == SIGKILL);
	CHECK(cgroup_oom_kills(&f.state) == 1);
}

TEST(cgroup_too_low_a_limit_says_so)
{
	auto_fixture struct fixture f = { 0 };

	if (!fixture_init(&f, "{\"memory\":{\"limit\":67108864}}"))
		return;
	if (!fixture_has_v1(&f, "memory")) {
		test_skip("needs cgroup v1: v2 takes any limit and kills");
		return;
	}
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, NULL));
	/* With no swap to go to, and the pages in use, the kernel refuses. */
	ASSERT(!cgroup_limit(&f.plan, &f.cg, &f.e));
	ASSERT(fixture_plan(&f, "{\"memory\":{\"limit\":4096}}"));
	if (!cgroup_limit(&f.plan, &f.cg, &f.e))
		return; /* all was reclaimed: that is fine, too */
	CHECK(f.e.num == EBUSY);
	CHECK_HAS(f.e.msg, "linux: resources: memory: limit");
	CHECK_HAS(f.e.msg, "usage");
}

TEST(cgroup_controllers_enabled_above)
{
	auto_fixture struct fixture f = { 0 };

	if (!fixture_init(&f, "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}"))
		return;
	if (fixture_has_v1(&f, "hugetlb")) {
		test_skip("needs hugetlb in v2");
		return;
	}
	ASSERT(fixture_create(&f));
	CHECK(!cgroup_limit(&f.plan, &f.cg, &f.e));
	CHECK_TEXT(fixture_value(&f, "hugetlb", "hugetlb.2MB.max"), "4194304");
}
