/* SPDX-License-Identifier: Apache-2.0 */
/* The OOM watch for real: a kill is told once, and so is the end of the cgroup. Needs root. */
#include "shim/engine/oom.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/unit/engine/cgroup_fixture.h"
#include "tests/unit/test.h"

#define DEADLINE_MS 60000
#define EATEN	    (64 << 20) /* bytes */
#define auto_watch  __attribute__((cleanup(oom_close)))

static int eat(void)
{
	char *p = mmap(NULL, EATEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	memset(p, 1, EATEN);
	return 0;
}

static bool readable(const struct oom_watch *w, int ms)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/* What the watch says, within the deadline, that is not "nothing new". */
static int wait_told(struct oom_watch *w)
{
	int told = 0;

	while (!told && readable(w, DEADLINE_MS))
		told = oom_read(w);
	return told;
}

TEST(oom_kill_is_told_and_then_the_end)
{
	auto_fixture struct fixture f;
	auto_watch struct oom_watch w = OOM_WATCH_INIT;
	int status;

	if (!fixture_init(&f, "{\"memory\":{\"limit\":8388608,\"swap\":8388608}}") ||
	    !fixture_create(&f))
		return;
	ASSERT(fixture_spawn(&f, eat));
	ASSERT(!cgroup_limit(&f.plan, &f.cg, &f.e));
	ASSERT(!oom_open(&f.state, &w, &f.e));
	CHECK(!oom_read(&w));
	status = fixture_wait(&f);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(wait_told(&w) == 1);
	while (readable(&w, 0)) /* v1 may tell of one OOM more than once */
		CHECK(oom_read(&w) >= 0);
	CHECK(!oom_read(&w));
	cgroup_close(&f.cg);
	CHECK(!cgroup_remove(&f.state, &f.e));
	if (!w.v2)
		CHECK(wait_told(&w) == -1);
	CHECK(oom_read(&w) == -1);
}

TEST(oom_watch_needs_a_memory_cgroup)
{
	struct oci_cgroup_dir dirs[] = {
		{ (char *)"cpu", (char *)"/sys/fs/cgroup/cpu/oom-test/gone", true },
		{ (char *)"memory", (char *)"/sys/fs/cgroup/memory/oom-test/gone", true },
	};
	struct oci_state s = { .cgroups = { 1, dirs } };
	struct oom_watch w = OOM_WATCH_INIT;
	struct err e;

	CHECK(oom_open(&s, &w, &e) && e.num == ENOTSUP);
	s.cgroups.n = 2;
	CHECK(oom_open(&s, &w, &e) && e.num == ENOENT);
	CHECK(w.fd < 0 && w.dir < 0);
}
