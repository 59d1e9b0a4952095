/* SPDX-License-Identifier: Apache-2.0 */
/* run: start a pod's supervisor and stay in front of it for as long as wanted. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "shim/engine/sealed.h"
#include "shim/pod/follow.h"
#include "shim/pod/infra.h"
#include "shim/pod/member.h"
#include "shim/pod/pod.h"
#include "shim/pod/supervisor.h"
#include "spec/base/auto.h"
#include "spec/base/proc.h"

#define REPORT_FD 3 /* in the supervisor */

struct front {
	const struct pod_env *env;
	const struct pod_run *run;
	struct loop loop;
	struct loop_source report, signals, logs;
	struct follow follow;
	bool following;
	pid_t supervisor;
	struct report last; /* .kind 0: it died without a word */
};

/* A session of its own, no stdio and no fd of the caller's but the report socket. */
static void detach_from_caller(int report)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (report != REPORT_FD)
		dup3(report, REPORT_FD, O_CLOEXEC);
	sealed_release();
	proc_close_from(REPORT_FD + 1);
	(void)!chdir("/");
}

static int start_supervisor(struct front *f, struct err *e)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "make a socket pair");
	f->supervisor = proc_clone(&args);
	if (f->supervisor == 0) {
		detach_from_caller(pair[1]);
		pod_supervise(f->env, f->run, REPORT_FD);
		_exit(0);
	}
	close(pair[1]);
	f->report.fd = pair[0];
	return f->supervisor < 0 ? err_sys(e, "start the pod's supervisor") : 0;
}

static void logs_came(struct loop_source *src, uint32_t events)
{
	struct front *f = container_of(src, struct front, logs);
	struct err e;

	(void)events;
	/* Nobody reads any more: then the pod goes on without a reader. */
	if (follow_pump(&f->follow, &e))
		loop_del(&f->loop, src);
}

static void follow_logs(struct front *f)
{
	struct err ignored;

	if (follow_open(&f->follow, f->env->engine->root, f->run->spec->name, NULL,
			f->run->log_names, f->run->log_fd, &ignored)) {
		follow_done(&f->follow);
		return;
	}
	f->following = true;
	if (loop_add(&f->loop, &f->logs, f->follow.inotify, EPOLLIN, logs_came, &ignored) == 0)
		logs_came(&f->logs, EPOLLIN);
}

static void report_came(struct loop_source *src, uint32_t events)
{
	struct front *f = container_of(src, struct front, report);
	struct report got = { 0 };

	(void)events;
	if (recv(src->fd, &got, sizeof(got), 0) != sizeof(got))
		got.kind = 0;
	f->last = got;
	if (got.kind == REPORT_MADE && !f->run->detach)
		follow_logs(f);
	if (got.kind == REPORT_MADE || (got.kind == REPORT_STARTED && !f->run->detach))
		return;
	loop_stop(&f->loop);
}

static void signal_came(struct loop_source *src, uint32_t events)
{
	struct front *f = container_of(src, struct front, signals);
	struct signalfd_siginfo info;

	(void)events;
	while (read(src->fd, &info, sizeof(info)) == sizeof(info))
		kill(f->supervisor, SIGTERM);
}

static int stay(struct front *f, struct err *e)
{
	int fd = f->report.fd, failed;
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, NULL, &old);
	failed = loop_signals(&f->loop, &f->signals, &set, signal_came, e) ||
		 loop_add(&f->loop, &f->report, fd, EPOLLIN, report_came, e) ||
		 loop_run(&f->loop, e);
	loop_del(&f->loop, &f->signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return failed ? -1 : 0;
}

/* The log of a failed init container, when nobody has followed it. */
static void show_failed_init(struct front *f)
{
	struct err ignored;

	if (f->last.kind == REPORT_INIT_FAILED && !f->following)
		pod_logs(f->env, f->run->spec->name, f->last.member, false, f->run->log_names,
			 f->run->log_fd, &ignored);
}

static int outcome(const struct front *f, struct err *e)
{
	switch ((enum report_kind)f->last.kind) {
	case REPORT_STARTED:
		return 0;
	case REPORT_ENDED:
	case REPORT_INIT_FAILED:
		return f->last.code;
	case REPORT_FAILED:
		*e = f->last.err;
		return -1;
	case REPORT_MADE:
	default:
		return err_set(e, ECHILD,
			       "the supervisor of pod '%s' has died; 'pod rm --force' cleans up",
			       f->run->spec->name);
	}
}

/* From a started supervisor to its last word. */
static int see_through(struct front *f, struct err *e)
{
	int fd = f->report.fd, failed = stay(f, e);
	struct err ignored;

	if (f->following) {
		(void)follow_pump(&f->follow, &ignored);
		follow_done(&f->follow);
	}
	show_failed_init(f);
	close(fd); /* a pod that shall be removed waits for this */
	if (!failed && f->last.kind != REPORT_STARTED)
		waitpid(f->supervisor, NULL, 0);
	return failed ? -1 : outcome(f, e);
}

int pod_run(const struct pod_env *env, const struct pod_run *run, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct pod_env full = *env;
	struct front f = { .env = &full, .run = run };
	int code;

	f.report.fd = f.signals.fd = f.logs.fd = -1;
	if (pod_check_spec(run->spec, e) || pod_members_check(env, run->spec, e))
		return -1;
	if (geteuid() != 0)
		return err_set(e, EPERM,
			       "pods need root, or a user namespace of one's own: try 'unshare "
			       "-Urmn peapod ... pod run ...', or 'peapod run' for a single "
			       "container");
	if (proc_check_mount(e))
		return -1;
	full.pause = pod_pause_path(env, &a, e);
	if (!full.pause || loop_init(&f.loop, e))
		return -1;
	code = start_supervisor(&f, e) ? -1 : see_through(&f, e);
	loop_done(&f.loop);
	return code;
}
