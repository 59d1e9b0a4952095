/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_work: files, namespaces or holder; and the way back. */
#include "shim/daemon/sandbox_work.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "shim/daemon/holder.h"
#include "shim/daemon/sandbox_files.h"
#include "shim/engine/engine.h"
#include "shim/engine/host.h"
#include "shim/engine/ns.h"
#include "shim/engine/plan_input.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define END_MS	    5000 /* for killed processes; disk sleep may take them longer */
#define END_STEP_MS 5

/* The namespaces are ours, so name and sysctls are set as a container's would be. */
static int set_up_own(const struct sandbox_plan *p, const struct host *host, struct arena *a,
		      struct err *e)
{
	struct plan_input in = { .config = p->config, .host = host };
	struct plan_ns ns;
	auto_fd int proc = -1;

	if (plan_ns(&in, a, &ns, e))
		return -1;
	proc = ns_open_proc(e);
	return proc < 0 || ns_set_names(&ns, e) || ns_set_sysctls(&ns, proc, e) ? -1 : 0;
}

/* "CONTROLLERS\tDIRECTORY" a line, as of a task: the pod's cgroup, which the kubelet makes. */
static int note_cgroups(const struct work_sandbox *w, const struct host *host, struct arena *a,
			struct err *e)
{
	const char *parent = w->plan->cgroup_parent;
	auto_str struct str text = { 0 };

	for (size_t i = 0; parent && i < host->cgroups.n; i++)
		str_addf(&text, "%s\t%s%s\n", host->cgroups.v[i].key, host->cgroups.v[i].mountpoint,
			 path_clean(a, parent));
	return sandbox_files_add(w->work.place->dir, SANDBOX_CGROUPS, str_text(&text), e);
}

static int note_spec(const struct work_sandbox *w, pid_t pid, struct arena *a, struct err *e)
{
	const char *dir = w->work.place->dir;
	struct oci_config *spec = sandbox_spec(w->plan, pid, dir, a);
	struct json_object *doc = json_own(a, oci_config_encode(spec));

	return sandbox_files_add(dir, SANDBOX_SPEC, json_text(doc, false, a), e);
}

static int make(const struct work_sandbox *w, struct job_result *r, struct arena *a, struct err *e)
{
	const struct host *host = host_probe(a, e);
	pid_t pid = getppid();

	if (!host || work_record(&w->work, w->bundle, e) ||
	    sandbox_files_make(w->plan, w->work.place->dir, e))
		return -1;
	if (w->plan->modes.holder) {
		pid = holder_start(&w->work, w->plan, e);
		if (pid < 0)
			return err_ctx(e, "pause process");
		r->pid = pid;
	} else if (set_up_own(w->plan, host, a, e)) {
		return -1;
	}
	return note_spec(w, pid, a, e) || note_cgroups(w, host, a, e) ? -1 : 0;
}

int work_sandbox_make(void *arg, struct job_result *r, struct err *e)
{
	struct work_sandbox *w = arg;
	auto_arena struct arena a = { 0 };
	struct job_result none = { .console = -1 };
	struct err ignored;

	if (!make(w, r, &a, e))
		return 0;
	r->pid = 0;
	(void)work_sandbox_remove(&w->work, &none, &ignored);
	return -1;
}

static bool has_ended(const struct engine *en, const char *id)
{
	auto_arena struct arena a = { 0 };
	struct engine_info info;
	struct err e;

	return engine_state(en, id, &a, &info, &e) || info.status == OCI_STOPPED;
}

/* Each container of the pod; the holder is on the same list, as the pod itself. */
static char **containers(const struct work *w, struct arena *a, size_t *n)
{
	auto_dir DIR *d = opendir(arena_printf(a, "%s/" WORK_BUNDLES, w->place->dir));
	const struct dirent *de;
	char **ids = arena_array(a, WORK_BUNDLES_MAX, sizeof(*ids));

	*n = 0;
	while (d && *n < WORK_BUNDLES_MAX && (de = readdir(d))) {
		if (!path_is_dots(de->d_name) && !str_eq(de->d_name, w->id))
			ids[(*n)++] = arena_strdup(a, de->d_name);
	}
	return ids;
}

int work_sandbox_stop(void *arg, struct job_result *r, struct err *e)
{
	const struct work *w = arg;
	auto_arena struct arena a = { 0 };
	struct engine en = { .root = w->place->root };
	struct err ignored;
	size_t n;
	char **ids = containers(w, &a, &n);

	(void)r;
	for (size_t i = 0; i < n; i++)
		(void)engine_kill(&en, ids[i], SIGKILL, true, &ignored);
	for (size_t i = 0; i < n; i++) {
		for (int ms = 0; !has_ended(&en, ids[i]); ms += END_STEP_MS) {
			if (ms >= END_MS)
				return err_set(e, ETIMEDOUT, "container '%s' does not end", ids[i]);
			(void)poll(NULL, 0, END_STEP_MS);
		}
	}
	return engine_destroy(&en, w->id, true, e);
}

int work_sandbox_remove(void *arg, struct job_result *r, struct err *e)
{
	const struct work *w = arg;
	auto_arena struct arena a = { 0 };
	struct err other;
	size_t n;
	char **ids = containers(w, &a, &n);
	int bad = 0;

	for (size_t i = 0; i < n; i++) {
		struct work one = { w->place, ids[i] };

		bad |= work_destroy(&one, r, bad ? &other : e);
	}
	bad |= work_destroy(arg, r, bad ? &other : e); /* the holder, and the record of the pod */
	if (!bad)
		bad = sandbox_files_remove(w->place->dir, e);
	return bad ? -1 : 0;
}
