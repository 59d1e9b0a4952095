/* SPDX-License-Identifier: Apache-2.0 */
/* service: the method table, and what only reads or is done at once. */
#include "shim/daemon/service.h"

#include <errno.h>
#include <unistd.h>

#include "shim/daemon/life.h"
#include "shim/daemon/metrics.h"
#include "shim/daemon/sandbox_serve.h"
#include "shim/daemon/work.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/task.pb-c.h"

static const struct method task_methods[] = {
	{ "State", &pb__state_request__descriptor, task_state },
	{ "Create", &pb__create_task_request__descriptor, task_create },
	{ "Start", &pb__start_request__descriptor, task_start },
	{ "Delete", &pb__delete_request__descriptor, task_delete },
	{ "Pids", &pb__pids_request__descriptor, task_pids },
	{ "Pause", &pb__pause_request__descriptor, task_pause },
	{ "Resume", &pb__resume_request__descriptor, task_resume },
	{ "Checkpoint", &pb__checkpoint_task_request__descriptor, task_checkpoint },
	{ "Kill", &pb__kill_request__descriptor, task_kill },
	{ "Exec", &pb__exec_process_request__descriptor, task_exec },
	{ "ResizePty", &pb__resize_pty_request__descriptor, task_resize },
	{ "CloseIO", &pb__close_iorequest__descriptor, task_close_io },
	{ "Update", &pb__update_task_request__descriptor, task_update },
	{ "Wait", &pb__wait_request__descriptor, task_wait },
	{ "Stats", &pb__stats_request__descriptor, task_stats },
	{ "Connect", &pb__connect_request__descriptor, task_connect },
	{ "Shutdown", &pb__shutdown_request__descriptor, task_shutdown },
	{ NULL, NULL, NULL },
};

const struct service daemon_services[] = {
	{ "containerd.task.v3.Task", task_methods },
	{ "containerd.task.v2.Task", task_methods },
	{ SANDBOX_SERVICE, sandbox_methods },
	{ NULL, NULL },
};

void call_fail_engine(struct call *c, const struct err *e)
{
	enum code code = CODE_UNKNOWN;

	if (e->num == EINVAL || e->num == ENOTSUP)
		code = CODE_INVALID_ARGUMENT;
	else if (e->num == EEXIST || e->num == EBUSY || e->num == ETIMEDOUT)
		code = code_of(e->num);
	call_fail_code(c, code, e->msg);
}

void task_state(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__StateRequest *req = request;
	auto_arena struct arena a = { 0 };
	Pb__StateResponse r = PB__STATE_RESPONSE__INIT;
	struct err e;
	struct process *p = process_find(&d->tasks, req->id, req->exec_id, &e);

	if (!p) {
		call_fail(c, &e);
		return;
	}
	life_asked(d, p, false);
	r.id = p->id ? p->id : p->task->id;
	r.bundle = p->task->bundle;
	r.pid = (uint32_t)p->pid;
	r.status = (Pb__TaskStatus)state_status(p->state);
	r.stdin = p->io.path[0];
	r.stdout = p->io.path[1];
	r.stderr = p->io.path[2];
	r.terminal = p->io.terminal;
	r.exec_id = req->exec_id;
	if (p->state == ST_STOPPED || p->state == ST_DELETING) {
		r.exit_status = p->status;
		r.exited_at = message_time(&p->exited_at, &a);
	}
	call_reply(c, &r.base);
}

void task_wait(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__WaitRequest *req = request;
	struct err e;
	struct process *p = process_find(&d->tasks, req->id, req->exec_id, &e);

	if (!p)
		call_fail(c, &e);
	else if (p->state == ST_STOPPED)
		life_reply_wait(c, p);
	else
		call_wait(c, &p->waiters);
	if (p)
		life_asked(d, p, true);
}

static void on_pids(struct job *job, struct job_result *r)
{
	struct call *c = call_take(&job->call);

	if (c && r->err.num)
		call_fail_engine(c, &r->err);
	else if (c)
		call_reply_packed(c, r->data.s, r->data.len);
}

void task_pids(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__PidsRequest *req = request;
	struct err e;
	struct process *p = process_find(&d->tasks, req->id, NULL, &e);
	struct work_pids w;
	struct job job = { .done = on_pids, .run = work_pids, .work = &w };
	enum state next;

	if (!p || rule_check(false, VERB_PIDS, p->state, &next, &e)) {
		call_fail(c, &e);
		return;
	}
	w = (struct work_pids){ .work = { &d->place, p->task->id }, .task = p->task };
	if (job_start(&d->jobs, &job, c, &e))
		call_fail(c, &e);
}

void task_stats(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__StatsRequest *req = request;
	auto_arena struct arena a = { 0 };
	Pb__StatsResponse r = PB__STATS_RESPONSE__INIT;
	struct err e;
	struct process *p = process_find(&d->tasks, req->id, NULL, &e);
	enum state next;

	if (p && !rule_check(false, VERB_STATS, p->state, &next, &e))
		r.stats = metrics_read(p->task->cgroups, &a, &e);
	if (r.stats)
		call_reply(c, &r.base);
	else
		call_fail(c, &e);
}

void task_resize(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__ResizePtyRequest *req = request;
	struct err e;
	struct process *p = process_find(&d->tasks, req->id, req->exec_id, &e);
	enum state next;

	if (!p || rule_check(p->id != NULL, VERB_RESIZE, p->state, &next, &e) ||
	    (p->io.relay && relay_resize(p->io.relay, req->width, req->height, &e)))
		call_fail(c, &e);
	else
		call_reply(c, NULL);
}

void task_close_io(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__CloseIORequest *req = request;
	struct err e;
	struct process *p = process_find(&d->tasks, req->id, req->exec_id, &e);
	enum state next;

	if (!p || rule_check(p->id != NULL, VERB_CLOSE_IO, p->state, &next, &e)) {
		call_fail(c, &e);
		return;
	}
	if (req->stdin)
		io_close_stdin(&p->io);
	call_reply(c, NULL);
}

/* containerd's probe for life: it must succeed whatever the id is. */
void task_connect(void *ctx, struct call *c, const void *request)
{
	const struct daemon *d = ctx;
	const Pb__ConnectRequest *req = request;
	Pb__ConnectResponse r = PB__CONNECT_RESPONSE__INIT;
	struct err e;
	struct task *t = task_find(&d->tasks, req->id, &e);

	r.shim_pid = (uint32_t)getpid();
	r.task_pid = t ? (uint32_t)t->init.pid : 0;
	call_reply(c, &r.base);
}

void task_checkpoint(void *ctx, struct call *c, const void *request)
{
	(void)ctx;
	(void)request;
	call_fail_code(c, CODE_UNIMPLEMENTED, "Checkpoint is not implemented");
}

void task_shutdown(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__ShutdownRequest *req = request;

	if (!d->tasks.n && sandbox_task_shutdown(d, c, req->id))
		return;
	if (!d->tasks.n)
		daemon_leave(d);
	call_reply(c, NULL);
}
