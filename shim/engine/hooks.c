/* SPDX-License-Identifier: Apache-2.0 */
/* hooks: start, feed, watch, time out and judge one program after the other. */
#include "shim/engine/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "shim/engine/exe.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/proc.h"
#include "spec/base/when.h"

#define EXIT_NO_EXEC 127

/* Why a hook is no longer watched. All but the first leave it to be killed. */
enum hook_end {
	HOOK_ENDED,
	HOOK_LATE,
	HOOK_ORPHANED, /* the container's process has ended */
	HOOK_UNSEEN,   /* poll() has failed */
};

static const char *const kind_names[HOOK_COUNT] = {
	[HOOK_PRESTART] = "prestart",
	[HOOK_CREATE_RUNTIME] = "createRuntime",
	[HOOK_CREATE_CONTAINER] = "createContainer",
	[HOOK_START_CONTAINER] = "startContainer",
	[HOOK_POSTSTART] = "poststart",
	[HOOK_POSTSTOP] = "poststop",
};

const struct oci_hook_list *hooks_of(const struct oci_config *c, enum hook_kind kind)
{
	const struct oci_hook_list *const lists[HOOK_COUNT] = {
		[HOOK_PRESTART] = &c->hooks.prestart,
		[HOOK_CREATE_RUNTIME] = &c->hooks.create_runtime,
		[HOOK_CREATE_CONTAINER] = &c->hooks.create_container,
		[HOOK_START_CONTAINER] = &c->hooks.start_container,
		[HOOK_POSTSTART] = &c->hooks.poststart,
		[HOOK_POSTSTOP] = &c->hooks.poststop,
	};

	return lists[kind];
}

/* The last bytes of what a hook wrote. */
struct tail {
	char text[2 * HOOK_OUTPUT_MAX];
	size_t len;
};

static void tail_add(struct tail *t, const char *data, size_t n)
{
	if (n > HOOK_OUTPUT_MAX) {
		data += n - HOOK_OUTPUT_MAX;
		n = HOOK_OUTPUT_MAX;
	}
	if (t->len + n > sizeof(t->text)) {
		memmove(t->text, t->text + t->len - HOOK_OUTPUT_MAX, HOOK_OUTPUT_MAX);
		t->len = HOOK_OUTPUT_MAX;
	}
	memcpy(t->text + t->len, data, n);
	t->len += n;
}

/* One line without control characters, with ": " in front; "" when it wrote nothing. */
static const char *tail_text(struct tail *t, char out[HOOK_OUTPUT_MAX + 4])
{
	size_t from = t->len > HOOK_OUTPUT_MAX ? t->len - HOOK_OUTPUT_MAX : 0;
	size_t n = t->len - from;

	while (n && (unsigned char)t->text[from + n - 1] <= ' ')
		n--;
	for (size_t i = from; i < from + n; i++) {
		if ((unsigned char)t->text[i] < ' ')
			t->text[i] = ' ';
	}
	if (n)
		snprintf(out, HOOK_OUTPUT_MAX + 4, ": %.*s", (int)n, t->text + from);
	else
		out[0] = '\0';
	return out;
}

/* A file in memory: nothing blocks whether or not the hook reads it. */
static int state_file(const char *state, struct err *e)
{
	auto_fd int fd = memfd_create("state.json", MFD_CLOEXEC);

	if (fd < 0 || write_all(fd, state, strlen(state)) || lseek(fd, 0, SEEK_SET))
		return err_sys(e, "give it the state");
	return take_fd(&fd);
}

static _Noreturn void hook_child(const struct oci_hook *h, const struct hook_place *place, int in,
				 int out)
{
	char *const *env = h->env.v ? h->env.v : place->env ? place->env : environ;
	char *own_args[] = { h->path, NULL };

	exe_reset_signals();
	setsid();
	/* both are above 2: what comes from 0..2 was moved there */
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	proc_close_from(STDERR_FILENO + 1);
	if (chdir(place->cwd)) {
		dprintf(STDERR_FILENO, "change to '%s': %s", place->cwd, strerror(errno));
		_exit(EXIT_NO_EXEC);
	}
	execve(h->path, h->args.n ? h->args.v : own_args, env);
	dprintf(STDERR_FILENO, "execute: %s", strerror(errno));
	_exit(EXIT_NO_EXEC);
}

static int start_hook(const struct oci_hook *h, const struct hook_place *place, int out, int *pidfd,
		      struct err *e)
{
	auto_fd int in = fd_above_stdio(state_file(place->state, e));
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	if (in < 0)
		return -1;
	pid = proc_clone(&args);
	if (!pid)
		hook_child(h, place, in, out);
	return pid < 0 ? err_sys(e, "fork") : pid;
}

static void drain(int out, struct tail *t)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(out, buf, sizeof(buf))) > 0)
		tail_add(t, buf, (size_t)n);
}

/* Until the process itself ends: what it left in the background may keep the pipe. */
static enum hook_end watch(int pidfd, int out, int init, int64_t deadline, struct tail *t)
{
	struct pollfd p[] = { { .fd = pidfd, .events = POLLIN },
			      { .fd = out, .events = POLLIN },
			      { .fd = init, .events = POLLIN } };

	for (;;) {
		int64_t left = deadline < 0 ? -1 : deadline - when_ms();
		int n;

		if (deadline >= 0 && left <= 0)
			return HOOK_LATE;
		n = poll(p, countof(p), left > INT_MAX ? INT_MAX : (int)left);
		if (n < 0 && errno != EINTR)
			return HOOK_UNSEEN;
		if (n <= 0)
			continue;
		drain(out, t);
		if (p[0].revents)
			return HOOK_ENDED;
		if (p[2].revents)
			return HOOK_ORPHANED;
		if (p[1].revents & POLLHUP)
			p[1].fd = -1;
	}
}

static int judge(pid_t pid, enum hook_end end, const struct oci_hook *h, struct tail *t,
		 struct err *e)
{
	char output[HOOK_OUTPUT_MAX + 4];
	int status;

	if (end != HOOK_ENDED) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL); /* it may not lead a group yet */
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(e, "wait for it");
	}
	if (end == HOOK_LATE)
		return err_set(e, ETIME, "killed after its timeout of %lld s%s",
			       (long long)h->timeout.v, tail_text(t, output));
	if (end == HOOK_ORPHANED)
		return err_set(e, ESRCH, "killed with the container's process%s",
			       tail_text(t, output));
	if (end == HOOK_UNSEEN)
		return err_set(e, EIO, "watch it");
	if (WIFSIGNALED(status))
		return err_set(e, EIO, "ended by signal %d%s", WTERMSIG(status),
			       tail_text(t, output));
	if (WEXITSTATUS(status))
		return err_set(e, EIO, "exit status %d%s", WEXITSTATUS(status),
			       tail_text(t, output));
	return 0;
}

static int run_hook(const struct oci_hook *h, const struct hook_place *place, struct err *e)
{
	auto_fd int from = -1, to = -1, pidfd = -1;
	int64_t deadline = -1;
	struct tail t = { .len = 0 };
	int ends[2];
	pid_t pid;

	if (h->timeout.set && h->timeout.v > 0)
		deadline = h->timeout.v > INT_MAX ? -1 : when_ms() + h->timeout.v * 1000;
	if (pipe2(ends, O_CLOEXEC))
		return err_sys(e, "make a pipe");
	from = fd_above_stdio(ends[0]);
	to = fd_above_stdio(ends[1]);
	if (fcntl(from, F_SETFL, O_NONBLOCK))
		return err_sys(e, "set up its pipe");
	pid = start_hook(h, place, to, &pidfd, e);
	if (pid < 0)
		return -1;
	close_fd(&to);
	return judge(pid, watch(pidfd, from, place->init_pidfd, deadline, &t), h, &t, e);
}

static int run_indexed(enum hook_kind kind, const struct oci_hook_list *list, size_t i,
		       const struct hook_place *place, struct err *e)
{
	if (run_hook(&list->v[i], place, e))
		return err_ctx(e, "hook %s[%zu] '%s'", kind_names[kind], i, list->v[i].path);
	return 0;
}

int hooks_run(const struct oci_config *c, enum hook_kind kind, const struct hook_place *place,
	      struct err *e)
{
	const struct oci_hook_list *list = hooks_of(c, kind);

	for (size_t i = 0; i < list->n; i++) {
		if (run_indexed(kind, list, i, place, e))
			return -1;
	}
	return 0;
}

void hooks_run_all(const struct oci_config *c, enum hook_kind kind, const struct hook_place *place)
{
	const struct oci_hook_list *list = hooks_of(c, kind);
	struct err e;

	for (size_t i = 0; i < list->n; i++) {
		if (run_indexed(kind, list, i, place, &e))
			log_msg(LOG_WARN, "%s: ignored", e.msg);
	}
}
