/* SPDX-License-Identifier: Apache-2.0 */
/* destroy: one idempotent teardown for delete, failed creates and killed runtimes. */
#include "shim/engine/destroy.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/container.h"
#include "shim/engine/hooks.h"
#include "shim/engine/rdt.h"
#include "shim/engine/scope.h"
#include "shim/engine/statedir.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/proc.h"
#include "spec/oci/validate.h"

#define KILL_MS 10000 /* how long a killed process may take to end */

/* Kill the first process, and with it all of a pid namespace of its own, and wait. */
static int kill_init(const struct oci_state *s, struct err *e)
{
	struct err ignored;
	auto_fd int pidfd = container_pidfd(s, &ignored);

	if (pidfd < 0)
		return 0;
	if (proc_signal(pidfd, SIGKILL) && errno != ESRCH)
		return err_sys(e, "kill the container's process %d", s->pid);
	/* in a frozen v1 cgroup it would not even die */
	if (cgroup_frozen(s))
		cgroup_freeze(s, false, &ignored);
	if (proc_wait_end(pidfd, KILL_MS) == 0)
		return err_set(e, ETIMEDOUT, "the container's process %d does not end", s->pid);
	return 0;
}

static void poststop(const struct oci_state *s)
{
	auto_arena struct arena a = { 0 };
	struct oci_config *config = arena_alloc(&a, sizeof(*config));
	struct hook_place place = HOOK_PLACE_INIT;
	struct err e;

	if (!s->config)
		return;
	if (json_decode(s->config, oci_config_fields, config, &a, &e)) {
		log_msg(LOG_WARN, "stored config: %s: no poststop hooks are run", e.msg);
		return;
	}
	if (!config->hooks.poststop.n)
		return;
	place.cwd = s->bundle;
	place.state = oci_state_document(s, OCI_STOPPED, 0, false, false, &a);
	hooks_run_all(config, HOOK_POSTSTOP, &place);
}

/* Without a mount there is nothing left of it. */
static int remove_rdt(const struct oci_state *s, struct err *e)
{
	struct err ignored;
	auto_fd int resctrl = s->rdt_clos ? rdt_open(&ignored) : -1;

	return rdt_remove(s, resctrl, e);
}

/* Without systemd's help its directory can still be removed as any other. */
static void stop_scope(const struct oci_state *s)
{
	struct err e;

	if (s->systemd_scope && !s->systemd_started)
		scope_sweep(s->systemd_scope, s->systemd_user, s->id);
	else if (s->systemd_scope && scope_stop(s->systemd_scope, s->systemd_user, &e))
		log_msg(LOG_WARN, "%s: only its cgroup is removed", e.msg);
}

int destroy_remains(const struct engine *en, const struct oci_state *s, bool hooks, struct err *e)
{
	if (kill_init(s, e))
		return -1;
	if (!s->own_pidns && cgroup_kill(s, SIGKILL, e))
		return -1;
	stop_scope(s);
	if (cgroup_remove(s, e) || remove_rdt(s, e) || statedir_remove(en->root, s->id, e))
		return -1;
	if (hooks)
		poststop(s);
	return 0;
}

static int refuse(const struct container *c, struct err *e)
{
	if (c->status == OCI_STOPPED || c->status == OCI_CREATED)
		return 0;
	return err_set(e, EBUSY, "cannot delete container '%s' that is not stopped: it is %s",
		       c->record->id, container_status_name(c->status));
}

/*
 * Another may hold the lock for long (a hook that hangs): what it works on is
 * killed first, and with it goes the hook, so that it fails and lets go.
 */
static void kill_unlocked(const struct engine *en, const char *id)
{
	auto_arena struct arena a = { 0 };
	struct container c = CONTAINER_INIT;
	struct err ignored;

	if (container_open(en, id, -1, &a, &c, &ignored))
		return;
	kill_init(c.record, &ignored);
	container_close(&c);
}

/* Its record is damaged or was never written: the directory is all we know of. */
static int remove_unreadable(const struct engine *en, const char *id, bool force, struct err *e)
{
	struct err why = *e;

	if (!force)
		return err_ctx(e, "cannot delete it without --force");
	if (statedir_remove(en->root, id, e))
		return -1;
	/* without any record nothing outside was made yet */
	if (why.num != ENOENT)
		log_msg(LOG_WARN, "%s: only its state directory is removed", why.msg);
	return 0;
}

/* The hooks outlive the directory that they are read from. */
static int load_hooks(struct container *c, struct arena *a, bool force, struct err *e)
{
	if (!c->record->has_poststop || !statedir_read_config(c->dir, c->record, a, e))
		return 0;
	if (!force)
		return -1;
	log_msg(LOG_WARN, "%s: no poststop hooks are run", e->msg);
	return 0;
}

static int destroy_locked(const struct engine *en, const char *id, bool force, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct container c = CONTAINER_INIT;
	int failed;

	if (container_open(en, id, STATEDIR_LOCK_MS, &a, &c, e)) {
		if (e->num == EBUSY || e->num == EPERM)
			return -1;
		if (e->num == ENOENT && !statedir_exists(en->root, id))
			return force ? 0 : -1;
		return remove_unreadable(en, id, force, e);
	}
	/* the record names itself; whatever it says, the directory is the one we were given */
	c.record->id = arena_strdup(&a, id);
	failed = (!force && refuse(&c, e)) || load_hooks(&c, &a, force, e) ||
				 destroy_remains(en, c.record, true, e)
			 ? -1
			 : 0;
	container_close(&c);
	return failed;
}

int engine_destroy(const struct engine *en, const char *id, bool force, struct err *e)
{
	if (oci_validate_id(id, e))
		return -1;
	if (force)
		kill_unlocked(en, id);
	return destroy_locked(en, id, force, e);
}
