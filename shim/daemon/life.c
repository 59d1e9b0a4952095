/* SPDX-License-Identifier: Apache-2.0 */
/* life: an exit is recorded when it happens, and told when its turn has come. */
#include "shim/daemon/life.h"

#include <errno.h>
#include <sys/wait.h>

#include "shim/daemon/event.h"
#include "shim/daemon/sandbox_serve.h"
#include "shim/daemon/work.h"
#include "spec/base/log.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/task.pb-c.h"

/*
 * The order that containerd relies on: the start of a process before its exit,
 * the exits of all execs before that of init, one exit each. So an exit that
 * comes while the start is under way waits for life_settle(), and that of init
 * waits until the container's other processes, which the kernel does not end
 * when the pid namespace is shared, are killed and the execs are reaped.
 */

#define SHOWN_MS 200 /* from State to the opening of the FIFOs it is a matter of few */

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

static void on_shown(struct loop_source *src, uint32_t events)
{
	struct daemon *d = container_of(src, struct daemon, shown_timer);

	(void)events;
	loop_del(&d->loop, src);
	for (struct link *l = d->tasks.all.next; l != &d->tasks.all; l = l->next)
		io_hide_writers(&container_of(l, struct task, link)->init.io);
}

void life_show_output(struct daemon *d, struct process *p)
{
	struct err e;

	if (p->id || !p->unheard || p->state != ST_STOPPED)
		return;
	if (!io_show_writers(&p->io))
		p->unheard = false;
	else if (loop_timer(&d->loop, &d->shown_timer, SHOWN_MS, 0, on_shown, &e))
		io_hide_writers(&p->io);
}

static void finish(struct daemon *d, struct process *p)
{
	p->reaped = false;
	if (p->state != ST_DELETING)
		p->state = ST_STOPPED;
	io_ended(&p->io);
	if (!p->silent)
		event_exit(&d->events, p);
	life_release(p);
	p->unheard = server_alone(&d->server);
}

static void init_ended(struct daemon *d, struct task *t);

static void on_killed(struct job *job, struct job_result *r)
{
	struct daemon *d = job->arg;
	struct task *t = job->arg2;

	if (r->err.num && r->err.num != ESRCH && r->err.num != ENOENT)
		log_msg(LOG_WARN, "processes of '%s': %s, they may survive it", t->id, r->err.msg);
	t->busy--;
	t->killing = false;
	t->killed = true;
	init_ended(d, t);
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
	finish(d, &t->init);
}

void life_settle(struct daemon *d, struct process *p)
{
	if (p->reaped && p->id)
		finish(d, p);
	init_ended(d, p->task);
}

static void ended(struct daemon *d, struct process *p, int status)
{
	p->status =
		(unsigned int)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	clock_gettime(CLOCK_REALTIME, &p->exited_at);
	p->reaped = true;
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
