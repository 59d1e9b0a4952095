/* SPDX-License-Identifier: Apache-2.0 */
/* manager: where systemd listens, and its methods' common form. */
#include "shim/engine/manager.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/auto.h"

#define SYSTEMD_NAME	       "org.freedesktop.systemd1"
#define SYSTEMD_PATH	       "/org/freedesktop/systemd1"
#define SYSTEMD_INTERFACE      "org.freedesktop.systemd1.Manager"
#define SYSTEMD_INTERFACE_UNIT "org.freedesktop.systemd1.Unit"
#define SYSTEM_PRIVATE	       "/run/systemd/private"
#define SYSTEM_BUS	       "/run/dbus/system_bus_socket"
#define BUS_UNIX	       "unix:path="

#define MATCH                                                                                      \
	"type='signal',sender='" SYSTEMD_NAME "',interface='" SYSTEMD_INTERFACE                    \
	"',path='" SYSTEMD_PATH "',member='JobRemoved'"

/* The path in "unix:path=/run/user/0/bus,guid=..."; NULL where there is none. */
static const char *bus_path(const char *variable, struct arena *a)
{
	const char *address = getenv(variable);

	if (!address || !str_starts(address, BUS_UNIX))
		return NULL;
	address += strlen(BUS_UNIX);
	return arena_strndup(a, address, strcspn(address, ",;"));
}

static const char *runtime_dir(struct arena *a)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	return dir && *dir == '/' ? dir : arena_printf(a, "/run/user/%u", getuid());
}

/* A bus tells signals only to who asks; a direct connection needs no asking. */
static int subscribe(struct dbus *d, struct err *e)
{
	auto_str struct str rule = { 0 };
	struct dbus_msg match = {
		.destination = "org.freedesktop.DBus",
		.path = "/org/freedesktop/DBus",
		.interface = "org.freedesktop.DBus",
		.member = "AddMatch",
		.signature = "s",
	};
	struct dbus_msg call = {
		.destination = SYSTEMD_NAME,
		.path = SYSTEMD_PATH,
		.interface = SYSTEMD_INTERFACE,
		.member = "Subscribe",
	};

	if (d->direct)
		return 0;
	dbus_put_text(&rule, MATCH);
	match.body = rule.s;
	match.body_len = rule.len;
	return dbus_send(d, &match, e) || dbus_send(d, &call, e) ? -1 : 0;
}

static bool may_try_next(const struct err *e)
{
	return e->num == ENOENT || e->num == ECONNREFUSED || e->num == EACCES || e->num == EPERM;
}

static int explain(bool user, struct err *e)
{
	if (user)
		return err_ctx(
			e, "the systemd cgroup driver: no user manager answers (is there a login "
			   "session, or lingering by loginctl enable-linger?)");
	return err_ctx(e, "the systemd cgroup driver: systemd does not answer (is it this host's "
			  "init?)");
}

int manager_connect(struct dbus *d, bool user, int timeout_ms, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *dir = user ? runtime_dir(&a) : NULL;
	const char *direct = user ? arena_printf(&a, "%s/systemd/private", dir) : SYSTEM_PRIVATE;
	const char *bus =
		bus_path(user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS", &a);
	struct err first;
	int failed;

	if (!bus)
		bus = user ? arena_printf(&a, "%s/bus", dir) : SYSTEM_BUS;
	failed = dbus_connect(d, direct, true, timeout_ms, &first);
	if (failed && may_try_next(&first))
		failed = dbus_connect(d, bus, false, timeout_ms, e) || subscribe(d, e) ? -1 : 0;
	else if (failed)
		*e = first;
	if (failed && may_try_next(e))
		*e = first;
	return failed ? explain(user, e) : 0;
}

int manager_call(struct dbus *d, const char *method, const char *signature, const struct str *body,
		 struct dbus_msg *reply, const char **error, struct err *e)
{
	struct dbus_msg call = {
		.destination = SYSTEMD_NAME,
		.path = SYSTEMD_PATH,
		.interface = SYSTEMD_INTERFACE,
		.member = method,
		.signature = signature,
		.body = body ? body->s : NULL,
		.body_len = body ? body->len : 0,
	};

	return dbus_call(d, &call, reply, error, e) ? err_ctx(e, "systemd: %s", method) : 0;
}

/* What is waited for, and how it ended. */
struct job {
	const char *path, *sender, *result;
};

/* JobRemoved(u id, o job, s unit, s result). On a bus, only the one that we talk to is believed. */
static bool is_removed(const struct dbus_msg *m, void *arg)
{
	struct job *job = arg;
	struct dbus_reader r = { .p = m->body, .len = m->body_len };
	const char *path;

	if (!str_eq(m->signature, "uoss") || (job->sender && !str_eq(m->sender, job->sender)))
		return false;
	dbus_get_u32(&r);
	path = dbus_get_text(&r);
	dbus_get_text(&r);
	job->result = dbus_get_text(&r);
	return !r.bad && !strcmp(path, job->path);
}

int manager_job(struct dbus *d, const char *method, const char *signature, const struct str *body,
		const char **error, struct err *e)
{
	struct dbus_msg reply;
	struct dbus_reader r;
	struct job job = { 0 };

	if (manager_call(d, method, signature, body, &reply, error, e))
		return -1;
	r = (struct dbus_reader){ .p = reply.body, .len = reply.body_len };
	if (!str_eq(reply.signature, "o"))
		return err_set(e, EPROTO, "systemd: %s: answers without a job", method);
	job.path = dbus_get_text(&r);
	job.sender = d->direct ? NULL : reply.sender;
	if (dbus_wait(d, "JobRemoved", is_removed, &job, e))
		return err_ctx(e, "systemd: %s: wait for its job", method);
	if (strcmp(job.result, "done") != 0)
		return err_set(e, EREMOTEIO, "systemd: %s: its job ended as '%.32s'", method,
			       job.result);
	return 0;
}

/*
 * systemd writes the files of changed units in its main loop before it takes the next message
 * (manager_dispatch_cgroup_realize_queue), so any answered call will do.
 */
int manager_settle(struct dbus *d, struct err *e)
{
	struct dbus_msg ping = {
		.destination = SYSTEMD_NAME,
		.path = SYSTEMD_PATH,
		.interface = "org.freedesktop.DBus.Peer",
		.member = "Ping",
	};

	return dbus_call(d, &ping, NULL, NULL, e) ? err_ctx(e, "systemd: Ping") : 0;
}

/* A property that is text, of an object; "" where it is of another type. */
static int get_text(struct dbus *d, const char *path, const char *interface, const char *name,
		    const char **out, struct err *e)
{
	auto_str struct str body = { 0 };
	struct dbus_msg reply, call = {
		.destination = SYSTEMD_NAME,
		.path = path,
		.interface = "org.freedesktop.DBus.Properties",
		.member = "Get",
		.signature = "ss",
	};
	struct dbus_reader r;

	dbus_put_text(&body, interface);
	dbus_put_text(&body, name);
	call.body = body.s;
	call.body_len = body.len;
	if (dbus_call(d, &call, &reply, NULL, e))
		return err_ctx(e, "systemd: ask for its %s", name);
	r = (struct dbus_reader){ .p = reply.body, .len = reply.body_len };
	*out = strcmp(dbus_get_signature(&r), "s") ? "" : dbus_get_text(&r);
	return 0;
}

int manager_version(struct dbus *d, unsigned int *version, struct err *e)
{
	const char *text;
	unsigned int v;

	if (get_text(d, SYSTEMD_PATH, SYSTEMD_INTERFACE, "Version", &text, e))
		return -1;
	*version = sscanf(text, "%9u", &v) == 1 ? v : 0;
	return 0;
}

int manager_description(struct dbus *d, const char *unit, const char **out, struct err *e)
{
	auto_str struct str body = { 0 };
	struct dbus_msg reply;
	struct dbus_reader r;

	dbus_put_text(&body, unit);
	if (manager_call(d, "GetUnit", "s", &body, &reply, NULL, e))
		return -1;
	r = (struct dbus_reader){ .p = reply.body, .len = reply.body_len };
	if (!str_eq(reply.signature, "o"))
		return err_set(e, EPROTO, "systemd: GetUnit: answers without a path");
	return get_text(d, dbus_get_text(&r), SYSTEMD_INTERFACE_UNIT, "Description", out, e);
}
