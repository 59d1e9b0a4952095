/* SPDX-License-Identifier: Apache-2.0 */
/* create: the parent half: plan, record, cgroups, clone, limits, hooks, ready. */
/*
 * Theory of operation. Everything that can be refused is refused by the planners
 * before anything exists. Then the record is written *before* each outside
 * effect that it names, so a runtime killed at any moment leaves a directory
 * from which engine_destroy() removes the rest. The lock on it is held
 * throughout. The child dies by itself as soon as the sync socket says that
 * its parent is gone. "created" begins when the start socket gets its final name;
 * for a container that is to run at once there is none, and "running" begins when the file in
 * its place is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "shim/engine/attrs.h"
#include "shim/engine/destroy.h"
#include "shim/engine/engine.h"
#include "shim/engine/hooks.h"
#include "shim/engine/init.h"
#include "shim/engine/launch.h"
#include "shim/engine/netdev.h"
#include "shim/engine/rdt.h"
#include "shim/engine/mounts.h"
#include "shim/engine/record.h"
#include "shim/engine/scope.h"
#include "shim/engine/sealed.h"
#include "shim/engine/start.h"
#include "shim/engine/statedir.h"
#include "shim/engine/sync.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/path.h"
#include "spec/oci/validate.h"

#define START_BACKLOG 8
#define NOTIFY_MODE   0755
#define MARK_MODE     0600
#define LATE_MIN      (16 << 20) /* bytes of memory that any process starts with */

/* One create under way. */
struct making {
	const struct engine *en;
	const struct engine_create *req;
	struct arena *a;
	struct plan_input in;
	struct plan plan;
	struct oci_state record;
	struct seccomp_prog seccomp;
	struct cgroup cgroup;
	struct ns_fds ns;
	struct child child;
	struct launched init;
	struct netdevs netdevs;
	int resctrl; /* -1: no intelRdt */
	bool has_dir;
};

static int read_config(struct making *m, struct err *e)
{
	auto_fd int bundle = -1;

	if (m->req->config) {
		m->in.config = m->req->config;
		return 0;
	}
	bundle = open(m->req->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (bundle < 0)
		return err_sys(e, "open bundle '%s'", m->req->bundle);
	m->in.config = oci_config_read(bundle, m->a, e);
	return m->in.config ? 0 : -1;
}

static void warn(const struct making *m)
{
	const struct json_strs *caps = &m->plan.proc.ignored;

	for (size_t i = 0; i < caps->n; i++)
		log_msg(LOG_WARN,
			"process: capabilities: %s is not known or not available here: "
			"ignored",
			caps->v[i]);
	if (m->plan.cgroup.warning)
		log_msg(LOG_WARN, "%s", m->plan.cgroup.warning);
}

static int make_plan(struct making *m, struct err *e)
{
	const struct engine_create *req = m->req;

	if (oci_validate_id(req->id, e) || read_config(m, e))
		return -1;
	m->in = (struct plan_input){
		.config = m->in.config,
		.host = m->en->host,
		.id = req->id,
		.bundle = req->bundle,
		.systemd = m->en->cgroups == ENGINE_SYSTEMD,
		.cgroups_disabled = m->en->cgroups == ENGINE_CGROUPS_DISABLED,
		.rootless = m->en->rootless,
		.no_pivot = req->no_pivot,
		.no_new_keyring = req->no_new_keyring,
		.preserve_fds = req->preserve_fds,
		.listen_fds = req->listen_fds,
	};
	if (req->notify && oci_namespace_of(m->in.config, OCI_NS_MOUNT))
		m->in.notify_dir =
			arena_printf(m->a, "%s/%s/" ENGINE_NOTIFY_DIR, m->en->root, req->id);
	if (plan_make(&m->in, m->a, &m->plan, e))
		return -1;
	warn(m);
	return 0;
}

/* Only the container has it in sight, so that it may be open to whoever the process is there. */
static int make_notify(int dir, struct err *e)
{
	if (mkdirat(dir, ENGINE_NOTIFY_DIR, NOTIFY_MODE) ||
	    fchmodat(dir, ENGINE_NOTIFY_DIR, NOTIFY_MODE, 0))
		return err_sys(e, "make the directory for NOTIFY_SOCKET");
	return 0;
}

/* From here on a failure, or a destroy by another, has a directory to go by. */
static int claim(struct making *m, struct err *e)
{
	auto_fd int cache = -1;

	m->child.dir = statedir_create(m->en->root, m->req->id, e);
	if (m->child.dir < 0)
		return -1;
	m->has_dir = true;
	record_fill(m->req, &m->plan, m->a, &m->record);
	if (statedir_write(m->child.dir, &m->record, e))
		return -1;
	if (m->in.notify_dir && make_notify(m->child.dir, e))
		return -1;
	cache = m->plan.seccomp.present ? statedir_cache(m->en->root) : -1;
	return seccomp_compile(&m->plan.seccomp, cache, m->a, &m->seccomp, e);
}

/* While the child is at work already, and before it is told to go on: no hook has run yet. */
static int keep_config(struct making *m, struct err *e)
{
	struct json_object *doc = m->req->config_doc;

	m->record.config = doc ? doc : json_own(m->a, oci_config_encode(m->in.config));
	return statedir_write_config(m->child.dir, &m->record, e);
}

/* To a cgroup mount, for a process that is not in them yet. */
static void show_cgroups(struct making *m, struct plan_mount *mount)
{
	const struct plan_cgroup *p = &m->plan.cgroup;

	for (size_t i = 0; i < mount->n_cgroups; i++) {
		struct plan_mount_cgroup *c = &mount->cgroups[i];

		for (size_t k = 0; k < p->n_dirs && !c->dir; k++) {
			if (m->cgroup.dir_fds[k] >= 0 && str_eq(p->dirs[k].key, c->key))
				c->dir = arena_printf(m->a, "%s%s", p->dirs[k].mountpoint,
						      p->dirs[k].path);
		}
	}
}

static int make_cgroups(struct making *m, pid_t member, struct err *e)
{
	m->cgroup.member = member;
	if (cgroup_create(&m->plan.cgroup, &m->cgroup, e)) {
		m->record.cgroups.n = 0; /* it has undone itself */
		return -1;
	}
	cgroup_to_state(&m->plan.cgroup, &m->cgroup, &m->record, m->a);
	for (size_t i = 0; i < m->plan.mounts.n; i++)
		show_cgroups(m, &m->plan.mounts.v[i]);
	return 0;
}

/* On record before anything is in it, so that a delete after our death finds it. */
static int make_rdt(struct making *m, struct err *e)
{
	if (!m->plan.rdt.present)
		return 0;
	m->resctrl = rdt_open(e);
	if (m->resctrl < 0)
		return -1;
	if (rdt_make(&m->plan.rdt, m->resctrl, &m->record, m->a, e))
		return -1;
	return statedir_write(m->child.dir, &m->record, e);
}

static int make_start_socket(struct making *m, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	auto_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", fd_path(m->child.dir).s,
		 STATEDIR_START_NEW);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, START_BACKLOG))
		return err_sys(e, "make the start socket");
	m->child.start = fd_above_stdio(take_fd(&fd));
	return 0;
}

/* In place of the start socket: what tells everybody that the container is being created. */
static int make_mark(struct making *m, struct err *e)
{
	auto_fd int fd = openat(m->child.dir, STATEDIR_START_NEW,
				O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MARK_MODE);

	return fd < 0 ? err_sys(e, "make '" STATEDIR_START_NEW "'") : 0;
}

/* A limit that may be too low is better refused, with what is in use, than met by the process. */
static bool is_memory_tight(const struct oci_config *c)
{
	const struct oci_resources *r = c->linux_ ? c->linux_->resources : NULL;

	return r && r->memory && r->memory->limit.set && r->memory->limit.v >= 0 &&
	       r->memory->limit.v < LATE_MIN;
}

/*
 * Does nothing of the plan show, or want, the process in its cgroups while it makes its mounts?
 * It is in those of v2 from the start.
 */
static bool joins_late(const struct making *m)
{
	const struct plan_cgroup *p = &m->plan.cgroup;

	if (is_memory_tight(m->in.config) || m->plan.netdevs.n) /* they go where the child is */
		return false;
	for (size_t i = 0; i < p->n_writes; i++) {
		if (!*p->dirs[p->writes[i].dir].key)
			return false;
	}
	return !p->scope.unit && p->dev != CGROUP_DEV_BPF && !m->plan.ns.userns &&
	       !m->child.staged && !oci_namespace_of(m->in.config, OCI_NS_CGROUP) &&
	       !init_has_hooks(&m->child);
}

/*
 * Is there nothing between create and start that only we can do, and has the child the right to
 * what it does instead?
 */
static bool runs_straight(const struct making *m)
{
	const struct engine_create *req = m->req;

	return req->start && !req->created && !req->pidfd_socket && !m->plan.ns.userns &&
	       !m->in.config->hooks.create_container.n;
}

static int open_all(struct making *m, struct err *e)
{
	struct child *c = &m->child;

	c->id = m->req->id;
	c->config = m->in.config;
	c->record = &m->record;
	c->plan = &m->plan;
	c->seccomp = &m->seccomp;
	c->cgroup = &m->cgroup;
	c->ns = &m->ns;
	c->rootless = m->en->rootless;
	c->runs = m->req->start;
	c->straight = runs_straight(m);
	memcpy(c->stdio, m->req->stdio, sizeof(c->stdio));
	if (launch_prepare(c, m->req->console_socket, m->req->console_fd, e) ||
	    ns_open(&m->plan.ns, &m->ns, e) || mounts_open_sources(&m->plan.mounts, e) ||
	    (c->runs ? make_mark(m, e) : make_start_socket(m, e)))
		return -1;
	c->staged = ns_is_staged(&m->plan.ns, &m->ns);
	c->held = m->plan.cgroup.scope.unit;
	c->late = joins_late(m);
	return 0;
}

/*
 * The systemd driver: systemd makes the cgroup around the process, which
 * waits meanwhile, and ends with a runtime that is killed.
 */
static int enter_scope(struct making *m, struct err *e)
{
	const struct plan_scope *scope = &m->plan.cgroup.scope;

	m->record.systemd_scope = arena_strdup(m->a, scope->unit);
	m->record.systemd_user = scope->user;
	if (statedir_write(m->child.dir, &m->record, e) || scope_start(scope, m->init.pid, e)) {
		m->record.systemd_scope = NULL; /* it has undone itself */
		return -1;
	}
	m->record.systemd_started = true;
	if (scope_locate(&m->in, &m->plan.cgroup, m->child.proc, m->init.pid, m->a, e) ||
	    make_cgroups(m, m->init.pid, e) || cgroup_join_pid(&m->cgroup, m->init.pid, e) ||
	    statedir_write(m->child.dir, &m->record, e))
		return -1;
	return sync_send(m->child.parent_sync, SYNC_GO, 0, NULL) ? err_sys(e, "sync") : 0;
}

static int launch(struct making *m, struct err *e)
{
	struct child *c = &m->child;
	bool waits = c->staged || (m->plan.ns.fresh & CLONE_NEWUSER);
	int failed = launch_clone(c, c->staged ? 0 : init_clone_flags(c), init_main, &m->init, e) ||
		     (c->held && enter_scope(m, e)) || launch_settle(c, &m->init, e);

	mounts_close(&m->plan.mounts);
	close_fd(&c->start);
	if (failed)
		return -1;
	m->record.pid = m->init.pid;
	m->record.start_time = m->init.start_time;
	if (statedir_write(c->dir, &m->record, e) ||
	    rdt_join(&m->record, m->resctrl, m->init.pid, e) ||
	    ns_write_maps(&m->plan.ns, c->proc, m->init.pid, e) ||
	    attrs_of_child(&m->plan.proc, m->init.pid, c->proc, m->en->rootless, e))
		return -1;
	if (waits && sync_send(c->parent_sync, SYNC_GO, 0, NULL))
		return launch_expect(c, &m->init, SYNC_MOUNTED, e) ?: err_sys(e, "sync");
	return keep_config(m, e);
}

/* Limits first: a hook may widen what the device policy allows; and it sees the interfaces. */
static int limit_and_hook(struct making *m, struct err *e)
{
	struct hook_place place = HOOK_PLACE_INIT;
	const struct oci_config *c = m->in.config;

	if ((!m->child.late && launch_expect(&m->child, &m->init, SYNC_MOUNTED, e)) ||
	    scope_set_late(&m->plan.cgroup.scope, e) ||
	    cgroup_limit(&m->plan.cgroup, &m->cgroup, e) ||
	    netdevs_move(&m->plan.netdevs, m->child.proc, m->init.pid, m->a, &m->netdevs, e))
		return -1;
	if (!c->hooks.prestart.n && !c->hooks.create_runtime.n)
		return 0;
	place.cwd = m->req->bundle;
	place.init_pidfd = m->init.pidfd;
	place.state = oci_state_document(&m->record, OCI_CREATING, m->init.pid, false, false, m->a);
	if (!hooks_run(c, HOOK_PRESTART, &place, e) &&
	    !hooks_run(c, HOOK_CREATE_RUNTIME, &place, e))
		return 0;
	return e->num == ESRCH ? launch_explain(&m->child, &m->init, e) : -1;
}

/* From its last word before the program to the program. */
static int go(struct making *m, struct listener *l, struct err *e)
{
	if (!m->child.straight && unlinkat(m->child.dir, STATEDIR_START_NEW, 0))
		return err_sys(e, "remove '" STATEDIR_START_NEW "'");
	/* EPIPE: it has died, and says why below */
	sync_send(m->child.parent_sync, SYNC_GO, 0, NULL);
	if (launch_expect(&m->child, &m->init, SYNC_EXEC, e))
		return -1;
	sealed_release();
	return launch_after_exec(m->child.parent_sync, l, e);
}

static int ready(struct making *m, struct err *e)
{
	sync_send(m->child.parent_sync, SYNC_GO, 0, NULL);
	if (m->child.late && launch_expect(&m->child, &m->init, SYNC_MOUNTED, e))
		return -1;
	sealed_release(); /* it has closed its own by now */
	return launch_expect(&m->child, &m->init, SYNC_READY, e) ||
			       launch_send_pidfd(m->req->pidfd_socket, &m->init, e)
		       ? -1
		       : 0;
}

static int start(struct making *m, struct err *e)
{
	struct container c = { .dir = m->child.dir, .record = &m->record, .status = OCI_CREATED };
	const struct engine_create *req = m->req;
	struct listener l = LISTENER_INIT;
	int failed = (!m->child.straight && ready(m, e)) ||
		     (req->created && req->created(req->caller, m->init.pid, e)) ||
		     start_listener(&c, m->a, &l, e) || go(m, &l, e);

	close_fd(&l.sock);
	close_fd(&l.pidfd);
	return failed ? -1 : start_hooks_after(&c, m->a, e);
}

static int publish(struct making *m, struct err *e)
{
	if (m->child.runs)
		return start(m, e);
	if (ready(m, e))
		return -1;
	if (renameat(m->child.dir, STATEDIR_START_NEW, m->child.dir, STATEDIR_START))
		return err_sys(e, "publish the start socket");
	return 0;
}

static int make(struct making *m, struct err *e)
{
	return make_plan(m, e) || claim(m, e) || open_all(m, e) ||
			       (!m->child.held && make_cgroups(m, 0, e)) || make_rdt(m, e) ||
			       launch(m, e) || limit_and_hook(m, e) || publish(m, e)
		       ? -1
		       : 0;
}

/* Without the lock, as it was while poststart hooks ran, others may have removed it all. */
static int remove_remains(struct making *m, bool lived, struct err *e)
{
	if (statedir_lock(m->child.dir, STATEDIR_LOCK_MS, e))
		return e->num == ENOENT ? 0 : -1;
	return destroy_remains(m->en, &m->record, lived, e);
}

/* The error that is reported is the first; what cannot be removed is logged. */
static void undo(struct making *m)
{
	bool lived = m->init.start_time;
	struct err e;

	netdevs_undo(&m->netdevs);
	launch_kill(&m->init);
	m->record.pid = 0;
	if (m->has_dir && remove_remains(m, lived, &e))
		log_msg(LOG_WARN, "after the failure: %s: left for delete --force", e.msg);
	cgroup_undo(&m->plan.cgroup, &m->cgroup); /* the directories above it that are new, too */
}

int engine_create(const struct engine *en, const struct engine_create *req, pid_t *pid, int *pidfd,
		  struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct making m = { .en = en,
			    .req = req,
			    .a = &a,
			    .plan = { .mounts = { .root_fd = -1 } },
			    .cgroup = CGROUP_INIT,
			    .ns = NS_FDS_INIT,
			    .child = CHILD_INIT,
			    .init = LAUNCHED_INIT,
			    .netdevs = NETDEVS_INIT,
			    .resctrl = -1 };
	int failed = make(&m, e);

	if (failed) {
		undo(&m);
	} else {
		*pid = m.init.pid;
		if (pidfd)
			*pidfd = take_fd(&m.init.pidfd);
		close_fd(&m.init.pidfd);
	}
	mounts_close(&m.plan.mounts);
	close_fd(&m.child.start);
	cgroup_close(&m.cgroup);
	ns_close(&m.ns);
	launch_done(&m.child);
	netdevs_close(&m.netdevs);
	close_fd(&m.resctrl);
	close_fd(&m.child.dir);
	return failed;
}
