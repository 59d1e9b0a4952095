/* SPDX-License-Identifier: Apache-2.0 */
/* init: one visible table of steps makes the container, then waits for start. */
/*
 * Theory of operation. The parent has cloned us into new namespaces and, on v2,
 * into the cgroup. Where entering a namespace shows in children only (pid), or
 * new namespaces must belong to one that is entered first (user), the cloned
 * process is a stage: it enters, clones the process that goes on as its
 * sibling, and ends ("staged", ns_is_staged()).
 *
 * Cgroups v1 are joined with their limits set, when the mounts are made, so that the runtime sets
 * them meanwhile and neither waits for the other; where hooks or a cgroup namespace want
 * to see the process in them, and with cgroup v2, it is the first step. A container is not charged
 * for its mounts then.
 *
 * The cgroup namespace is unshared after the cgroup was joined, for it shows
 * the cgroup that one is in then. The old root stays visible up to the
 * pivot: sources of mounts and the parent's hooks need it.
 *
 * After "ready" nothing of the host is left but the listening start socket.
 * `start` connects and sends GO; a starter that dies before it has said so does
 * not count, and the next is waited for. Its connection closes with execve,
 * which tells it that the program runs. Where the maker starts it as well, all that is said
 * over the sync socket, and the word that the limits are set may be the last.
 */
#include "shim/engine/init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "shim/engine/attrs.h"
#include "shim/engine/dev.h"
#include "shim/engine/hooks.h"
#include "shim/engine/mounts.h"
#include "shim/engine/root.h"
#include "shim/engine/statedir.h"
#include "shim/engine/sync.h"
#include "spec/base/auto.h"

uint64_t init_clone_flags(const struct child *c)
{
	uint64_t flags = c->plan->ns.fresh & ~(uint64_t)CLONE_NEWCGROUP;

	/* made by ns_new_time(); clones enter it by themselves */
	return c->plan->ns.time_offsets ? flags & ~(uint64_t)CLONE_NEWTIME : flags;
}

static int join_cgroups(struct child *c, struct err *e)
{
	return attrs_cpus_initial(&c->plan->proc, e) || cgroup_join_self(c->cgroup, e) ? -1 : 0;
}

static int step_cgroup(struct child *c, struct err *e)
{
	return c->late ? 0 : join_cgroups(c, e);
}

static int step_namespaces(struct child *c, struct err *e)
{
	const struct plan_ns *p = &c->plan->ns;

	return ns_new_time(p, c->proc, e) || ns_enter(p, c->ns, c->proc, e) ? -1 : 0;
}

static int step_clone(struct child *c, struct err *e)
{
	return child_clone_again(c, init_clone_flags(c), e);
}

static int step_user_namespace(struct child *c, struct err *e)
{
	if (!(c->plan->ns.fresh & CLONE_NEWUSER))
		return 0;
	if (!c->staged && child_wait_go(c, e))
		return -1;
	return ns_become_root(e);
}

static int step_cgroup_namespace(struct child *c, struct err *e)
{
	if ((c->plan->ns.fresh & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP))
		return err_sys(e, "make it");
	return 0;
}

static int step_root(struct child *c, struct err *e)
{
	return root_prepare(&c->plan->mounts, &c->rootfs, e);
}

static int step_mounts(struct child *c, struct err *e)
{
	return mounts_apply(&c->plan->mounts, c->rootfs, e);
}

static int step_devices(struct child *c, struct err *e)
{
	return dev_apply(&c->plan->dev, c->rootfs, e);
}

bool init_has_hooks(const struct child *c)
{
	const struct oci_hooks *h = &c->config->hooks;

	return h->prestart.n || h->create_runtime.n || h->create_container.n;
}

/* The runtime has set the limits, and its hooks have run. */
static int wait_limits(struct child *c, struct err *e)
{
	if (c->limited)
		return 0;
	c->limited = true;
	if (child_wait_go(c, e))
		return -1;
	return c->late && join_cgroups(c, e) ? err_ctx(e, "join cgroups") : 0;
}

static int step_tell_mounted(struct child *c, struct err *e)
{
	if (c->straight && c->late)
		return 0; /* nobody waits for it */
	if (sync_send(c->sync, SYNC_MOUNTED, 0, NULL))
		return err_sys(e, "tell the runtime");
	return init_has_hooks(c) ? wait_limits(c, e) : 0;
}

/*
 * Without hooks the limits are set while we go on, up to the first open of a
 * device: a v1 list denies all for a moment before it allows some. One that joins late
 * has been out of all cgroups v1 so far, and of their limits.
 */
static int step_terminal(struct child *c, struct err *e)
{
	if (c->plan->proc.terminal && wait_limits(c, e))
		return -1;
	return child_terminal(c, e);
}

static int step_stdio(struct child *c, struct err *e)
{
	return wait_limits(c, e) || child_stdio(c, e) ? -1 : 0;
}

/* In the container's namespaces, with the host's files still in sight. */
static int step_create_hooks(struct child *c, struct err *e)
{
	char *const no_env[] = { NULL };
	struct hook_place place = HOOK_PLACE_INIT;

	if (!c->config->hooks.create_container.n)
		return 0;
	place.cwd = c->plan->mounts.rootfs;
	place.env = no_env;
	place.state =
		oci_state_document(c->record, OCI_CREATING, getpid(), false, false, &c->arena);
	return hooks_run(c->config, HOOK_CREATE_CONTAINER, &place, e);
}

static int step_pivot(struct child *c, struct err *e)
{
	if (root_pivot(&c->plan->mounts, c->rootfs, e))
		return -1;
	close_fd(&c->rootfs);
	return 0;
}

static int step_console(struct child *c, struct err *e)
{
	return c->tty.slave < 0 ? 0 : dev_console(c->root, c->tty.slave, e);
}

static int step_cwd(struct child *c, struct err *e)
{
	return exe_make_cwd(&c->plan->proc, c->root, e);
}

static int step_seal(struct child *c, struct err *e)
{
	return root_seal(&c->plan->mounts, e);
}

static int step_names(struct child *c, struct err *e)
{
	const struct plan_ns *p = &c->plan->ns;

	return ns_set_names(p, e) || ns_set_sysctls(p, c->proc, e) ? -1 : 0;
}

/*
 * The container is complete, and others may enter it. Later on there is no right to say so any
 * more; what is left is about this process alone.
 */
static int step_running(struct child *c, struct err *e)
{
	if (!c->straight)
		return 0;
	if (unlinkat(c->dir, STATEDIR_START_NEW, 0))
		return err_sys(e, "remove '" STATEDIR_START_NEW "'");
	close_fd(&c->dir);
	return 0;
}

/* Nothing but stdio, the fds to be passed on and the start socket is kept from here on. */
static int step_ready(struct child *c, struct err *e)
{
	const struct plan_proc *p = &c->plan->proc;
	const int keep[] = { c->start, c->sync };

	if (exe_close_fds(p->listen_fds + p->preserve_fds, keep, countof(keep)))
		return err_sys(e, "close fds");
	if (c->straight)
		return 0;
	if (sync_send(c->sync, SYNC_READY, 0, NULL))
		return err_sys(e, "tell the runtime");
	if (!c->runs)
		close_fd(&c->sync);
	return 0;
}

/* A name of NULL: the inner texts name the field of the config. */
static const struct child_step stage_steps[] = {
	{ "runtime", child_wait_placed },
	{ "join cgroups", step_cgroup },
	{ "namespaces", step_namespaces },
	{ "namespaces", step_clone },
	{ NULL, NULL },
};

static const struct child_step enter_steps[] = {
	{ "runtime", child_wait_placed },
	{ "join cgroups", step_cgroup },
	{ "namespaces", step_namespaces },
	{ NULL, NULL },
};

static const struct child_step init_steps[] = {
	{ "user namespace", step_user_namespace },
	{ "cgroup namespace", step_cgroup_namespace },
	{ "root file system", step_root },
	{ NULL, step_mounts },
	{ NULL, step_devices },
	{ "runtime hooks", step_tell_mounted },
	{ NULL, step_create_hooks },
	{ "enter the root file system", step_pivot },
	{ "root file system", child_root },
	{ "session", child_session },
	{ NULL, step_terminal },
	{ "console", step_console },
	{ NULL, step_cwd },
	{ NULL, step_seal },
	{ "stdio", step_stdio },
	{ NULL, step_names },
	{ "running", step_running },
	{ NULL, child_attrs },
	{ NULL, child_rights },
	{ NULL, child_chdir },
	{ NULL, child_user },
	{ NULL, child_find },
	{ "ready", step_ready },
	{ NULL, NULL },
};

/* As pid 1 we would ignore what has no handler; a created container shall obey TERM. */
static void end_by_signal(int sig)
{
	_exit(128 + sig);
}

static void obey_signals(void)
{
	static const int signals[] = { SIGHUP,	SIGINT,	 SIGQUIT, SIGTERM,
				       SIGUSR1, SIGUSR2, SIGALRM, SIGABRT };
	struct sigaction act = { .sa_handler = end_by_signal };

	for (size_t i = 0; i < countof(signals); i++)
		sigaction(signals[i], &act, NULL);
}

/* The connection of a starter that means it, who hears of the exec by it. */
static int wait_start(struct child *c, struct err *e)
{
	if (c->runs)
		return !c->straight && child_wait_go(c, e) ? -1 : c->sync;
	for (;;) {
		auto_fd int conn = accept4(c->start, NULL, NULL, SOCK_CLOEXEC);
		struct sync_msg m;

		if (conn < 0 && errno != EINTR && errno != ECONNABORTED)
			return err_sys(e, "wait for start");
		if (conn >= 0 && sync_recv(conn, &m) > 0 && m.type == SYNC_GO)
			return take_fd(&conn);
	}
}

static int start_hooks(struct child *c, struct err *e)
{
	struct hook_place place = HOOK_PLACE_INIT;

	if (!c->config->hooks.start_container.n)
		return 0;
	place.cwd = "/";
	place.env = c->env;
	place.state = oci_state_document(c->record, OCI_CREATED, getpid(), false, false, &c->arena);
	return hooks_run(c->config, HOOK_START_CONTAINER, &place, e);
}

_Noreturn void init_main(struct child *c)
{
	struct err e;
	int conn;

	child_begin(c);
	child_run(c, c->staged ? stage_steps : enter_steps);
	child_run(c, init_steps);
	obey_signals();
	conn = wait_start(c, &e);
	if (conn < 0)
		_exit(EXIT_FAILURE);
	if (start_hooks(c, &e))
		child_fail(conn, &e);
	child_exec(c, conn);
}
