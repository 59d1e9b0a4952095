/* SPDX-License-Identifier: Apache-2.0 */
/* test_ctl: questions to a supervisor, answers, and nobody there. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "shim/pod/ctl.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "tests/unit/test.h"

/* A child that asks while the test answers; its exit code is 0, or the errno it got. */
static pid_t ask(int dir, const struct ctl_request *req, const char *text)
{
	pid_t pid = fork();
	struct err e = { 0 };

	if (pid)
		return pid;
	if (!ctl_call(dir, req, 60, &e))
		_exit(0);
	_exit(strcmp(e.msg, text) ? 99 : e.num);
}

static int accept_soon(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	return poll(&p, 1, 60000) == 1 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
}

static int code_of(pid_t pid)
{
	int status = 0;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ctl_questions_and_answers)
{
	auto_arena struct arena a = { 0 };
	char path[] = "/tmp/peapod-unit-ctl-XXXXXX";
	const struct ctl_request add = { .op = CTL_ADD,
					 .seconds = 3,
					 .member = (char *)"app",
					 .bundle = (char *)"/b",
					 .replace = true };
	struct err e = { 0 }, busy = { .num = EBUSY, .msg = "not now" };
	struct ctl_request got;
	auto_fd int dir = -1, listener = -1, conn = -1;
	pid_t pid;

	ASSERT(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(ctl_call(dir, &add, 1, &e) == -1 && e.num == ECONNREFUSED);
	listener = ctl_listen(dir, &e);
	ASSERT(listener >= 0);
	pid = ask(dir, &add, "");
	conn = accept_soon(listener);
	ASSERT(conn >= 0 && !ctl_read(conn, &a, &got, &e));
	CHECK(got.op == CTL_ADD && got.seconds == 3 && got.replace);
	CHECK_TEXT(got.member, "app");
	CHECK_TEXT(got.bundle, "/b");
	ctl_answer(conn, NULL);
	CHECK(code_of(pid) == 0);
	close_fd(&conn);

	pid = ask(dir, &add, "not now");
	conn = accept_soon(listener);
	ctl_answer(conn, &busy);
	CHECK(code_of(pid) == EBUSY);
	close_fd(&conn);

	/* One that dies before it answers: whoever asked may act itself. */
	pid = ask(dir, &add, "the pod's supervisor has hung up");
	conn = accept_soon(listener);
	close_fd(&conn);
	CHECK(code_of(pid) == ECONNREFUSED);
	/* And one that has died before: a stale socket is no supervisor. */
	close_fd(&listener);
	CHECK(ctl_call(dir, &add, 1, &e) == -1 && e.num == ECONNREFUSED);
	listener = ctl_listen(dir, &e);
	CHECK(listener >= 0);
	CHECK(!path_remove_tree(-1, path, &e));
}

TEST(ctl_refuses_what_is_no_request)
{
	static const char *const bad[] = {
		"", "x", "{}", "{\"op\":\"dance\"}", "{\"op\":\"stop\",\"seconds\":-1}", "[]"
	};
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < countof(bad); i++) {
		struct ctl_request got;
		struct err e = { 0 };
		int pair[2];

		ASSERT(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
		CHECK(send(pair[0], bad[i], strlen(bad[i]), 0) >= 0);
		shutdown(pair[0], SHUT_WR);
		CHECK(ctl_read(pair[1], &a, &got, &e) == -1 && e.num);
		close(pair[0]);
		close(pair[1]);
	}
}
