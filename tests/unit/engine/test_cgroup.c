/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroups for real: made, joined, limited, frozen, killed and removed. Needs root. */
#include "shim/engine/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/engine/cgroup_dev.h"
#include "shim/engine/cgroup_dir.h"
#include "shim/engine/plan.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"
#include "tests/unit/test.h"

#define DEADLINE_MS 10000

/* A container's cgroups in a parent of this test's own, which fixture_done() removes as well. */
struct fixture {
	struct arena a;
	struct err e;
	struct host *host;
	struct oci_linux linux_;
	struct oci_config config;
	struct plan_input in;
	struct plan_cgroup plan;
	struct cgroup cg;
	struct oci_state state;
	pid_t child;
	int release; /* closed: the child goes on */
};

static bool fixture_plan(struct fixture *f, const char *resources)
{
	if (resources)
		f->linux_.resources =
			oci_resources_parse(resources, strlen(resources), &f->a, &f->e);
	if ((resources && !f->linux_.resources) || plan_cgroup(&f->in, &f->a, &f->plan, &f->e)) {
		printf("# plan: %s\n", f->e.msg);
		return false;
	}
	return true;
}

static bool fixture_init(struct fixture *f, const char *resources)
{
	*f = (struct fixture){ .cg = CGROUP_INIT, .release = -1 };
	f->host = host_probe(&f->a, &f->e);
	if (geteuid() || !f->host || f->host->cgroup_mode == HOST_CGROUP_NONE) {
		test_skip("needs root and cgroups");
		return false;
	}
	f->linux_.cgroups_path = arena_printf(&f->a, "/peapod-unit-%d/c1", (int)getpid());
	f->config.linux_ = &f->linux_;
	f->in = (struct plan_input){ .config = &f->config, .host = f->host, .id = "c1" };
	if (fixture_plan(f, resources))
		return true;
	test_failed(__FILE__, __LINE__, "plan");
	return false;
}

static bool fixture_create(struct fixture *f)
{
	if (cgroup_create(&f->plan, &f->cg, &f->e)) {
		printf("# create: %s\n", f->e.msg);
		return false;
	}
	cgroup_to_state(&f->plan, &f->cg, &f->state, &f->a);
	return true;
}

/* A child in the container's cgroups that waits, then calls fn. */
static bool fixture_spawn(struct fixture *f, int (*fn)(void))
{
	struct clone_args args = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	int pipes[2], up[2];
	char byte;

	if (pipe2(pipes, O_CLOEXEC) || pipe2(up, O_CLOEXEC))
		return false;
	if (f->cg.v2_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)f->cg.v2_fd;
	}
	f->child = proc_clone(&args);
	if (!f->child) {
		struct err e;

		close(pipes[1]);
		if (cgroup_join_self(&f->cg, &e))
			_exit(100);
		byte = 'j';
		if (write(up[1], &byte, 1) != 1 || read(pipes[0], &byte, 1) < 0)
			_exit(101);
		_exit(fn ? fn() : 0);
	}
	close(pipes[0]);
	close(up[1]);
	f->release = pipes[1];
	byte = 0;
	if (f->child < 0 || read(up[0], &byte, 1) != 1)
		printf("# the child did not join\n");
	close(up[0]);
	return byte == 'j';
}

static int fixture_wait(struct fixture *f)
{
	int status = -1;

	close_fd(&f->release);
	if (f->child > 0)
		waitpid(f->child, &status, 0);
	f->child = 0;
	return status;
}

static void fixture_done(struct fixture *f)
{
	if (f->child > 0) {
		kill(f->child, SIGKILL);
		fixture_wait(f);
	}
	close_fd(&f->release);
	if (cgroup_remove(&f->state, &f->e))
		test_failed(__FILE__, __LINE__, f->e.msg);
	cgroup_close(&f->cg);
	for (size_t i = 0; i < f->plan.n_dirs; i++) {
		char *dir = arena_printf(&f->a, "%s%s", f->plan.dirs[i].mountpoint,
					 f->plan.dirs[i].path);

		rmdir(dir);
		*strrchr(dir, '/') = '\0';
		rmdir(dir);
		if (!access(dir, F_OK))
			test_failed(__FILE__, __LINE__, dir);
	}
	arena_done(&f->a);
}
#define auto_fixture __attribute__((cleanup(fixture_done)))

static const char *value(struct fixture *f, const char *controller, const char *file)
{
	const struct oci_cgroup_dir *d = cgroup_find_v1(&f->state, controller);
	struct err ignored;
	auto_fd int dir = -1;

	if (!d)
		d = cgroup_find_v2(&f->state);
	dir = d ? cgroup_open(d->path, &ignored) : -1;
	return dir < 0 ? NULL : cgroup_read(dir, file, &f->a, &ignored);
}

static bool has_v1(const struct fixture *f, const char *controller)
{
	for (size_t i = 0; i < f->plan.n_dirs; i++)
		if (cgroup_key_has(f->plan.dirs[i].key, controller))
			return true;
	return false;
}

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
	if (has_v1(&f, "memory")) {
		CHECK_TEXT(value(&f, "memory", "memory.limit_in_bytes"), "33554432");
		CHECK_TEXT(value(&f, "memory", "memory.memsw.limit_in_bytes"), "33554432");
		CHECK_TEXT(value(&f, "cpu", "cpu.shares"), "512");
		CHECK_TEXT(value(&f, "cpu", "cpu.cfs_quota_us"), "20000");
		CHECK_TEXT(value(&f, "cpu", "cpu.cfs_period_us"), "50000");
	} else {
		CHECK_TEXT(value(&f, "memory", "memory.max"), "33554432");
		CHECK_TEXT(value(&f, "cpu", "cpu.weight"), "59");
		CHECK_TEXT(value(&f, "cpu", "cpu.max"), "20000 50000");
	}
	CHECK_TEXT(value(&f, "pids", "pids.max"), "20");
	CHECK_TEXT(value(&f, "cpuset", "cpuset.cpus"), "0");
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
	CHECK_TEXT(value(&f, "memory",
			 has_v1(&f, "memory") ? "memory.memsw.limit_in_bytes" : "memory.max"),
		   "67108864");
}

TEST(cgroup_shares_are_read_back)
{
	auto_fixture struct fixture f = { 0 };

	if (!fixture_init(&f, "{\"cpu\":{\"shares\":1}}"))
		return;
	if (!has_v1(&f, "cpu")) {
		test_skip("needs cgroup v1: v2 maps every share to a weight");
		return;
	}
	ASSERT(fixture_create(&f));
	CHECK(cgroup_limit(&f.plan, &f.cg, &f.e));
	CHECK_HAS(f.e.msg, "linux: resources: cpu: shares");
	CHECK_HAS(f.e.msg, "the minimum of cpu.shares is 2");
}

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
	if (!has_v1(&f, "freezer")) {
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
	CHECK_TEXT(value(&f, "freezer", "freezer.state"), "FROZEN");
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

TEST(cgroup_remove_what_is_below)
{
	auto_fixture struct fixture f = { 0 };

	if (!fixture_init(&f, NULL))
		return;
	ASSERT(fixture_create(&f));
	for (size_t i = 0; i < f.state.cgroups.n; i++) {
		auto_fd int at = cgroup_open(f.state.cgroups.v[i].path, &f.e);

		for (int depth = 0; depth < 40; depth++) {
			int next;

			CHECK(!mkdirat(at, "sibling", 0755));
			ASSERT(!mkdirat(at, "deeper", 0755));
			next = openat(at, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			close(at);
			at = next;
		}
	}
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
	if (!has_v1(&f, "devices")) {
		test_skip("needs the v1 devices controller");
		return;
	}
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, open_devices));
	ASSERT(!cgroup_limit(&f.plan, &f.cg, &f.e));
	CHECK_HAS(value(&f, "devices", "devices.list"), "c 1:5 rwm");
	d = cgroup_find_v1(&f.state, "devices");
	ASSERT((dir = cgroup_open(d->path, &f.e)) >= 0);
	ASSERT(!cgroup_dev_apply_v1(dir, only_null, 2, &f.e));
	CHECK_TEXT(value(&f, "devices", "devices.list"), "c 1:3 rwm");
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
	if (!has_v1(&f, "memory")) {
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

TEST(cgroup_exec_joins)
{
	auto_fixture struct fixture f = { 0 };
	struct cgroup exec = CGROUP_INIT;
	pid_t first;

	if (!fixture_init(&f, NULL))
		return;
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, NULL));
	first = f.child;
	f.state.pid = first;
	CHECK(cgroup_open_for_exec(&f.state, "a/../..", &exec, &f.e) && f.e.num == EINVAL);
	CHECK(cgroup_open_for_exec(&f.state, "nosuch:a", &exec, &f.e) && f.e.num == EINVAL);
	CHECK(cgroup_open_for_exec(&f.state, "a", &exec, &f.e) && f.e.num == ENOENT);
	for (size_t i = 0; i < f.state.cgroups.n; i++)
		CHECK(!mkdir(arena_printf(&f.a, "%s/a", f.state.cgroups.v[i].path), 0755));
	ASSERT(!cgroup_open_for_exec(&f.state, NULL, &exec, &f.e));
	CHECK(exec.n_join + (exec.v2_fd >= 0) == f.state.cgroups.n);
	cgroup_close(&exec);
	/* cpuset's new directory has no CPUs: leave that hierarchy alone by naming others. */
	if (has_v1(&f, "pids")) {
		ASSERT(!cgroup_open_for_exec(&f.state, "pids,freezer:/a/", &exec, &f.e));
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
	char *below, link[PATH_MAX] = "";
	auto_fd int dir = -1;

	if (!fixture_init(&f, NULL))
		return;
	if (!has_v1(&f, "hugetlb") &&
	    !fixture_plan(&f, "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}]}"))
		return;
	ASSERT(fixture_create(&f));
	ASSERT(fixture_spawn(&f, NULL));
	d = cgroup_find_v2(&f.state);
	dir = d ? cgroup_open(d->path, &f.e) : -1;
	if (dir < 0 || !*cgroup_read(dir, "cgroup.controllers", &f.a, &f.e)) {
		test_skip("needs a controller in v2 that is enabled for our parent");
		fixture_wait(&f);
		return;
	}
	below = arena_printf(&f.a, "%s/init", d->path);
	ASSERT(!mkdir(below, 0755));
	ASSERT(!write_file(AT_FDCWD, arena_printf(&f.a, "%s/cgroup.procs", below),
			   arena_printf(&f.a, "%d", (int)f.child), &f.e));
	ASSERT(!write_file(
		dir, "cgroup.subtree_control",
		arena_printf(&f.a, "+%s",
			     strtok(cgroup_read(dir, "cgroup.controllers", &f.a, &f.e), " ")),
		&f.e));
	f.state.pid = f.child;
	ASSERT(!cgroup_open_for_exec(&f.state, NULL, &exec, &f.e));
	CHECK(readlink(arena_printf(&f.a, "/proc/self/fd/%d", exec.v2_fd), link, sizeof(link) - 1) >
	      0);
	CHECK_TEXT(link, below);
	cgroup_close(&exec);
	fixture_wait(&f);
}

TEST(cgroup_controllers_enabled_above)
{
	auto_fixture struct fixture f = { 0 };

	if (!fixture_init(&f, "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}"))
		return;
	if (has_v1(&f, "hugetlb")) {
		test_skip("needs hugetlb in v2");
		return;
	}
	ASSERT(fixture_create(&f));
	CHECK(!cgroup_limit(&f.plan, &f.cg, &f.e));
	CHECK_TEXT(value(&f, "hugetlb", "hugetlb.2MB.max"), "4194304");
}
