/* SPDX-License-Identifier: Apache-2.0 */
/* scope: the calls that make, change and end a scope. */
#include "shim/engine/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shim/engine/manager.h"
#include "shim/engine/ns.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/path.h"

#define START_TRIES	5
#define START_WAIT_US	100000 /* between tries, while an old unit of the name goes away */
#define SWEEP_STEP_MS	50
#define SELF_CGROUP_MAX (256 << 10)
#define ALIGN_STRUCT	8

#define auto_dbus __attribute__((cleanup(dbus_close)))

/* Which properties to send. */
enum select {
	SELECT_EARLY,
	SELECT_LATE,
	SELECT_ALL
};

static bool selected(const struct unit_prop *p, enum select which)
{
	return which == SELECT_ALL || p->late == (which == SELECT_LATE);
}

static bool any_since(const struct unit_props *props)
{
	for (size_t i = 0; i < props->n; i++)
		if (props->v[i].since)
			return true;
	return false;
}

/* The version matters only where a property is newer than what we take for granted. */
static int version_for(struct dbus *d, const struct unit_props *props, unsigned int *version,
		       struct err *e)
{
	*version = UNIT_VERSION_MIN;
	return any_since(props) ? manager_version(d, version, e) : 0;
}

/* a(sv), with the pid where there is one. */
static void put_props(const struct unit_props *props, enum select which, unsigned int version,
		      pid_t pid, struct str *body)
{
	struct unit_value value = { .number = (uint64_t)pid };
	struct unit_prop pids = { .name = "PIDs", .type = "au", .v = &value, .n = 1 };
	size_t begun = dbus_array_begin(body, ALIGN_STRUCT);

	for (size_t i = 0; i <= props->n; i++) {
		const struct unit_prop *p = i < props->n ? &props->v[i] : &pids;

		if (p == &pids ? !pid : !selected(p, which) || p->since > version)
			continue;
		dbus_put_struct(body);
		dbus_put_text(body, p->name);
		unit_prop_encode(p, body);
	}
	dbus_array_end(body, begun, ALIGN_STRUCT);
}

static void forget_failure(struct dbus *d, const char *unit)
{
	auto_str struct str body = { 0 };
	struct err ignored;

	dbus_put_text(&body, unit);
	if (manager_call(d, "ResetFailedUnit", "s", &body, NULL, NULL, &ignored))
		log_msg(LOG_DEBUG, "%s: it has no failure to forget", ignored.msg);
}

static int stop(struct dbus *d, const char *unit, const char **error, struct err *e)
{
	auto_str struct str body = { 0 };

	dbus_put_text(&body, unit);
	dbus_put_text(&body, "replace");
	return manager_job(d, "StopUnit", "ss", &body, error, e);
}

/* StartTransientUnit(s name, s mode, a(sv) properties, a(sa(sv)) others). */
static int start(struct dbus *d, const struct plan_scope *p, unsigned int version, pid_t pid,
		 const char **error, struct err *e)
{
	auto_str struct str body = { 0 };
	struct err ignored;
	const char *unused;
	size_t others;

	dbus_put_text(&body, p->unit);
	dbus_put_text(&body, "replace");
	put_props(&p->props, SELECT_EARLY, version, pid, &body);
	others = dbus_array_begin(&body, ALIGN_STRUCT);
	dbus_array_end(&body, others, ALIGN_STRUCT);
	if (!manager_job(d, "StartTransientUnit", "ssa(sv)a(sa(sv))", &body, error, e))
		return 0;
	/* a refused call has made nothing; what a failed job left must go */
	if (!*error && !stop(d, p->unit, &unused, &ignored))
		forget_failure(d, p->unit);
	return -1;
}

int scope_start(const struct plan_scope *p, pid_t pid, struct err *e)
{
	auto_dbus struct dbus d = DBUS_INIT;
	const char *error = NULL;
	unsigned int version;

	if (manager_connect(&d, p->user, SCOPE_TIMEOUT_MS, e) ||
	    version_for(&d, &p->props, &version, e))
		return -1;
	for (int i = 0; i < START_TRIES; i++) {
		if (!start(&d, p, version, pid, &error, e))
			return 0;
		if (!str_eq(error, MANAGER_UNIT_EXISTS))
			break;
		forget_failure(&d, p->unit);
		if (i)
			usleep(START_WAIT_US);
	}
	if (str_eq(error, MANAGER_UNIT_EXISTS))
		return err_set(e, EEXIST,
			       "systemd: there is a unit '%s' already: another container "
			       "runs with this cgroupsPath",
			       p->unit);
	return err_ctx(e, "start '%s'", p->unit);
}

/* The path in the line "ID:KEY:PATH"; NULL: no such line. */
static const char *path_of(const char *text, const char *key, struct arena *a)
{
	for (char **line = str_split(a, text, '\n', NULL); *line; line++) {
		char *k = strchr(*line, ':'), *path = k ? strchr(k + 1, ':') : NULL;

		if (path && strlen(key) == (size_t)(path - k - 1) &&
		    !strncmp(k + 1, key, strlen(key)))
			return path + 1;
	}
	return NULL;
}

/* As seen from what is mounted. */
static const char *below_mount(const struct host_cgroup *c, const char *path)
{
	size_t n = strcmp(c->root, "/") == 0 ? 0 : strlen(c->root);

	return !strncmp(path, c->root, n) && path[n] == '/' ? path + n : path;
}

int scope_locate(const struct plan_input *in, struct plan_cgroup *plan, int proc, pid_t pid,
		 struct arena *a, struct err *e)
{
	char *file = arena_printf(a, "%d/cgroup", pid), *text;
	auto_fd int fd = ns_proc_file(proc, file, O_RDONLY, e);
	const char *path;

	text = fd < 0 ? NULL : read_file(fd, "", SELF_CGROUP_MAX, a, NULL, e);
	if (!text)
		return -1;
	/* systemd itself goes by its named hierarchy where there is one */
	path = path_of(text, "name=systemd", a);
	if (!path)
		path = path_of(text, "", a);
	if (!path || !str_ends(path, plan->scope.path))
		return err_set(
			e, EPROTO,
			"systemd: '%s' was started, but the process is in cgroup '%.200s', not "
			"in '%.150s'",
			plan->scope.unit, path ? path : "(none)", plan->scope.path);
	if (str_starts(path, "/.."))
		return err_set(e, ENOTSUP,
			       "systemd: the cgroup of '%s' is outside of this cgroup namespace",
			       plan->scope.unit);
	for (size_t i = 0; i < plan->n_dirs; i++)
		plan->dirs[i].path = path_clean(a, below_mount(&in->host->cgroups.v[i], path));
	return 0;
}

static int set(const char *unit, bool user, const struct unit_props *props, enum select which,
	       struct err *e)
{
	auto_dbus struct dbus d = DBUS_INIT;
	auto_str struct str body = { 0 };
	unsigned int version;

	if (manager_connect(&d, user, SCOPE_TIMEOUT_MS, e) || version_for(&d, props, &version, e))
		return -1;
	dbus_put_text(&body, unit);
	dbus_put_u32(&body, true);
	put_props(props, which, version, 0, &body);
	return manager_call(&d, "SetUnitProperties", "sba(sv)", &body, NULL, NULL, e) ||
			       manager_settle(&d, e)
		       ? err_ctx(e, "set limits of '%s'", unit)
		       : 0;
}

int scope_set_late(const struct plan_scope *p, struct err *e)
{
	for (size_t i = 0; i < p->props.n; i++)
		if (p->props.v[i].late)
			return set(p->unit, p->user, &p->props, SELECT_LATE, e);
	return 0;
}

int scope_set(const char *unit, bool user, const struct unit_props *props, struct err *e)
{
	return props->n ? set(unit, user, props, SELECT_ALL, e) : 0;
}

int scope_attach(const char *unit, bool user, const char *sub, pid_t pid, struct err *e)
{
	auto_dbus struct dbus d = DBUS_INIT;
	auto_str struct str body = { 0 };
	size_t pids;

	if (manager_connect(&d, user, SCOPE_TIMEOUT_MS, e))
		return -1;
	dbus_put_text(&body, unit);
	dbus_put_text(&body, sub);
	pids = dbus_array_begin(&body, sizeof(uint32_t));
	dbus_put_u32(&body, (uint32_t)pid);
	dbus_array_end(&body, pids, sizeof(uint32_t));
	if (manager_call(&d, "AttachProcessesToUnit", "ssau", &body, NULL, NULL, e))
		return err_ctx(e, "join '%s'", unit);
	return 0;
}

/* Is it there, ours, and empty? 1, 0, or -1. */
static int is_abandoned(struct dbus *d, const char *unit, const char *id, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str body = { 0 };
	struct dbus_msg reply;
	struct dbus_reader r;
	const char *description;

	dbus_put_text(&body, unit);
	if (manager_call(d, "GetUnitProcesses", "s", &body, &reply, NULL, e))
		return -1;
	r = (struct dbus_reader){ .p = reply.body, .len = reply.body_len };
	if (!str_eq(reply.signature, "a(sus)") || dbus_get_u32(&r) ||
	    manager_description(d, unit, &description, e))
		return 0;
	return !strcmp(description, plan_scope_description(id, &a));
}

void scope_sweep(const char *unit, bool user, const char *id)
{
	auto_dbus struct dbus d = DBUS_INIT;
	const char *error;
	struct err ignored;

	if (manager_connect(&d, user, SCOPE_TIMEOUT_MS, &ignored))
		return;
	for (int ms = 0; ms < SCOPE_SWEEP_MS; ms += SWEEP_STEP_MS) {
		if (is_abandoned(&d, unit, id, &ignored) == 1) {
			stop(&d, unit, &error, &ignored);
			return;
		}
		usleep(SWEEP_STEP_MS * 1000);
	}
}

int scope_stop(const char *unit, bool user, struct err *e)
{
	auto_dbus struct dbus d = DBUS_INIT;
	const char *error;

	if (manager_connect(&d, user, SCOPE_TIMEOUT_MS, e))
		return -1;
	if (stop(&d, unit, &error, e) && !str_eq(error, MANAGER_NO_UNIT))
		return err_ctx(e, "stop '%s'", unit);
	if (!str_eq(error, MANAGER_NO_UNIT))
		forget_failure(&d, unit);
	return 0;
}
