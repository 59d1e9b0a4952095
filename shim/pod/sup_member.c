/* SPDX-License-Identifier: Apache-2.0 */
/* sup_member: starts, ends, restarts and replacements of a pod's members. */
#include "shim/pod/supervisor.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>

#include "shim/pod/logs.h"
#include "shim/pod/member.h"
#include "shim/pod/restart.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/when.h"

#define START_FAILED_CODE 128 /* exit code of a run that never began */

static char *id_of(struct sup_run *r, struct arena *a)
{
	return pod_container_id(a, r->s->r.spec.name, r->m->name);
}

struct sup_run *sup_add_run(struct supervisor *s, struct pod_member *m)
{
	struct sup_run *r = &s->runs[s->n_runs++];

	*r = (struct sup_run){ .s = s, .m = m, .timer = LOOP_SOURCE_INIT };
	return r;
}

/* The record's texts live in the run, not in the arena: a pod may restart for years. */
static char *time_now(char buf[SUP_TIME_SIZE])
{
	auto_arena struct arena a = { 0 };

	snprintf(buf, SUP_TIME_SIZE, "%s", pod_time(&a));
	return buf;
}

int sup_start(struct sup_run *r, struct err *e)
{
	struct supervisor *s = r->s;
	pid_t pid = pod_member_start(&s->env, &s->r, r->m, e);

	r->since_ms = (uint64_t)when_ms();
	r->m->started = time_now(r->started);
	r->m->error = NULL;
	if (pid < 0) {
		snprintf(r->error, sizeof(r->error), "%s", e->msg);
		r->m->error = r->error;
		r->m->state = POD_MEMBER_EXITED;
		r->m->exit_code = START_FAILED_CODE;
		r->m->finished = r->m->started;
		return -1;
	}
	r->pid = pid;
	r->m->state = POD_MEMBER_RUNNING;
	r->was_started = s->some_ran = true;
	return 0;
}

static void restart_due(struct loop_source *src, uint32_t events)
{
	struct sup_run *r = container_of(src, struct sup_run, timer);
	struct err e;

	(void)events;
	loop_del(&r->s->loop, src);
	r->m->restarts++;
	if (sup_start(r, &e)) {
		log_msg(LOG_WARN, "%s, trying again later", e.msg);
		sup_ended(r, START_FAILED_CODE);
		return;
	}
	sup_save(r->s);
}

/* The policy's answer to an end. */
static void plan_restart(struct sup_run *r, int code)
{
	struct supervisor *s = r->s;
	struct err e;

	if (!pod_restart_wanted(s->r.spec.restart, code))
		return;
	r->delay_ms = pod_restart_delay(r->delay_ms, (uint64_t)when_ms() - r->since_ms);
	r->m->state = POD_WAITING;
	if (loop_timer(&s->loop, &r->timer, r->delay_ms, 0, restart_due, &e))
		log_msg(LOG_WARN, "%s, not restarting '%s'", e.msg, r->m->name);
}

/* The old process has gone: the new bundle, or if it cannot run the old one again. */
static void swap_bundle(struct sup_run *r)
{
	struct err e, why, again;
	struct sup_conn *waiter = r->waiter;
	char *old = r->m->bundle;
	bool failed;

	r->m->bundle = r->next_bundle;
	r->next_bundle = NULL;
	r->waiter = NULL;
	r->m->restarts = 0;
	r->delay_ms = 0;
	failed = sup_start(r, &why);
	if (failed) {
		r->m->bundle = old;
		err_set(&e, why.num, "%.400s; the old one %s", why.msg,
			sup_start(r, &again) ? "does not start either" : "runs again");
		if (!r->pid)
			plan_restart(r, START_FAILED_CODE);
	}
	if (waiter)
		sup_answer(waiter, failed ? &e : NULL);
}

static void init_failed(struct sup_run *r, int code)
{
	struct report why = { .kind = REPORT_INIT_FAILED, .code = code };

	err_set(&why.err, ECANCELED,
		"init container '%s' ended with exit code %d; the pod is stopped", r->m->name,
		code);
	snprintf(why.member, sizeof(why.member), "%s", r->m->name);
	pod_log_note(r->s->dirfd, r->m->name, why.err.msg);
	sup_fail(r->s, &why);
}

void sup_ended(struct sup_run *r, int code)
{
	auto_arena struct arena a = { 0 };
	struct supervisor *s = r->s;
	struct err e;

	r->pid = 0;
	r->m->exit_code = code;
	r->m->state = POD_MEMBER_EXITED;
	r->m->finished = time_now(r->finished);
	loop_del(&s->loop, &r->timer);
	if (engine_destroy(s->env.engine, id_of(r, &a), true, &e))
		log_msg(LOG_WARN, "container '%s': %s, going on", r->m->name, e.msg);
	if (s->stopping)
		;
	else if (r->next_bundle)
		swap_bundle(r);
	else if (r->m->init && code != 0)
		init_failed(r, code);
	else if (!r->m->init)
		plan_restart(r, code);
	sup_save(s);
	sup_advance(s);
}

static void kill_late(struct loop_source *src, uint32_t events)
{
	auto_arena struct arena a = { 0 };
	struct sup_run *r = container_of(src, struct sup_run, timer);
	struct err ignored;

	(void)events;
	loop_del(&r->s->loop, src);
	engine_kill(r->s->env.engine, id_of(r, &a), SIGKILL, true, &ignored);
}

void sup_replace(struct sup_run *r, const char *bundle, uint32_t seconds, struct sup_conn *conn)
{
	auto_arena struct arena a = { 0 };
	struct err e;

	if (r->next_bundle) {
		err_set(&e, EBUSY, "container '%s' is being replaced already", r->m->name);
		sup_answer(conn, &e);
		return;
	}
	r->next_bundle = arena_strdup(&r->s->a, bundle);
	r->waiter = conn;
	if (!r->pid) {
		loop_del(&r->s->loop, &r->timer);
		swap_bundle(r);
		sup_save(r->s);
		sup_advance(r->s);
		return;
	}
	engine_kill(r->s->env.engine, id_of(r, &a), SIGTERM, false, &e);
	if (loop_timer(&r->s->loop, &r->timer, seconds * 1000ULL, 0, kill_late, &e))
		kill_late(&r->timer, 0);
}

/* The first init container that has not done its work; NULL: all have. */
static struct sup_run *pending_init(struct supervisor *s)
{
	for (size_t i = 0; i < s->n_runs; i++) {
		if (s->runs[i].m->init && s->runs[i].m->state != POD_MEMBER_EXITED)
			return &s->runs[i];
	}
	return NULL;
}

static void start_apps(struct supervisor *s)
{
	struct report why = { .kind = REPORT_FAILED };

	for (size_t i = 0; i < s->n_runs; i++) {
		if (!s->runs[i].m->init && sup_start(&s->runs[i], &why.err)) {
			sup_fail(s, &why);
			return;
		}
	}
	s->started = true;
	s->r.phase = POD_RUNNING;
	sup_save(s);
	s->last = (struct report){ .kind = REPORT_STARTED };
	sup_report(s);
	malloc_trim(0); /* there may be hundreds of us, and we are done with all those documents */
}

/* Does a member run, or shall it? */
static bool some_live(const struct supervisor *s)
{
	for (size_t i = 0; i < s->n_runs; i++) {
		if (s->runs[i].pid || s->runs[i].timer.fd >= 0)
			return true;
	}
	return false;
}

void sup_advance(struct supervisor *s)
{
	struct sup_run *init = pending_init(s);
	struct report why = { .kind = REPORT_FAILED };

	if (s->finished)
		return;
	if (!s->stopping && !s->started && init) {
		if (!init->pid && sup_start(init, &why.err))
			sup_fail(s, &why);
		sup_save(s);
	} else if (!s->stopping && !s->started) {
		start_apps(s);
	}
	if (!some_live(s))
		sup_finish(s);
}
