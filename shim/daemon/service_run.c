/* SPDX-License-Identifier: Apache-2.0 */
/* service_run: Start, Exec, Kill, Pause, Resume, Update: what changes a task that is there. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "shim/daemon/event.h"
#include "shim/daemon/life.h"
#include "shim/daemon/service.h"
#include "shim/daemon/work.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/str.h"
#include "spec/oci/validate.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/task.pb-c.h"

#define SPEC_MAX	 (1U << 20) /* bytes of an exec's Process document */
#define SPEC_TYPE	 "types.containerd.io/opencontainers/runtime-spec/1/Process"
#define RESOURCES_TYPE	 "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources"
#define EXIT_NOT_STARTED 128 /* of an exec whose start failed, for those who wait for it */

static void reply_start(struct call *c, const struct process *p)
{
	Pb__StartResponse r = PB__START_RESPONSE__INIT;

	r.pid = (uint32_t)p->pid;
	call_reply(c, &r.base);
}

/* The process runs, or did: tell of its start, then of its end if that has come already. */
static void started(struct daemon *d, struct process *p, struct call *c)
{
	p->state = ST_RUNNING;
	p->silent = false;
	event_start(&d->events, p);
	if (c)
		reply_start(c, p);
	life_settle(d, p);
}

static void on_init_started(struct job *job, struct job_result *r)
{
	struct daemon *d = job->arg;
	struct process *p = job->arg2;
	struct call *c = call_take(&job->call);

	if (!r->err.num) {
		started(d, p, c);
		return;
	}
	/* It may run by now: nobody knows how far the helper has come. */
	if (r->lost && !p->exited_at.tv_sec)
		kill(p->pid, SIGKILL);
	p->state = ST_CREATED;
	p->silent = true;
	if (c)
		call_fail_engine(c, &r->err);
	life_settle(d, p);
}

static void on_exec_started(struct job *job, struct job_result *r)
{
	struct daemon *d = job->arg;
	struct process *p = job->arg2;
	struct call *c = call_take(&job->call);
	struct err e;

	p->io.logger = r->logger_pid; /* it may run when the process does not */
	if (!r->err.num) {
		p->pid = r->pid;
		if (io_started(&p->io, take_fd(&r->console), &e))
			log_msg(LOG_WARN, "terminal of '%s': %s, it stays silent", p->id, e.msg);
		started(d, p, c);
		return;
	}
	p->state = ST_STOPPED;
	p->status = EXIT_NOT_STARTED;
	clock_gettime(CLOCK_REALTIME, &p->exited_at);
	io_ended(&p->io);
	io_let_go(&p->io);
	if (c)
		call_fail_engine(c, &r->err);
	life_release(p);
	life_settle(d, p);
}

/* io_open() makes the io anew, so the paths kept since Exec are moved out of it. */
static int open_exec_io(struct daemon *d, struct process *p, struct io_child *child, struct err *e)
{
	struct io kept = p->io;
	struct io_request streams = { .path = { kept.path[0], kept.path[1], kept.path[2] },
				      .terminal = kept.terminal,
				      .uid = p->task->io_uid,
				      .gid = p->task->io_gid };
	int bad = io_open(&p->io, &d->loop, &streams, child, e);

	if (bad)
		p->io = kept;
	else
		io_close(&kept);
	return bad;
}

static int start_exec(struct daemon *d, struct process *p, struct call *c, struct err *e)
{
	struct io_child io;
	struct work_exec w = { .work = { &d->place, p->task->id },
			       .spec = p->spec,
			       .spec_len = p->spec_len,
			       .terminal = p->io.terminal,
			       .no_new_keyring = p->task->no_new_keyring,
			       .io = &io };
	struct job job = {
		.done = on_exec_started, .arg = d, .arg2 = p, .run = work_exec, .work = &w
	};
	int bad;

	if (p->task->init.state != ST_RUNNING || p->task->init.reaped)
		return err_set(e, EBUSY, "container '%s' is not running", p->task->id);
	if (open_exec_io(d, p, &io, e))
		return -1;
	job.n_keep = io_child_fds(&io, job.keep);
	bad = job_start(&d->jobs, &job, c, e);
	io_child_close(&io);
	if (!bad) {
		free(p->spec);
		p->spec = NULL;
	}
	return bad;
}

static int start_init(struct daemon *d, struct process *p, struct call *c, struct err *e)
{
	struct work w = { &d->place, p->task->id };
	struct job job = { .done = on_init_started,
			   .arg = d,
			   .arg2 = p,
			   .run = work_start,
			   .work = &w,
			   .timed = true };

	if (sandbox_check_task(&d->sandbox, e))
		return -1;
	return job_start(&d->jobs, &job, c, e);
}

void task_start(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__StartRequest *req = request;
	struct err e;
	struct process *p = process_find(&d->tasks, req->id, req->exec_id, &e);
	enum state next;

	if (!p || rule_check(p->id != NULL, VERB_START, p->state, &next, &e)) {
		call_fail(c, &e);
		return;
	}
	p->before = p->state;
	p->state = next;
	if (p->id ? start_exec(d, p, c, &e) : start_init(d, p, c, &e)) {
		p->state = p->before;
		call_fail(c, &e);
	}
}

static int check_exec(const struct daemon *d, const Pb__ExecProcessRequest *req, struct task *t,
		      struct err *e)
{
	enum state next;

	if (rule_check(false, VERB_EXEC, t->init.state, &next, e) ||
	    oci_validate_id(req->exec_id, e))
		return -1;
	if (process_find(&d->tasks, req->id, req->exec_id, e))
		return err_set(e, EEXIST, "process '%s' already exists", req->exec_id);
	if (t->n_execs >= EXECS_MAX)
		return err_set(e, E2BIG, "a container has at most %d execs", EXECS_MAX);
	if (!any_is(req->spec, strrchr(SPEC_TYPE, '/') + 1))
		return err_set(e, EINVAL, "spec is not a %s", SPEC_TYPE);
	if (req->spec->value.len > SPEC_MAX)
		return err_set(e, E2BIG, "spec is larger than %u bytes", SPEC_MAX);
	return 0;
}

void task_exec(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__ExecProcessRequest *req = request;
	struct err e;
	struct task *t = task_find(&d->tasks, req->id, &e);
	struct process *p;

	if (!t || check_exec(d, req, t, &e)) {
		call_fail(c, &e);
		return;
	}
	p = exec_new(t, req->exec_id);
	p->io.terminal = req->terminal;
	p->io.path[0] = mem_strdup(req->stdin);
	p->io.path[1] = mem_strdup(req->stdout);
	p->io.path[2] = mem_strdup(req->stderr);
	p->spec_len = req->spec->value.len;
	p->spec = mem_grow(NULL, p->spec_len, 1);
	memcpy(p->spec, req->spec->value.data, p->spec_len);
	event_exec_added(&d->events, p);
	call_reply(c, NULL);
}

static void on_signalled(struct job *job, struct job_result *r)
{
	struct call *c = call_take(&job->call);

	life_less_busy(job->arg, job->arg2);
	if (c && r->err.num)
		call_fail(c, &r->err);
	else if (c)
		call_reply(c, NULL);
}

/* For SIGKILL to arrive the engine thaws what is paused; other signals wait there. */
static void on_kill_signalled(struct job *job, struct job_result *r)
{
	struct task *t = job->arg2;

	if (!r->err.num && t->init.state == ST_PAUSED)
		t->init.state = ST_RUNNING;
	on_signalled(job, r);
}

/* Signals that need the cgroup: to all processes, or to a frozen one. */
static void kill_by_job(struct daemon *d, struct call *c, struct task *t,
			const Pb__KillRequest *req)
{
	struct work_kill w = { .work = { &d->place, t->id },
			       .signal = (int)req->signal,
			       .all = req->all };
	struct job job = { .done = w.signal == SIGKILL ? on_kill_signalled : on_signalled,
			   .arg = d,
			   .arg2 = t,
			   .run = work_kill,
			   .work = &w };
	struct err e;

	if (job_start(&d->jobs, &job, c, &e))
		call_fail(c, &e);
	else
		t->busy++;
}

void task_kill(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__KillRequest *req = request;
	struct err e;
	struct process *p = process_find(&d->tasks, req->id, req->exec_id, &e);
	enum state next;

	if (p && (req->signal == 0 || req->signal > (uint32_t)SIGRTMAX))
		err_set(&e, EINVAL, "signal %u is not one", req->signal);
	else if (p && p->reaped)
		err_set(&e, ESRCH, "process already finished");
	else if (p && !rule_check(p->id != NULL, VERB_KILL, p->state, &next, &e))
		e.num = 0;
	if (!p || e.num) {
		call_fail(c, &e);
		return;
	}
	if (!p->id && (req->all || (p->state == ST_PAUSED && req->signal == SIGKILL))) {
		kill_by_job(d, c, p->task, req);
		return;
	}
	/* It is our child and not reaped, so the pid is still its own. */
	if (kill(p->pid, (int)req->signal)) {
		err_sys(&e, "signal process %d", p->pid);
		call_fail(c, &e);
		return;
	}
	call_reply(c, NULL);
}

static void on_pause_done(struct job *job, struct job_result *r)
{
	struct daemon *d = job->arg;
	struct process *p = job->arg2;
	struct call *c = call_take(&job->call);
	bool pausing = p->state == ST_PAUSING;

	if (p->state == ST_PAUSING || p->state == ST_RESUMING) {
		if (r->err.num)
			p->state = p->before;
		else
			p->state = pausing ? ST_PAUSED : ST_RUNNING;
		if (!r->err.num && pausing)
			event_paused(&d->events, p->task);
		else if (!r->err.num)
			event_resumed(&d->events, p->task);
	}
	life_less_busy(d, p->task);
	if (c && r->err.num)
		call_fail_engine(c, &r->err);
	else if (c)
		call_reply(c, NULL);
}

static void freeze(struct daemon *d, struct call *c, const char *id, enum verb verb, job_fn *run)
{
	struct work w = { .place = &d->place };
	struct job job = { .done = on_pause_done, .arg = d, .run = run, .work = &w };
	struct err e;
	struct task *t = task_find(&d->tasks, id, &e);
	enum state next;

	if (!t || rule_check(false, verb, t->init.state, &next, &e)) {
		call_fail(c, &e);
		return;
	}
	t->init.before = t->init.state;
	t->init.state = next;
	job.arg2 = &t->init;
	w.id = t->id;
	if (job_start(&d->jobs, &job, c, &e)) {
		t->init.state = t->init.before;
		call_fail(c, &e);
		return;
	}
	t->busy++;
}

void task_pause(void *ctx, struct call *c, const void *request)
{
	freeze(ctx, c, ((const Pb__PauseRequest *)request)->id, VERB_PAUSE, work_pause);
}

void task_resume(void *ctx, struct call *c, const void *request)
{
	freeze(ctx, c, ((const Pb__ResumeRequest *)request)->id, VERB_RESUME, work_resume);
}

static void on_updated(struct job *job, struct job_result *r)
{
	struct call *c = call_take(&job->call);

	life_less_busy(job->arg, job->arg2);
	if (c && r->err.num)
		call_fail_engine(c, &r->err);
	else if (c)
		call_reply(c, NULL);
}

static int check_update(const Pb__UpdateTaskRequest *req, const struct task *t, struct err *e)
{
	enum state next;

	if (rule_check(false, VERB_UPDATE, t->init.state, &next, e))
		return -1;
	if (!any_is(req->resources, strrchr(RESOURCES_TYPE, '/') + 1))
		return err_set(e, EINVAL, "resources are not %s", RESOURCES_TYPE);
	if (req->resources->value.len > SPEC_MAX)
		return err_set(e, E2BIG, "resources are larger than %u bytes", SPEC_MAX);
	return 0;
}

void task_update(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__UpdateTaskRequest *req = request;
	struct err e;
	struct task *t = task_find(&d->tasks, req->id, &e);
	struct work_update w;
	struct job job = {
		.done = on_updated, .arg = d, .arg2 = t, .run = work_update, .work = &w
	};

	if (!t || check_update(req, t, &e)) {
		call_fail(c, &e);
		return;
	}
	w = (struct work_update){ .work = { &d->place, t->id },
				  .resources = (const char *)req->resources->value.data,
				  .len = req->resources->value.len };
	if (job_start(&d->jobs, &job, c, &e))
		call_fail(c, &e);
	else
		t->busy++;
}
