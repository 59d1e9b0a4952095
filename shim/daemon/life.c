/* SPDX-License-Identifier: Apache-2.0 */
/* life: an exit is recorded when it happens, and told when its turn has come. */
#include "shim/daemon/life.h"

#include <errno.h>
#include <sys/wait.h>

#include "shim/daemon/event.h"
#include "shim/daemon/sandbox_serve.h"
#include "shim/daemon/work.h"
#include "spec/base/log.h"
#include "spec/base/when.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/task.pb-c.h"

/*
 * The order that containerd relies on: the start of a process before its exit,
 * the exits of all execs before that of init, one exit each. So an exit that
 * comes while the start is under way waits for life_settle(), and that of init
 * waits until the container's other processes, which the kernel does not end
 * when the pid namespace is shared, are killed and the execs are reaped.
 *
 * And every exit waits until the output has been read. With the exit containerd
 * (all versions) gives up a FIFO that it has not opened yet, with all that is in
 * it: its openings go on in the background, and on a busy node they may be that
 * late; a restarted containerd opens its FIFOs anew for what runs, not for what
 * has stopped. So such a process still counts as running, but not for longer
 * than TELL_MS after somebody could have read; see io_unread().
 *
 * While containerd is away nobody could. When it is back it asks for the state of
 * each task, later opens the FIFOs, then asks to wait for the task: from the first
 * question on it has RETURN_MS. It moreover drops the exit of a container that it
 * has asked to wait for but not yet put into its tables, so that it is told
 * SETTLE_MS after that question.
 *
 * A reader that has gone may be a client, or the first that is seen of the end of
 * containerd: the kernel closes a dying process's fds one by one, and its FIFOs may
 * be closed before its connection. Within DYING_MS the connection tells which.
 */

#define TELL_MS	      5000
#define RETURN_MS     60000
#define SETTLE_MS     2000
#define DYING_MS      2000
#define DRAIN_STEP_MS 16 /* between two looks, 1 at first */

void life_reply_wait(struct call *c, const struct process *p)
{
	auto_arena struct arena a = { 0 };
	Pb__WaitResponse r = PB__WAIT_RESPONSE__INIT;

	r.exit_status = p->status;
	r.exited_at = message_time(&p->exited_at, &a);
	call_reply(c, &r.base);
}

void life_release(struct process *p)
{
	struct call *c;

	while ((c = call_next(&p->waiters)))
		life_reply_wait(c, p);
}

void life_less_busy(struct daemon *d, struct task *t)
{
	if (!--t->busy)
		d->idle(d, t);
}

static void finish(struct daemon *d, struct process *p)
{
	p->reaped = false;
	if (p->state != ST_DELETING)
		p->state = ST_STOPPED;
	io_let_go(&p->io);
	if (!p->silent)
		event_exit(&d->events, p);
	life_release(p);
}

static void on_drain(struct loop_source *src, uint32_t events)
{
	struct daemon *d = container_of(src, struct daemon, drain_timer);

	(void)events;
	loop_del(&d->loop, src);
	if (d->drain_step < DRAIN_STEP_MS)
		d->drain_step *= 2;
	for (struct link *l = d->tasks.all.next; l != &d->tasks.all; l = l->next) {
		struct task *t = container_of(l, struct task, link);

		for (struct link *x = t->execs.next; x != &t->execs; x = x->next)
			life_settle(d, container_of(x, struct process, link));
		life_settle(d, &t->init);
	}
}

/* Look again soon. False when there is no way. */
static bool look_again(struct daemon *d)
{
	struct err e;

	if (d->drain_timer.fd >= 0)
		return true;
	if (!loop_timer(&d->loop, &d->drain_timer, d->drain_step, 0, on_drain, &e))
		return true;
	log_msg(LOG_WARN, "%s, output may be lost", e.msg);
	return false;
}

/* The end is told then, not before. */
static void hold(struct process *p, uint64_t until)
{
	p->tell_from = until;
	if (p->tell_by < until)
		p->tell_by = until;
}

/* Has its reader gone and left some of the output? For the first time: see DYING_MS. */
static bool is_left(struct process *p)
{
	return !p->unheard && !p->id && !p->tell_from && io_unread(&p->io, true);
}

/*
 * Is there something to wait for before the end of the process is told? While
 * containerd is away it is the output of init, as nobody comes back for an exec's.
 */
static bool is_unread(struct daemon *d, struct process *p)
{
	uint64_t now = (uint64_t)when_ms();

	p->unheard = p->unheard || server_alone(&d->server);
	if (p->silent || p->state == ST_DELETING)
		return false;
	if (!io_unread(&p->io, p->unheard && !p->id)) {
		if (is_left(p))
			hold(p, now + DYING_MS);
		if (now >= p->tell_from)
			return false;
	}
	if (server_alone(&d->server) && !io_has_reader(&p->io)) {
		p->away = true;
		return !p->id;
	}
	return p->away || (now < p->tell_by && look_again(d));
}

/* It has been reaped, and no other process has to be told of before it. */
static void tell(struct daemon *d, struct process *p)
{
	if (!p->tell_by) {
		p->tell_by = (uint64_t)when_ms() + TELL_MS;
		d->drain_step = 1;
		io_ended(&p->io);
	}
	if (!is_unread(d, p))
		finish(d, p);
}

void life_asked(struct daemon *d, struct process *p, bool waits)
{
	uint64_t now = (uint64_t)when_ms();

	if (!p->tell_by || !p->reaped || !p->unheard)
		return;
	if (p->away)
		hold(p, now + RETURN_MS);
	p->away = false;
	if (waits)
		hold(p, now + SETTLE_MS);
	(void)look_again(d);
}

static void init_ended(struct daemon *d, struct task *t);

static void on_killed(struct job *job, struct job_result *r)
{
	struct daemon *d = job->arg;
	struct task *t = job->arg2;

	if (r->err.num && r->err.num != ESRCH && r->err.num != ENOENT)
		log_msg(LOG_WARN, "processes of '%s': %s, they may survive it", t->id, r->err.msg);
	t->killing = false;
	t->killed = true;
	init_ended(d, t);
	life_less_busy(d, t);
}

/* False when there is no need to, or no way. */
static bool kill_rest(struct daemon *d, struct task *t)
{
	struct work_kill k = { .work = { &d->place, t->id }, .signal = SIGKILL, .all = true };
	struct job job = { .done = on_killed, .arg = d, .arg2 = t, .run = work_kill, .work = &k };
	struct err e;

	if (!t->shares_pidns || t->killed || t->init.state == ST_DELETING)
		return false;
	if (job_start(&d->jobs, &job, NULL, &e)) {
		log_msg(LOG_WARN, "processes of '%s': %s, they may survive it", t->id, e.msg);
		return false;
	}
	t->busy++;
	t->killing = true;
	return true;
}

/* Init has been reaped: tell it once nothing of its container is left. */
static void init_ended(struct daemon *d, struct task *t)
{
	if (!t->init.reaped || t->killing || kill_rest(d, t) || task_has_execs(t))
		return;
	tell(d, &t->init);
}

void life_settle(struct daemon *d, struct process *p)
{
	if (p->reaped && p->id)
		tell(d, p);
	init_ended(d, p->task);
}

static void ended(struct daemon *d, struct process *p, int status)
{
	p->status =
		(unsigned int)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	clock_gettime(CLOCK_REALTIME, &p->exited_at);
	p->reaped = true;
	oom_look(&p->task->oom); /* the reason of an end comes before it */
	if (p->state != ST_STARTING)
		life_settle(d, p);
}

void life_reap_one(struct daemon *d, struct process *p)
{
	int status;

	if (p->pid > 0 && !p->exited_at.tv_sec && waitpid(p->pid, &status, WNOHANG) == p->pid)
		ended(d, p, status);
}

static void forget_logger(struct daemon *d, pid_t pid)
{
	link_each(l, &d->tasks.all)
	{
		struct task *t = container_of(l, struct task, link);

		if (t->init.io.logger == pid)
			t->init.io.logger = 0;
		for (struct link *x = t->execs.next; x != &t->execs; x = x->next) {
			struct process *p = container_of(x, struct process, link);

			if (p->io.logger == pid)
				p->io.logger = 0;
		}
	}
}

void life_reap(struct daemon *d)
{
	for (;;) {
		int status;
		pid_t pid;
		struct process *p;

		jobs_drain(&d->jobs);
		pid = waitpid(-1, &status, WNOHANG);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			return;
		p = process_of_pid(&d->tasks, pid);
		if (!p) { /* its helper may have told of it and ended in between */
			jobs_drain(&d->jobs);
			p = process_of_pid(&d->tasks, pid);
		}
		if (p) {
			ended(d, p, status);
			continue;
		}
		if (sandbox_reaped(d, pid, status))
			continue;
		jobs_reaped(&d->jobs, pid);
		forget_logger(d, pid);
	}
}
