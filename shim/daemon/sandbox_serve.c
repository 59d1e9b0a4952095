/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_serve: what changes a pod: create, start, stop, shut down, and the end of the holder. */
#include "shim/daemon/sandbox_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/daemon/sandbox_ask.h"
#include "shim/daemon/sandbox_work.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/str.h"
#include "spec/oci/tables.h"
#include "spec/oci/validate.h"
#include "spec/ttrpc/message.h"

#define CONFIG_TYPE "PodSandboxConfig" /* runtime.v1, or whatever comes after it */

int sandbox_join_of(const struct daemon *d, struct sandbox_join *out, struct err *e)
{
	const struct sandbox *s = &d->sandbox;
	char path[64];

	*out = (struct sandbox_join){ .modes = s->modes };
	for (int t = 0; t < OCI_NS_COUNT; t++)
		out->ns[t] = -1;
	if (s->state == SANDBOX_NONE)
		return 0;
	out->pid = s->modes.holder ? s->holder : getpid();
	out->dir = d->place.dir;
	for (int t = 0; t < OCI_NS_COUNT; t++) {
		if (!sandbox_join_owns(&s->modes, (enum oci_ns)t))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", out->pid, oci_ns_infos[t].proc);
		out->ns[t] = open(path, O_RDONLY | O_CLOEXEC);
		if (out->ns[t] < 0)
			return err_sys(e, "the pod's %s namespace", oci_ns_infos[t].type);
	}
	return 0;
}

void sandbox_join_done(struct sandbox_join *j)
{
	for (int t = 0; t < OCI_NS_COUNT; t++)
		close_fd(&j->ns[t]);
}

size_t sandbox_join_fds(const struct sandbox_join *j, int *fds)
{
	memcpy(fds, j->ns, sizeof(j->ns));
	return countof(j->ns);
}

bool sandbox_holds(const struct daemon *d)
{
	auto_arena struct arena a = { 0 };
	struct stat st;

	if (d->sandbox.state == SANDBOX_NONE || d->sandbox.state == SANDBOX_CLOSED)
		return false;
	return !stat(arena_printf(&a, "%s/" WORK_BUNDLES "/%s", d->place.dir, d->sandbox.id), &st);
}

/* The pod is over, for those who wait for it. */
static void ended(struct sandbox *s, unsigned int status)
{
	struct call *c;

	s->state = SANDBOX_STOPPED;
	if (!s->exited_at.tv_sec) {
		s->status = status;
		clock_gettime(CLOCK_REALTIME, &s->exited_at);
	}
	while ((c = call_next(&s->waits)))
		sandbox_reply_wait(c, s);
}

static void answer_all(struct link *calls, const struct err *e)
{
	struct call *c;

	while ((c = call_next(calls))) {
		if (e->num)
			call_fail_code(c, CODE_UNKNOWN, e->msg);
		else
			call_reply(c, NULL);
	}
}

static void go_home(struct daemon *d)
{
	struct err e;

	if (home_return(&d->sandbox.home, &e))
		log_msg(LOG_WARN, "%s, the pod's stay until the shim ends", e.msg);
}

static void go_on(struct daemon *d);

static void on_removed(struct job *job, struct job_result *r)
{
	struct daemon *d = job->arg;
	struct sandbox *s = &d->sandbox;

	if (r->err.num)
		log_msg(LOG_WARN, "remains of the pod: %s", r->err.msg);
	s->state = r->err.num ? SANDBOX_STOPPED : SANDBOX_CLOSED;
	if (!r->err.num)
		daemon_leave(d);
	answer_all(&s->stops, &r->err);
	answer_all(&s->shutdowns, &r->err);
}

static void on_stopped(struct job *job, struct job_result *r)
{
	struct daemon *d = job->arg;
	struct sandbox *s = &d->sandbox;

	if (r->err.num) {
		s->state = SANDBOX_READY; /* so that the next Stop tries again */
	} else {
		go_home(d);
		s->holder = 0;
		ended(s, 0);
	}
	answer_all(&s->stops, &r->err);
	go_on(d);
}

/* False when no helper can be made; the calls are answered then. */
static bool begin(struct daemon *d, job_fn *run, void (*done)(struct job *, struct job_result *),
		  struct link *calls)
{
	struct work w = { &d->place, d->sandbox.id };
	struct job job = { .done = done, .arg = d, .run = run, .work = &w };
	struct err e = { 0 };

	if (!job_start(&d->jobs, &job, NULL, &e))
		return true;
	answer_all(calls, &e);
	return false;
}

/* Act on what was asked for while something else was under way. */
static void go_on(struct daemon *d)
{
	struct sandbox *s = &d->sandbox;
	enum sandbox_state before = s->state;

	if (before != SANDBOX_CREATED && before != SANDBOX_READY && before != SANDBOX_STOPPED)
		return;
	if (!link_alone(&s->shutdowns)) {
		loop_del(&d->loop, &s->forgotten);
		go_home(d);
		ended(s, 0);
		if (begin(d, work_sandbox_remove, on_removed, &s->shutdowns))
			s->state = SANDBOX_CLOSING;
	} else if (!link_alone(&s->stops) && before != SANDBOX_STOPPED) {
		loop_del(&d->loop, &s->forgotten);
		if (begin(d, work_sandbox_stop, on_stopped, &s->stops))
			s->state = SANDBOX_STOPPING;
	} else {
		struct err none = { 0 };

		answer_all(&s->stops, &none);
	}
}

bool sandbox_forget(struct daemon *d)
{
	struct sandbox *s = &d->sandbox;

	if (s->state == SANDBOX_NONE || s->state == SANDBOX_CLOSED)
		return false;
	if (s->state != SANDBOX_CREATED && s->state != SANDBOX_READY && s->state != SANDBOX_STOPPED)
		return true; /* what is under way comes first */
	loop_del(&d->loop, &s->forgotten);
	ended(s, 0);
	go_home(d);
	if (begin(d, work_sandbox_remove, on_removed, &s->shutdowns))
		s->state = SANDBOX_CLOSING;
	return true;
}

static void on_forgotten(struct loop_source *src, uint32_t events)
{
	struct daemon *d = container_of(src, struct daemon, sandbox.forgotten);

	(void)events;
	loop_del(&d->loop, src);
	if (d->sandbox.state != SANDBOX_CREATED)
		return;
	log_msg(LOG_WARN, "the pod was made %u s ago and never started: removing it",
		d->sandbox.patience);
	(void)sandbox_forget(d);
}

static void on_made(struct job *job, struct job_result *r)
{
	struct daemon *d = job->arg;
	struct sandbox *s = &d->sandbox;
	struct call *c = call_take(&job->call);
	struct err e;

	if (r->err.num) {
		go_home(d);
		s->state = SANDBOX_STOPPED; /* Shutdown comes, and finds nothing */
		if (c)
			call_fail_code(c,
				       r->err.num == EINVAL ? CODE_INVALID_ARGUMENT : CODE_UNKNOWN,
				       r->err.msg);
	} else {
		s->holder = r->pid;
		s->state = SANDBOX_CREATED;
		if (loop_timer(&d->loop, &s->forgotten, s->patience * 1000ULL, 0, on_forgotten, &e))
			log_msg(LOG_WARN, "%s, going on", e.msg);
		if (c)
			call_reply(c, NULL);
	}
	go_on(d);
}

static int plan_request(const Pb__CreateSandboxRequest *req, struct sandbox_plan *p,
			struct arena *a, struct err *e)
{
	Pb__PodSandboxConfig *config = NULL;

	if (oci_validate_id(req->sandbox_id, e))
		return -1;
	if (*req->bundle_path != '/')
		return err_set(e, EINVAL, "bundle '%s' is not an absolute path", req->bundle_path);
	if (req->options && *req->options->type_url) {
		if (!str_ends(req->options->type_url, CONFIG_TYPE))
			return err_set(e, EINVAL, "options of the unknown type '%.100s'",
				       req->options->type_url);
		if (req->options->value.len > SANDBOX_CONFIG_MAX)
			return err_set(e, E2BIG, "options are larger than %u bytes",
				       SANDBOX_CONFIG_MAX);
		config = message_unpack(&pb__pod_sandbox_config__descriptor,
					req->options->value.data, req->options->value.len, a, e);
		if (!config)
			return err_ctx(e, "options");
	}
	return sandbox_plan(req, config, a, p, e);
}

static int make(struct daemon *d, const Pb__CreateSandboxRequest *req, const struct sandbox_plan *p,
		struct call *c, struct err *e)
{
	struct sandbox *s = &d->sandbox;
	struct work_sandbox w = { .work = { &d->place, p->id },
				  .bundle = req->bundle_path,
				  .plan = p };
	struct job job = {
		.done = on_made, .arg = d, .run = work_sandbox_make, .work = &w, .bound = true
	};
	bool alone = !p->modes.holder;
	struct err ignored;

	if (alone && home_leave(&s->home, p->netns, p->modes.ipc, p->modes.uts, e))
		return -1;
	job.away = alone;
	if (job_start(&d->jobs, &job, c, e)) {
		(void)home_return(&s->home, &ignored);
		return -1;
	}
	s->id = mem_strdup(p->id);
	s->modes = p->modes;
	s->state = SANDBOX_CREATING;
	return 0;
}

static void sandbox_create(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__CreateSandboxRequest *req = request;
	auto_arena struct arena a = { 0 };
	struct sandbox_plan p;
	struct err e = { 0 };

	if (d->leaving)
		err_set(&e, ESHUTDOWN, "the shim is shutting down");
	else if (d->tasks.n)
		err_set(&e, EBUSY, "the shim has containers already");
	else if (sandbox_rule(SANDBOX_CREATE, d->sandbox.state, &e) == SANDBOX_DO &&
		 !plan_request(req, &p, &a, &e) && !make(d, req, &p, c, &e))
		return;
	if (e.num == ENOTSUP)
		e.num = EINVAL; /* Unimplemented would say that there is no such service */
	call_fail(c, &e);
}

static void sandbox_start(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__StartSandboxRequest *req = request;
	struct sandbox *s = &d->sandbox;
	struct err e;

	if (!sandbox_is(s, req->sandbox_id, &e) ||
	    sandbox_rule(SANDBOX_START, s->state, &e) != SANDBOX_DO) {
		call_fail(c, &e);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &s->created_at);
	if (sandbox_reply_start(c, d, &e)) {
		call_fail(c, &e);
		return;
	}
	s->state = SANDBOX_READY;
	loop_del(&d->loop, &s->forgotten);
}

static void sandbox_stop(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__StopSandboxRequest *req = request;
	struct sandbox *s = &d->sandbox;
	enum sandbox_action action = SANDBOX_REFUSE;
	struct err e;

	/* timeout_secs limits the wait for what is killed at once, as the call's own deadline does
	 */
	if (sandbox_is(s, req->sandbox_id, &e))
		action = sandbox_rule(SANDBOX_STOP, s->state, &e);
	if (action == SANDBOX_REFUSE) {
		call_fail(c, &e);
	} else if (action == SANDBOX_DONE) {
		call_reply(c, NULL);
	} else {
		call_wait(c, &s->stops);
		go_on(d);
	}
}

static void shut_down(struct daemon *d, struct call *c)
{
	struct sandbox *s = &d->sandbox;
	struct err e;

	if (sandbox_rule(SANDBOX_SHUTDOWN, s->state, &e) == SANDBOX_DONE) {
		if (!d->tasks.n)
			daemon_leave(d);
		call_reply(c, NULL);
		return;
	}
	call_wait(c, &s->shutdowns);
	go_on(d);
}

static void sandbox_shutdown(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__ShutdownSandboxRequest *req = request;
	struct err e;

	if (d->sandbox.id && !sandbox_is(&d->sandbox, req->sandbox_id, &e))
		call_fail(c, &e);
	else
		shut_down(d, c);
}

bool sandbox_task_shutdown(struct daemon *d, struct call *c, const char *id)
{
	struct err e;

	if (d->sandbox.state == SANDBOX_NONE)
		return false;
	if (sandbox_is(&d->sandbox, id, &e))
		shut_down(d, c);
	else
		call_reply(c, NULL); /* some containerds ask for each container */
	return true;
}

bool sandbox_reaped(struct daemon *d, pid_t pid, int status)
{
	struct sandbox *s = &d->sandbox;

	if (!s->holder || pid != s->holder)
		return false;
	s->holder = 0;
	if (s->state == SANDBOX_CREATED || s->state == SANDBOX_READY) {
		log_msg(LOG_WARN, "the pod's pause process has ended, and the pod with it");
		ended(s, (unsigned int)(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
							    : WEXITSTATUS(status)));
	}
	return true;
}

const struct method sandbox_methods[] = {
	{ "CreateSandbox", &pb__create_sandbox_request__descriptor, sandbox_create },
	{ "StartSandbox", &pb__start_sandbox_request__descriptor, sandbox_start },
	{ "Platform", &pb__platform_request__descriptor, sandbox_platform },
	{ "StopSandbox", &pb__stop_sandbox_request__descriptor, sandbox_stop },
	{ "WaitSandbox", &pb__wait_sandbox_request__descriptor, sandbox_wait },
	{ "SandboxStatus", &pb__sandbox_status_request__descriptor, sandbox_status },
	{ "PingSandbox", &pb__ping_request__descriptor, sandbox_ping },
	{ "ShutdownSandbox", &pb__shutdown_sandbox_request__descriptor, sandbox_shutdown },
	{ "SandboxMetrics", &pb__sandbox_metrics_request__descriptor, sandbox_metrics },
	{ NULL, NULL, NULL },
};
