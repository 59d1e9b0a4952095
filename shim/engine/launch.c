/* SPDX-License-Identifier: Apache-2.0 */
/* launch: clone3 and the conversation with the new process. */
#include "shim/engine/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "shim/engine/sync.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"

#define PIDFD_NAME "pidfd" /* the payload that goes with it, as runc sends it */

static int check_passed_fds(const struct plan_proc *p, struct err *e)
{
	for (unsigned int i = 0; i < p->listen_fds + p->preserve_fds; i++) {
		if (!fd_is_open(STDERR_FILENO + 1 + (int)i))
			return err_set(e, EBADF, "%s: fd %u is not open",
				       i < p->listen_fds ? "LISTEN_FDS" : "preserve-fds",
				       STDERR_FILENO + 1 + i);
	}
	return 0;
}

static int open_console(struct child *c, const char *path, int fd, struct err *e)
{
	bool given = path || fd >= 0;

	if (c->plan->proc.terminal != given)
		return err_set(e, EINVAL, "process: terminal: %s",
			       given ? "a console socket is given, but terminal is false"
				     : "needs a console socket");
	if (!given)
		return 0;
	c->console = path ? tty_connect(path, e) : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (c->console >= 0)
		return 0;
	return path ? err_ctx(e, "console socket") : err_sys(e, "duplicate the console socket");
}

int launch_prepare(struct child *c, const char *console_socket, int console_fd, struct err *e)
{
	int pair[2];

	if (check_passed_fds(&c->plan->proc, e) || open_console(c, console_socket, console_fd, e) ||
	    exe_self(&c->self, e))
		return -1;
	c->proc = fd_above_stdio(ns_open_proc(e));
	if (c->proc < 0)
		return -1;
	c->null = fd_above_stdio(open("/dev/null", O_RDWR | O_CLOEXEC));
	if (c->null < 0)
		return err_sys(e, "open /dev/null");
	if (sync_pair(pair, e))
		return -1;
	c->parent_sync = fd_above_stdio(pair[0]);
	c->sync = fd_above_stdio(pair[1]);
	return 0;
}

void launch_done(struct child *c)
{
	close_fd(&c->proc);
	close_fd(&c->null);
	close_fd(&c->console);
	close_fd(&c->parent_sync);
	close_fd(&c->sync);
	arena_done(&c->arena);
}

static int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 0;
	}
	return status;
}

/* The stage has told the pid of the process that goes on; take that one over. */
static int take_second(struct child *c, struct launched *l, struct err *e)
{
	struct sync_msg m;
	int failed = sync_expect(c->parent_sync, SYNC_STAGED, &m, e);

	reap(l->pid);
	close_fd(&l->pidfd);
	l->pid = failed ? 0 : m.pid;
	if (failed)
		return -1;
	l->pidfd = proc_pidfd(l->pid);
	return l->pidfd < 0 ? err_sys(e, "open a pidfd") : 0;
}

int launch_clone(struct child *c, uint64_t flags, void (*run)(struct child *), struct launched *l,
		 struct err *e)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | flags,
		.pidfd = (uint64_t)(uintptr_t)&l->pidfd,
		.exit_signal = SIGCHLD,
	};

	if (c->cgroup->v2_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)c->cgroup->v2_fd;
	}
	l->pid = proc_clone(&args);
	if (!l->pid)
		run(c);
	if (l->pid < 0) {
		l->pid = 0;
		return err_sys(e, "clone the container's process");
	}
	close_fd(&c->sync);
	return 0;
}

int launch_settle(struct child *c, struct launched *l, struct err *e)
{
	struct proc_stat st;

	if (c->staged && take_second(c, l, e))
		return -1;
	if (proc_check_mount(e) || proc_stat(l->pid, &st, e)) {
		launch_kill(l);
		return -1;
	}
	l->start_time = st.start_time;
	return 0;
}

/* The kernel killed it in its cgroup: tell which limit that was. */
static int memory_too_low(const struct child *c, struct err *e)
{
	const struct oci_linux *l = c->config->linux_;
	const struct oci_resources *r = l ? l->resources : NULL;

	if (!r || !r->memory || !r->memory->limit.set)
		return err_set(e, ENOMEM,
			       "the process was killed for want of memory before it could start");
	return err_set(e, ENOMEM,
		       "linux: resources: memory: limit: too low to start the process: it was "
		       "killed for want of memory, with a limit of %" PRId64 " bytes",
		       r->memory->limit.v);
}

int launch_explain(struct child *c, struct launched *l, struct err *e)
{
	int status;

	if (!l->pid)
		return -1;
	proc_signal(l->pidfd, SIGKILL);
	status = reap(l->pid);
	l->pid = 0;
	if (!WIFSIGNALED(status))
		return err_set(e, ESRCH, "the container's process ended with status %d: %s",
			       WEXITSTATUS(status), arena_strdup(&c->arena, e->msg));
	if (WTERMSIG(status) == SIGKILL && cgroup_oom_kills(c->record))
		return memory_too_low(c, e);
	return err_set(e, ESRCH, "the container's process was killed by signal %d: %s",
		       WTERMSIG(status), arena_strdup(&c->arena, e->msg));
}

int launch_expect(struct child *c, struct launched *l, int type, struct err *e)
{
	struct sync_msg m;
	int got;

	for (;;) {
		got = sync_recv(c->parent_sync, &m);
		if (got <= 0) {
			err_set(e, ESRCH, "the sync socket was closed");
			return launch_explain(c, l, e);
		}
		if (m.type != SYNC_WARNING)
			break;
		sync_log(&m);
	}
	if ((int)m.type == type)
		return 0;
	if (m.type == SYNC_FAILED) {
		*e = m.err;
		return -1;
	}
	return err_set(e, EPROTO, "the container's process said %u instead of %d", m.type, type);
}

int launch_after_exec(int conn, struct listener *l, struct err *e)
{
	struct sync_msg m;
	int got = sync_recv(conn, &m);

	if (got > 0 && m.type == SYNC_LISTENER) {
		if (listener_serve(l, m.pid, e))
			return -1;
		sync_send(conn, SYNC_GO, 0,
			  NULL); /* EPIPE: it has been killed: no failure of ours */
		got = sync_recv(conn, &m);
	}
	if (got > 0 && m.type == SYNC_FAILED) {
		*e = m.err;
		return -1;
	}
	return got < 0 ? err_sys(e, "wait for the exec") : 0;
}

int launch_expect_exec(int conn, struct listener *l, struct err *e)
{
	struct sync_msg m;

	return sync_expect(conn, SYNC_EXEC, &m, e) || launch_after_exec(conn, l, e) ? -1 : 0;
}

void launch_kill(struct launched *l)
{
	if (l->pid > 0) {
		if (l->pidfd < 0 || proc_signal(l->pidfd, SIGKILL))
			kill(l->pid, SIGKILL);
		reap(l->pid);
	}
	l->pid = 0;
	close_fd(&l->pidfd);
}

int launch_send_pidfd(const char *path, const struct launched *l, struct err *e)
{
	auto_fd int sock = -1;

	if (!path)
		return 0;
	sock = tty_connect(path, e);
	if (sock < 0)
		return err_ctx(e, "pidfd socket");
	if (send_fds(sock, PIDFD_NAME, strlen(PIDFD_NAME), &l->pidfd, 1))
		return err_sys(e, "pidfd socket: send");
	return 0;
}
