/* SPDX-License-Identifier: Apache-2.0 */
/* exec: one more process in a running container. */
/*
 * Theory of operation. The container is hostile from the start here, unlike in
 * create: so the process that enters is not dumpable before it does, everything
 * is opened before, and the host's /proc (not the container's) is what it asks.
 * setns(2) with the pidfd of the first process and a mask enters all
 * namespaces in one call, in the order that the kernel knows to be right, and
 * leaves out those that are ours already. A pid namespace is entered by
 * children only, so the entering process clones the real one as its sibling.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "shim/engine/attrs.h"
#include "shim/engine/container.h"
#include "shim/engine/launch.h"
#include "shim/engine/rdt.h"
#include "shim/engine/scope.h"
#include "shim/engine/sealed.h"
#include "shim/engine/statedir.h"
#include "shim/engine/sync.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/proc.h"
#include "spec/oci/tables.h"

#define NS_LINK_MAX 64 /* "time_for_children:[4026531834]" */

static int step_cgroup(struct child *c, struct err *e)
{
	return attrs_cpus_initial(&c->plan->proc, e) || cgroup_join_self(c->cgroup, e) ? -1 : 0;
}

static int step_enter(struct child *c, struct err *e)
{
	if (c->enter_flags && setns(c->init_pidfd, c->enter_flags))
		return err_sys(e, "enter the container's");
	return c->enter_flags & CLONE_NEWUSER ? ns_become_root(e) : 0;
}

static int step_clone(struct child *c, struct err *e)
{
	return c->staged ? child_clone_again(c, 0, e) : child_wait_go(c, e);
}

static const struct child_step exec_steps[] = {
	{ "runtime", child_wait_placed },
	{ "join cgroups", step_cgroup },
	{ "namespaces", step_enter },
	{ "namespaces", step_clone },
	{ "root file system", child_root },
	{ "session", child_session },
	{ NULL, child_terminal },
	{ "stdio", child_stdio },
	{ NULL, child_attrs },
	{ NULL, child_rights },
	{ NULL, child_chdir },
	{ NULL, child_user },
	{ NULL, child_find },
	{ NULL, NULL },
};

static void exec_main(struct child *c)
{
	child_begin(c);
	child_run(c, exec_steps);
	child_exec(c, c->sync);
}

/* One exec under way. */
struct joining {
	const struct engine *en;
	const struct engine_exec *req;
	struct arena *a;
	struct container container;
	struct plan_input in;
	struct plan plan;
	struct seccomp_prog seccomp;
	struct cgroup cgroup;
	struct child child;
	struct launched process;
	struct listener listener; /* its .pidfd is .process's */
};

static int refuse_stopped(const char *id, struct err *e)
{
	return err_set(e, ESRCH, "cannot exec in a stopped container: '%s'", id);
}

static int refuse(const struct container *c, bool ignore_paused, struct err *e)
{
	switch (c->status) {
	case OCI_RUNNING:
	case OCI_CREATED:
		return 0;
	case OCI_PAUSED:
		if (ignore_paused)
			return 0;
		return err_set(e, EBUSY, "cannot exec in container '%s': it is paused",
			       c->record->id);
	case OCI_STOPPED:
		return refuse_stopped(c->record->id, e);
	case OCI_CREATING:
	default:
		return err_set(e, EBUSY, "cannot exec in container '%s': it is being created",
			       c->record->id);
	}
}

/*
 * What the request leaves out is the container's, as with runc: a process file that names no
 * profile shall not run unconfined. (Resource limits and noNewPrivileges are not taken over.)
 */
static const struct oci_process *complete(const struct oci_process *asked,
					  const struct oci_process *base, struct arena *a)
{
	struct oci_process *p = arena_memdup(a, asked, sizeof(*asked));

	if (!base)
		return p;
	if (!p->capabilities)
		p->capabilities = base->capabilities;
	if (!p->apparmor_profile || !*p->apparmor_profile)
		p->apparmor_profile = base->apparmor_profile;
	if (!p->selinux_label || !*p->selinux_label)
		p->selinux_label = base->selinux_label;
	if (!p->oom_score_adj.set)
		p->oom_score_adj = base->oom_score_adj;
	if (!p->user.umask.set)
		p->user.umask = base->user.umask;
	return p;
}

static int make_plan(struct joining *j, struct err *e)
{
	const struct oci_config *config =
		j->req->config ? j->req->config : container_config(&j->container, j->a, e);
	const struct json_strs *caps;

	if (!config)
		return -1;
	j->in = (struct plan_input){
		.config = config,
		.host = j->en->host,
		.id = j->req->id,
		.bundle = j->container.record->bundle,
		.rootless = j->en->rootless,
		.no_new_keyring = j->req->no_new_keyring,
		.preserve_fds = j->req->preserve_fds,
		.listen_fds = j->req->listen_fds,
	};
	j->plan.in = &j->in;
	if (plan_process(&j->in, complete(j->req->process, config->process, j->a), j->a,
			 &j->plan.proc, e) ||
	    plan_seccomp(&j->in, j->a, &j->plan.seccomp, e))
		return -1;
	caps = &j->plan.proc.ignored;
	for (size_t i = 0; i < caps->n; i++)
		log_msg(LOG_WARN,
			"process: capabilities: %s is not known or not available here: "
			"ignored",
			caps->v[i]);
	return 0;
}

static int read_ns(int proc, const char *of, enum oci_ns type, char out[NS_LINK_MAX])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/ns/%s", of, oci_ns_infos[type].proc);
	n = readlinkat(proc, path, out, NS_LINK_MAX - 1);
	if (n < 0)
		return -1;
	out[n] = '\0';
	return 0;
}

/* The namespaces in which it differs from us. */
static int differing(int proc, pid_t pid, int *flags, struct err *e)
{
	char of[16], theirs[NS_LINK_MAX], ours[NS_LINK_MAX];

	*flags = 0;
	snprintf(of, sizeof(of), "%d", pid);
	for (int t = OCI_NS_NONE + 1; t < OCI_NS_COUNT; t++) {
		if (read_ns(proc, "self", t, ours))
			continue; /* a kind that this kernel lacks */
		if (read_ns(proc, of, t, theirs))
			return err_sys(e, "look at the container's %s namespace",
				       oci_ns_infos[t].type);
		if (strcmp(ours, theirs) != 0)
			*flags |= (int)oci_ns_infos[t].clone;
	}
	return 0;
}

static int find_namespaces(struct joining *j, struct err *e)
{
	const struct oci_state *s = j->container.record;
	struct child *c = &j->child;
	char root[32];

	if (differing(c->proc, s->pid, &c->enter_flags, e))
		return -1;
	if (!(c->enter_flags & CLONE_NEWNS)) {
		snprintf(root, sizeof(root), "%d/root", s->pid);
		c->init_root = openat(c->proc, root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (c->init_root < 0)
			return err_sys(e, "open the container's root");
	}
	/* what was read by number was about our process only if it still lives */
	c->init_pidfd = container_pidfd(s, e);
	c->staged = c->enter_flags & CLONE_NEWPID;
	return c->init_pidfd < 0 ? -1 : 0;
}

/* A container that ends meanwhile shows first as whatever of it is gone. */
static int open_container(struct joining *j, struct err *e)
{
	const struct oci_state *s = j->container.record;

	if (!find_namespaces(j, e) && !cgroup_open_for_exec(s, j->req->cgroups, &j->cgroup, e))
		return 0;
	return proc_alive(s->pid, s->start_time) ? -1 : refuse_stopped(s->id, e);
}

static int open_all(struct joining *j, struct err *e)
{
	struct child *c = &j->child;
	auto_fd int cache = -1;

	c->id = j->req->id;
	c->config = j->in.config;
	c->record = j->container.record;
	c->plan = &j->plan;
	c->seccomp = &j->seccomp;
	c->cgroup = &j->cgroup;
	c->rootless = j->en->rootless;
	memcpy(c->stdio, j->req->stdio, sizeof(c->stdio));
	cache = j->plan.seccomp.present ? statedir_cache(j->en->root) : -1;
	if (seccomp_compile(&j->plan.seccomp, cache, j->a, &j->seccomp, e) ||
	    launch_prepare(c, j->req->console_socket, j->req->console_fd, e))
		return -1;
	return listener_connect(j->in.config->linux_ ? j->in.config->linux_->seccomp : NULL,
				&j->listener, e) ||
			       open_container(j, e)
		       ? -1
		       : 0;
}

/* Groups of resctrl are inherited, and we come from outside. */
static int join_rdt(const struct joining *j, struct err *e)
{
	const struct oci_state *s = j->container.record;
	auto_fd int resctrl = s->rdt_clos ? rdt_open(e) : -1;

	if (s->rdt_clos && resctrl < 0)
		return -1;
	return rdt_join(s, resctrl, j->process.pid, e);
}

/*
 * Who may not write to the cgroup that he and the container have in common (a user in a login
 * session) has systemd move the process, which waits meanwhile.
 */
static int clone_into(struct joining *j, struct err *e)
{
	const struct oci_state *s = j->container.record;
	const struct json_strs *subs = j->req->cgroups;
	const char *sub = subs && subs->n ? subs->v[0] : NULL; /* v2 takes one */
	struct child *c = &j->child;

	if (!launch_clone(c, 0, exec_main, &j->process, e))
		return 0;
	if (!s->systemd_scope || j->cgroup.v2_fd < 0 || (e->num != EACCES && e->num != EPERM))
		return -1;
	close_fd(&j->cgroup.v2_fd);
	c->held = true;
	if (launch_clone(c, 0, exec_main, &j->process, e) ||
	    scope_attach(s->systemd_scope, s->systemd_user,
			 sub ? arena_printf(j->a, "/%s", sub + (*sub == '/')) : "", j->process.pid,
			 e))
		return -1;
	return sync_send(c->parent_sync, SYNC_GO, 0, NULL) ? err_sys(e, "sync") : 0;
}

static int run(struct joining *j, struct err *e)
{
	struct child *c = &j->child;

	if (clone_into(j, e) || launch_settle(c, &j->process, e) || join_rdt(j, e) ||
	    attrs_of_child(&j->plan.proc, j->process.pid, c->proc, j->en->rootless, e))
		return -1;
	j->listener.pid = j->process.pid;
	j->listener.pidfd = j->process.pidfd;
	j->listener.record = j->container.record;
	j->listener.status = OCI_RUNNING;
	/* EPIPE: it has died, and says why below */
	sync_send(c->parent_sync, SYNC_GO, 0, NULL);
	sealed_release();
	return launch_expect(c, &j->process, SYNC_EXEC, e) ||
			       launch_after_exec(c->parent_sync, &j->listener, e) ||
			       launch_send_pidfd(j->req->pidfd_socket, &j->process, e)
		       ? -1
		       : 0;
}

int engine_exec(const struct engine *en, const struct engine_exec *req, pid_t *pid, int *pidfd,
		struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct joining j = { .en = en,
			     .req = req,
			     .a = &a,
			     .container = CONTAINER_INIT,
			     .cgroup = CGROUP_INIT,
			     .child = CHILD_INIT,
			     .process = LAUNCHED_INIT,
			     .listener = LISTENER_INIT };
	int failed = container_open(en, req->id, -1, &a, &j.container, e) ||
				     refuse(&j.container, req->ignore_paused, e) ||
				     make_plan(&j, e) || open_all(&j, e) || run(&j, e)
			     ? -1
			     : 0;

	if (failed) {
		launch_kill(&j.process);
	} else {
		*pid = j.process.pid;
		if (pidfd)
			*pidfd = take_fd(&j.process.pidfd);
		close_fd(&j.process.pidfd);
	}
	close_fd(&j.listener.sock);
	close_fd(&j.child.init_pidfd);
	close_fd(&j.child.init_root);
	cgroup_close(&j.cgroup);
	launch_done(&j.child);
	container_close(&j.container);
	return failed;
}
