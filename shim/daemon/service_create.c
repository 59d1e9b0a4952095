/* SPDX-License-Identifier: Apache-2.0 */
/* service_create: Create and Delete, the two ends of a task. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "shim/daemon/bootstrap.h"
#include "shim/daemon/event.h"
#include "shim/daemon/life.h"
#include "shim/daemon/logger.h"
#include "shim/daemon/metrics.h"
#include "shim/daemon/sandbox_serve.h"
#include "shim/daemon/service.h"
#include "shim/daemon/work.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/str.h"
#include "spec/oci/validate.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/task.pb-c.h"

/* The mounts of the request, kept until its event can be told. */
struct creation {
	struct daemon *d;
	struct task *t;
	struct arena arena;
	Pb__CreateTaskRequest *request;
};

static void creation_free(struct creation *cr)
{
	struct arena arena = cr->arena;

	arena_done(&arena); /* cr is in it */
}

static int stop_logger(void *pid, struct job_result *r, struct err *e)
{
	(void)r;
	(void)e;
	logger_stop(*(const pid_t *)pid);
	return 0;
}

static void on_logger_stopped(struct job *job, struct job_result *r)
{
	(void)job;
	(void)r;
}

/* Nothing waits for the process any more, nor for its logger. */
static void drop_process(struct daemon *d, struct process *p)
{
	pid_t logger = p->io.logger;
	struct job job = { .done = on_logger_stopped, .run = stop_logger, .work = &logger };
	struct err e;

	life_release(p);
	io_close(&p->io);
	if (logger && job_start(&d->jobs, &job, NULL, &e))
		kill(logger, SIGTERM);
}

static void drop_task(struct daemon *d, struct task *t)
{
	link_each(l, &t->execs) drop_process(d, container_of(l, struct process, link));
	drop_process(d, &t->init);
	oom_done(&t->oom);
	task_free(&d->tasks, t);
}

static void on_oom(void *arg)
{
	struct task *t = arg;

	event_oom(t->oom_events, t);
}

static void watch_oom(struct daemon *d, struct task *t)
{
	auto_arena struct arena a = { 0 };
	struct err e;

	t->oom_events = &d->events;
	if (oom_start(&t->oom, &d->loop, metrics_cgroups(t->cgroups, &a), on_oom, t, &e))
		log_msg(LOG_DEBUG, "OOM kills of '%s' go unseen: %s", t->id, e.msg);
}

static void on_undone(struct job *job, struct job_result *r)
{
	struct daemon *d = job->arg;
	struct task *t = job->arg2;

	if (r->err.num)
		log_msg(LOG_WARN, "remains of '%s': %s, left to the delete action", t->id,
			r->err.msg);
	t->init.silent = true;
	life_reap_one(d, &t->init);
	drop_task(d, t);
}

/* Nobody knows of the task: its Create ran out of time, or its helper was killed, half done. */
static void undo(struct daemon *d, struct task *t)
{
	struct work w = { &d->place, t->id };
	struct job job = {
		.done = on_undone, .arg = d, .arg2 = t, .run = work_destroy, .work = &w
	};
	struct err e;

	t->init.silent = true;
	t->init.state = ST_DELETING;
	if (job_start(&d->jobs, &job, NULL, &e))
		log_msg(LOG_WARN, "remains of '%s': %s, left to the delete action", t->id, e.msg);
}

static void created(struct daemon *d, struct task *t, struct job_result *r,
		    const Pb__CreateTaskRequest *req)
{
	struct err e;

	t->init.pid = r->pid;
	t->init.state = ST_CREATED;
	t->shares_pidns = r->shares_pidns;
	t->cgroups = mem_strdup(str_text(&r->data));
	if (io_started(&t->init.io, take_fd(&r->console), &e))
		log_msg(LOG_WARN, "terminal of '%s': %s, it stays silent", t->id, e.msg);
	watch_oom(d, t);
	event_create(&d->events, t, req->rootfs, req->n_rootfs);
}

static void on_created(struct job *job, struct job_result *r)
{
	struct creation *cr = job->arg;
	struct daemon *d = cr->d;
	struct task *t = cr->t;
	Pb__CreateTaskResponse reply = PB__CREATE_TASK_RESPONSE__INIT;
	bool late = job->call.late;
	struct call *c = call_take(&job->call);
	struct err e = { 0 };

	t->init.io.logger = r->logger_pid; /* it may run when the container does not */
	if (r->err.num) {
		if (c)
			call_fail_engine(c, &r->err);
		if (r->lost)
			undo(d, t); /* the helper has not done so itself */
		else
			drop_task(d, t);
	} else if (late || sandbox_check_task(&d->sandbox, &e)) {
		/* the pod was stopped meanwhile, by somebody who may not have seen the container */
		t->init.pid = r->pid;
		if (c)
			call_fail_engine(c, &e);
		undo(d, t);
	} else {
		created(d, t, r, cr->request);
		reply.pid = (uint32_t)r->pid;
		if (c)
			call_reply(c, &reply.base);
	}
	creation_free(cr);
}

static int check(const struct daemon *d, const Pb__CreateTaskRequest *req, struct err *e)
{
	if (d->leaving)
		return err_set(e, ESHUTDOWN, "the shim is shutting down");
	if (oci_validate_id(req->id, e) || sandbox_check_task(&d->sandbox, e))
		return -1;
	if (task_find(&d->tasks, req->id, e))
		return err_set(e, EEXIST, "container '%s' already exists", req->id);
	if (d->tasks.n >= TASKS_MAX)
		return err_set(e, E2BIG, "a pod has at most %d containers", TASKS_MAX);
	if (*req->bundle != '/')
		return err_set(e, EINVAL, "bundle '%s' is not an absolute path", req->bundle);
	if (*req->checkpoint || *req->parent_checkpoint)
		return err_set(e, ENOTSUP, "restoring a checkpoint is not implemented");
	return 0;
}

/* The request outlives the call: pack it, unpack it into an arena of its own. */
static struct creation *creation_new(struct daemon *d, const Pb__CreateTaskRequest *req)
{
	struct arena a = { 0 };
	struct creation *cr = arena_alloc(&a, sizeof(*cr));
	struct err e;
	size_t len;
	uint8_t *data = message_pack(&req->base, &a, &len);

	cr->d = d;
	cr->request = message_unpack(&pb__create_task_request__descriptor, data, len, &a, &e);
	cr->t = task_new(&d->tasks, req->id, req->bundle);
	cr->arena = a;
	return cr;
}

static int start_creation(struct daemon *d, struct creation *cr, const Pb__Options *o,
			  struct call *c, struct err *e)
{
	const Pb__CreateTaskRequest *req = cr->request;
	struct task *t = cr->t;
	struct io_request streams = { .path = { req->stdin, req->stdout, req->stderr },
				      .terminal = req->terminal,
				      .uid = o->io_uid,
				      .gid = o->io_gid };
	struct io_child io;
	struct sandbox_join join;
	struct work_create w = { .work = { &d->place, t->id },
				 .bundle = t->bundle,
				 .request = req,
				 .io = &io,
				 .no_pivot = o->no_pivot_root,
				 .no_new_keyring = o->no_new_keyring };
	struct job job = { .done = on_created,
			   .arg = cr,
			   .run = work_create,
			   .work = &w,
			   .bound = true,
			   .timed = true };
	int bad;

	t->no_new_keyring = o->no_new_keyring;
	t->io_uid = o->io_uid;
	t->io_gid = o->io_gid;
	if (io_open(&t->init.io, &d->loop, &streams, &io, e))
		return -1;
	static_assert(IO_CHILD_FDS + OCI_NS_COUNT <= JOB_FDS_MAX, "a job keeps all fds");
	job.n_keep = io_child_fds(&io, job.keep);
	bad = sandbox_join_of(d, &join, e);
	w.join = join.dir ? &join : NULL;
	job.n_keep += sandbox_join_fds(&join, job.keep + job.n_keep);
	bad = bad || job_start(&d->jobs, &job, c, e) ? -1 : 0;
	sandbox_join_done(&join);
	io_child_close(&io);
	return bad;
}

void task_create(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__CreateTaskRequest *req = request;
	auto_arena struct arena a = { 0 };
	struct err e;
	Pb__Options *options;
	struct creation *cr;

	/* An Unimplemented here would make containerd fall back to an older service. */
	if (check(d, req, &e) || !(options = bootstrap_options(req->options, &a, &e))) {
		if (e.num == ENOTSUP)
			e.num = EINVAL;
		call_fail(c, &e);
		return;
	}
	cr = creation_new(d, req);
	if (start_creation(d, cr, options, c, &e)) {
		drop_task(d, cr->t);
		creation_free(cr);
		call_fail_engine(c, &e);
	}
}

static void reply_delete(struct call *c, const struct process *p)
{
	auto_arena struct arena a = { 0 };
	Pb__DeleteResponse r = PB__DELETE_RESPONSE__INIT;

	r.pid = (uint32_t)p->pid;
	r.exit_status = p->status;
	r.exited_at = message_time(&p->exited_at, &a);
	call_reply(c, &r.base);
}

static void on_deleted(struct job *job, struct job_result *r)
{
	struct daemon *d = job->arg;
	struct task *t = job->arg2;
	struct call *c = call_take(&job->call);

	life_reap_one(d, &t->init);
	if (r->err.num) {
		t->init.state = t->init.exited_at.tv_sec ? ST_STOPPED : t->init.before;
		if (c)
			call_fail_engine(c, &r->err);
		if (t->init.state == ST_STOPPED && !t->init.reaped)
			life_release(&t->init); /* who has come in between */
		return;
	}
	event_delete(&d->events, t);
	if (c)
		reply_delete(c, &t->init);
	drop_task(d, t);
}

static void delete_exec(struct daemon *d, struct call *c, struct process *p)
{
	reply_delete(c, p);
	drop_process(d, p);
	exec_free(p);
}

/* t is not busy. */
static void delete_task(struct daemon *d, struct call *c, struct task *t)
{
	struct work w = { &d->place, t->id };
	struct job job = { .done = on_deleted,
			   .arg = d,
			   .arg2 = t,
			   .run = work_destroy,
			   .work = &w,
			   .timed = true };
	struct process *p = &t->init;
	struct err e;
	enum state next;

	if (rule_check(false, VERB_DELETE, p->state, &next, &e)) {
		call_fail(c, &e);
		return;
	}
	p->before = p->state;
	p->state = next;
	if (job_start(&d->jobs, &job, c, &e)) {
		p->state = p->before;
		call_fail(c, &e);
	}
}

void task_idle(struct daemon *d, struct task *t)
{
	struct call *c;

	while ((c = call_next(&t->deletes)))
		delete_task(d, c, t);
}

void task_delete(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__DeleteRequest *req = request;
	struct err e;
	struct process *p = process_find(&d->tasks, req->id, req->exec_id, &e);
	enum state next;

	if (!p || rule_check(p->id != NULL, VERB_DELETE, p->state, &next, &e))
		call_fail(c, &e);
	else if (p->id)
		delete_exec(d, c, p);
	else if (p->task->busy)
		call_wait(c, &p->task->deletes);
	else
		delete_task(d, c, p->task);
}
