/* SPDX-License-Identifier: Apache-2.0 */
/* What a job undoes when it fails behind the engine's back. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/daemon/work.h"
#include "shim/engine/engine.h"
#include "tests/unit/test.h"

static pid_t started; /* by the last engine_exec() */

/* In place of the engine's: the process is there, its terminal does not come. */
int engine_exec(const struct engine *en, const struct engine_exec *req, pid_t *pid, int *pidfd,
		struct err *e)
{
	(void)en;
	(void)pidfd;
	started = fork();
	if (!started) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	if (started < 0 || send(req->console_fd, "pts", 3, 0) != 3)
		return err_sys(e, "exec");
	*pid = started;
	return 0;
}

TEST(an_exec_whose_terminal_does_not_come_leaves_no_process)
{
	static const char spec[] = "{\"terminal\": true, \"cwd\": \"/\", \"args\": [\"sh\"]}";
	const struct place place = { .root = "/nowhere" };
	struct io_child io = IO_CHILD_INIT;
	struct work_exec x = { .work = { &place, "box" },
			       .spec = spec,
			       .spec_len = strlen(spec),
			       .terminal = true,
			       .io = &io };
	struct job_result r = { .console = -1 };
	struct err e;
	pid_t left;

	CHECK(work_exec(&x, &r, &e) == -1);
	CHECK_HAS(e.msg, "no terminal came");
	ASSERT(started > 0);
	left = waitpid(started, NULL, WNOHANG);
	CHECK(left == -1 && errno == ECHILD);
	if (!left)
		kill(started, SIGKILL);
}
