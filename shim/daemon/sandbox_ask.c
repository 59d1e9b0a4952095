/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_ask: answered at once, from memory and from files on /run. */
#include "shim/daemon/sandbox_ask.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shim/daemon/metrics.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/sandbox.pb-c.h"

#define SPEC_TYPE "types.containerd.io/opencontainers/runtime-spec/1/Spec"
#define NOTE_MAX  (1 << 20) /* bytes of a file that our helper wrote */

/* Whose namespaces are the pod's; 0 when it is over. */
static pid_t live_pid(const struct sandbox *s)
{
	if (s->state != SANDBOX_CREATED && s->state != SANDBOX_READY)
		return 0;
	return s->modes.holder ? s->holder : getpid();
}

static char *note(const struct daemon *d, const char *name, struct arena *a, struct err *e)
{
	return read_file(-1, arena_printf(a, "%s/" SANDBOX_DIR "/%s", d->place.dir, name), NOTE_MAX,
			 a, NULL, e);
}

void sandbox_reply_wait(struct call *c, const struct sandbox *s)
{
	auto_arena struct arena a = { 0 };
	Pb__WaitSandboxResponse r = PB__WAIT_SANDBOX_RESPONSE__INIT;

	r.exit_status = s->status;
	r.exited_at = message_time(&s->exited_at, &a);
	call_reply(c, &r.base);
}

int sandbox_reply_start(struct call *c, const struct daemon *d, struct err *e)
{
	const struct sandbox *s = &d->sandbox;
	auto_arena struct arena a = { 0 };
	Pb__StartSandboxResponse r = PB__START_SANDBOX_RESPONSE__INIT;
	Pb__Any spec = PB__ANY__INIT;
	char *text = note(d, SANDBOX_SPEC, &a, e);

	if (!text)
		return -1;
	spec.type_url = arena_strdup(&a, SPEC_TYPE);
	spec.value.data = (uint8_t *)text;
	spec.value.len = strlen(text);
	r.pid = s->tells_paths ? 0 : (uint32_t)live_pid(s);
	r.created_at = message_time(&s->created_at, &a);
	r.spec = &spec;
	call_reply(c, &r.base);
	return 0;
}

/* Do what a method that reads begins with; false when the call has been answered. */
static bool look(const struct sandbox *s, const char *id, struct call *c)
{
	struct err e;

	if (sandbox_is(s, id, &e) && sandbox_rule(SANDBOX_LOOK, s->state, &e) == SANDBOX_DONE)
		return true;
	call_fail(c, &e);
	return false;
}

/* As Go calls them. */
static const char *architecture(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#else
#error "Platform: no name of this architecture yet"
#endif
}

void sandbox_platform(void *ctx, struct call *c, const void *request)
{
	const struct daemon *d = ctx;
	const Pb__PlatformRequest *req = request;
	auto_arena struct arena a = { 0 };
	Pb__PlatformResponse r = PB__PLATFORM_RESPONSE__INIT;
	Pb__Platform p = PB__PLATFORM__INIT;

	if (!look(&d->sandbox, req->sandbox_id, c))
		return;
	p.os = arena_strdup(&a, "linux");
	p.architecture = arena_strdup(&a, architecture());
	r.platform = &p;
	call_reply(c, &r.base);
}

void sandbox_ping(void *ctx, struct call *c, const void *request)
{
	const struct daemon *d = ctx;

	if (look(&d->sandbox, ((const Pb__PingRequest *)request)->sandbox_id, c))
		call_reply(c, NULL);
}

void sandbox_wait(void *ctx, struct call *c, const void *request)
{
	struct daemon *d = ctx;
	const Pb__WaitSandboxRequest *req = request;
	struct err e;

	if (!sandbox_is(&d->sandbox, req->sandbox_id, &e))
		call_fail(c, &e);
	else if (sandbox_rule(SANDBOX_WAIT, d->sandbox.state, &e) == SANDBOX_DONE)
		sandbox_reply_wait(c, &d->sandbox);
	else
		call_wait(c, &d->sandbox.waits);
}

/* What `crictl inspectp` shows; containerd reads it as its own SandboxInfo. */
static Pb__StringEntry *info(const struct daemon *d, struct arena *a)
{
	Pb__StringEntry *entry = arena_alloc(a, sizeof(*entry));
	pid_t pid = live_pid(&d->sandbox);
	struct err ignored;
	const char *spec = note(d, SANDBOX_SPEC, a, &ignored);

	pb__string_entry__init(entry);
	entry->key = arena_strdup(a, "info");
	entry->value = arena_printf(a,
				    "{\"pid\":%d,\"processStatus\":\"%s\","
				    "\"netNamespaceClosed\":%s,\"runtimeSpec\":%s}",
				    pid, pid ? "running" : "stopped",
				    pid || !d->sandbox.modes.net ? "false" : "true",
				    spec && *spec ? spec : "null");
	return entry;
}

void sandbox_status(void *ctx, struct call *c, const void *request)
{
	const struct daemon *d = ctx;
	const Pb__SandboxStatusRequest *req = request;
	const struct sandbox *s = &d->sandbox;
	auto_arena struct arena a = { 0 };
	Pb__SandboxStatusResponse r = PB__SANDBOX_STATUS_RESPONSE__INIT;
	Pb__StringEntry *entry;

	if (!look(s, req->sandbox_id, c))
		return;
	r.sandbox_id = s->id;
	r.pid = s->tells_paths ? 0 : (uint32_t)live_pid(s);
	r.state =
		arena_strdup(&a, s->state == SANDBOX_READY ? "SANDBOX_READY" : "SANDBOX_NOTREADY");
	r.created_at = message_time(&s->created_at, &a);
	r.exited_at = message_time(&s->exited_at, &a);
	if (req->verbose) {
		entry = info(d, &a);
		r.info = &entry;
		r.n_info = 1;
	}
	call_reply(c, &r.base);
}

void sandbox_metrics(void *ctx, struct call *c, const void *request)
{
	const struct daemon *d = ctx;
	const Pb__SandboxMetricsRequest *req = request;
	const struct sandbox *s = &d->sandbox;
	auto_arena struct arena a = { 0 };
	Pb__SandboxMetricsResponse r = PB__SANDBOX_METRICS_RESPONSE__INIT;
	Pb__Metric m = PB__METRIC__INIT;
	struct timespec now;
	struct err e;
	const char *cgroups = NULL;

	if (sandbox_is(s, req->sandbox_id, &e) &&
	    sandbox_rule(SANDBOX_MEASURE, s->state, &e) == SANDBOX_DO)
		cgroups = note(d, SANDBOX_CGROUPS, &a, &e);
	if (cgroups && !*cgroups)
		err_set(&e, ENOENT, "the pod has no cgroup_parent whose figures would be its own");
	else if (cgroups)
		m.data = metrics_read(cgroups, &a, &e);
	if (!m.data) {
		call_fail(c, &e);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	m.timestamp = message_time(&now, &a);
	m.id = s->id;
	r.metrics = &m;
	call_reply(c, &r.base);
}
