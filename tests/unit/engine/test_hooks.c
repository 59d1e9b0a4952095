/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks: what they get, how their failures read. They run /bin/sh as who runs the tests. */
#include "shim/engine/hooks.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"
#include "tests/unit/test.h"

static const char *hook_of(struct arena *a, const char *script, char **env, int64_t timeout,
			   int init)
{
	char *args[] = { "sh", "-c", arena_strdup(a, script), NULL };
	struct oci_hook h = { .path = "/bin/sh",
			      .args = { .n = 3, .v = args },
			      .env = { .n = 1, .v = env },
			      .timeout = { .set = timeout != 0, .v = timeout } };
	struct oci_config c = { .hooks = { .prestart = { .n = 1, .v = &h } } };
	struct hook_place place = { .state = "{\"id\":\"x\"}", .cwd = "/usr", .init_pidfd = init };
	struct err e;

	return hooks_run(&c, HOOK_PRESTART, &place, &e) ? arena_strdup(a, e.msg) : "";
}

/* Run `sh -c script` as a prestart hook; the error's text, "" when it went well. */
static const char *hook(struct arena *a, const char *script, char **env, int64_t timeout)
{
	return hook_of(a, script, env, timeout, -1);
}

TEST(hook_gets_state_cwd_and_only_its_fds)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(hook(&a, "[ \"$(cat)\" = '{\"id\":\"x\"}' ]", NULL, 0), "");
	CHECK_TEXT(hook(&a, "[ \"$(pwd)\" = /usr ]", NULL, 0), "");
	CHECK_TEXT(hook(&a, "set -- $(ls /proc/self/fd); [ $# = 4 ]", NULL, 0), "");
}

TEST(hook_env_is_as_given_or_ours)
{
	auto_arena struct arena a = { 0 };
	char *env[] = { "X=1", NULL };

	setenv("PEAPOD_HOOK_TEST", "y", 1);
	CHECK_TEXT(hook(&a, "[ \"$X\" = 1 ] && [ -z \"$PEAPOD_HOOK_TEST\" ]", env, 0), "");
	CHECK_TEXT(hook(&a, "[ \"$PEAPOD_HOOK_TEST\" = y ]", NULL, 0), "");
	unsetenv("PEAPOD_HOOK_TEST");
}

TEST(hook_failure_names_it_and_quotes_its_output)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(hook(&a, "echo no luck >&2; exit 3", NULL, 0),
		   "hook prestart[0] '/bin/sh': exit status 3: no luck");
	CHECK_TEXT(hook(&a, "kill -9 $$", NULL, 0),
		   "hook prestart[0] '/bin/sh': ended by signal 9");
	CHECK_TEXT(hook(&a, "exit 1", NULL, 0), "hook prestart[0] '/bin/sh': exit status 1");
}

TEST(hook_output_is_bounded)
{
	auto_arena struct arena a = { 0 };
	const char *text = hook(&a, "yes | head -c 300000; echo the end; exit 1", NULL, 0);

	CHECK(strlen(text) < 400);
	CHECK_HAS(text, "the end");
}

/* Run a script that writes its background process's pid to $OUT; that pid. */
static pid_t background_of(struct arena *a, const char *script, int64_t timeout, const char *want)
{
	char name[] = "/tmp/peapod-hook-XXXXXX";
	auto_fd int fd = mkstemp(name);
	struct err e;
	uint64_t pid;
	char *text;

	if (fd < 0)
		return -1;
	unlink(name);
	CHECK_TEXT(hook(a, arena_printf(a, "OUT=/proc/%d/fd/%d; %s", getpid(), fd, script), NULL,
			timeout),
		   want);
	lseek(fd, 0, SEEK_SET);
	text = read_file(fd, "", 100, a, NULL, &e);
	if (!text)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	return parse_u64(text, 10, INT32_MAX, &pid) ? -1 : (pid_t)pid;
}

TEST(hook_with_children_in_the_background_is_not_waited_for)
{
	auto_arena struct arena a = { 0 };
	pid_t pid = background_of(&a, "sleep 60 & echo $! >$OUT", 30, "");

	ASSERT(pid > 1);
	CHECK(!kill(pid, SIGKILL)); /* it was still there */
}

TEST(hook_timeout_kills_the_group)
{
	auto_arena struct arena a = { 0 };
	struct timespec nap = { .tv_nsec = 10000000 };
	pid_t pid = -1;

	/* A busy machine may take longer until the script has written. */
	for (int s = 1; pid < 2 && s <= 64; s *= 4)
		pid = background_of(&a, "sleep 60 & echo $! >$OUT; wait", s,
				    arena_printf(&a,
						 "hook prestart[0] '/bin/sh': killed after its "
						 "timeout of %d s",
						 s));
	ASSERT(pid > 1);
	for (int i = 0; i < 6000 && !kill(pid, 0); i++)
		nanosleep(&nap, NULL);
	CHECK(kill(pid, 0) && errno == ESRCH);
}

TEST(hook_does_not_outlive_the_process_that_it_is_for)
{
	auto_arena struct arena a = { 0 };
	pid_t init = fork();
	auto_fd int pidfd = -1;

	if (!init) {
		pause();
		_exit(0);
	}
	ASSERT(init > 0);
	pidfd = proc_pidfd(init);
	CHECK_TEXT(hook_of(&a, "exit 0", NULL, 0, pidfd), "");
	CHECK_TEXT(hook_of(&a, arena_printf(&a, "echo so far; kill -9 %d; sleep 60", init), NULL,
			   30, pidfd),
		   "hook prestart[0] '/bin/sh': killed with the container's process: so far");
	CHECK(proc_reap(init) == 128 + SIGKILL);
}

TEST(hook_that_is_missing)
{
	struct oci_hook h = { .path = "/nonexistent/hook" };
	struct oci_config c = { .hooks = { .poststop = { .n = 1, .v = &h } } };
	struct hook_place place = { .state = "{}", .cwd = "/", .init_pidfd = -1 };
	struct err e;

	CHECK(hooks_run(&c, HOOK_POSTSTOP, &place, &e) == -1);
	CHECK_HAS(e.msg, "hook poststop[0] '/nonexistent/hook': exit status 127: execute: "
			 "No such file or directory");
}
