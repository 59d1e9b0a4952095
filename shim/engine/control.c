/* SPDX-License-Identifier: Apache-2.0 */
/* control: state, list, kill, ps, pause and resume of containers that exist. */
#include <errno.h>
#include <signal.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/container.h"
#include "shim/engine/statedir.h"
#include "spec/base/auto.h"
#include "spec/base/proc.h"

int engine_state(const struct engine *en, const char *id, struct arena *a, struct engine_info *out,
		 struct err *e)
{
	struct container c = CONTAINER_INIT;

	if (container_open(en, id, -1, a, &c, e))
		return -1;
	*out = (struct engine_info){
		.state = c.record,
		.status = c.status,
		.pid = c.status == OCI_STOPPED ? 0 : c.record->pid,
	};
	container_close(&c);
	return 0;
}

struct oci_config *engine_config(const struct engine *en, const char *id, struct arena *a,
				 enum oci_status *status, struct err *e)
{
	struct container c = CONTAINER_INIT;
	struct oci_config *config;

	if (container_open(en, id, -1, a, &c, e))
		return NULL;
	*status = c.status;
	config = container_config(&c, a, e);
	container_close(&c);
	return config;
}

int engine_list(const struct engine *en, struct arena *a, char ***ids, size_t *n, struct err *e)
{
	return statedir_list(en->root, a, ids, n, e);
}

static int not_running(const struct container *c, struct err *e)
{
	return err_set(e, ESRCH, "container not running: '%s'", c->record->id);
}

static int signal_init(const struct container *c, int sig, struct err *e)
{
	auto_fd int pidfd = container_pidfd(c->record, e);
	struct err ignored;

	if (pidfd < 0)
		return -1;
	if (proc_signal(pidfd, sig))
		return errno == ESRCH ? not_running(c, e) : err_sys(e, "signal %d", c->record->pid);
	/* a frozen process of v1 dies when it thaws, and nothing else is left to thaw it */
	if (sig == SIGKILL && c->status == OCI_PAUSED)
		cgroup_freeze(c->record, false, &ignored);
	return 0;
}

static int kill_container(const struct container *c, int sig, bool all, struct err *e)
{
	bool by_cgroup = all || (sig == SIGKILL && !c->record->own_pidns);

	if (c->status == OCI_STOPPED && !all)
		return not_running(c, e);
	if (by_cgroup && c->record->cgroups.n)
		return cgroup_kill(c->record, sig, e);
	if (c->status == OCI_STOPPED)
		return 0;
	return signal_init(c, sig, e);
}

int engine_kill(const struct engine *en, const char *id, int sig, bool all, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct container c = CONTAINER_INIT;
	int failed;

	if (container_open(en, id, -1, &a, &c, e))
		return -1;
	failed = kill_container(&c, sig, all, e);
	container_close(&c);
	return failed;
}

int engine_ps(const struct engine *en, const char *id, struct arena *a, pid_t **pids, size_t *n,
	      struct err *e)
{
	struct container c = CONTAINER_INIT;
	int failed;

	if (container_open(en, id, -1, a, &c, e))
		return -1;
	failed = cgroup_pids(c.record, a, pids, n, e);
	/* without a cgroup its first process is all that is known */
	if (!failed && !*n && c.status != OCI_STOPPED && c.record->pid) {
		*pids = arena_memdup(a, &(pid_t){ c.record->pid }, sizeof(pid_t));
		*n = 1;
	}
	container_close(&c);
	return failed;
}

static int set_frozen(const struct engine *en, const char *id, bool freeze, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct container c = CONTAINER_INIT;
	bool fits;
	int failed;

	if (container_open(en, id, STATEDIR_LOCK_MS, &a, &c, e))
		return -1;
	fits = freeze ? c.status == OCI_RUNNING || c.status == OCI_CREATED : c.status == OCI_PAUSED;
	if (fits)
		failed = cgroup_freeze(c.record, freeze, e);
	else
		failed = err_set(e, c.status == OCI_STOPPED ? ESRCH : EBUSY,
				 "cannot %s container '%s': it is %s", freeze ? "pause" : "resume",
				 id, container_status_name(c.status));
	container_close(&c);
	return failed;
}

int engine_pause(const struct engine *en, const char *id, struct err *e)
{
	return set_frozen(en, id, true, e);
}

int engine_resume(const struct engine *en, const char *id, struct err *e)
{
	return set_frozen(en, id, false, e);
}
