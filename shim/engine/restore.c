/* SPDX-License-Identifier: Apache-2.0 */
/* restore: a new container whose processes come out of an image. */
/*
 * Theory of operation. What create makes before the clone is made here as well:
 * plan, record, cgroups with their limits. Then CRIU is started in the container's
 * cgroups, so that all that it forks is in there, and makes the processes with
 * their namespaces and mounts; the first one becomes a child of ours. CRIU
 * stops at some points and tells: runtime hooks run when the namespaces are there, and
 * before the processes go on the record gets the pid. As in create each outside effect
 * is in the record before it is made, and the same function undoes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "shim/engine/criu_facts.h"
#include "shim/engine/criu_swrk.h"
#include "shim/engine/destroy.h"
#include "shim/engine/hooks.h"
#include "shim/engine/launch.h"
#include "shim/engine/netdev.h"
#include "shim/engine/ns.h"
#include "shim/engine/rdt.h"
#include "shim/engine/record.h"
#include "shim/engine/restore_place.h"
#include "shim/engine/scope.h"
#include "shim/engine/statedir.h"
#include "shim/engine/tty.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/path.h"
#include "spec/base/proc.h"
#include "spec/oci/validate.h"

#define ROOT_NAME	"criu-root" /* in the state directory: where CRIU sees the root file system */
#define ROOT_MODE	0700
#define WORK_MODE	0700
#define MASTER_NAME	"orphan-pts-master" /* goes with the terminal, as runc sends it */
#define CGROUP_TEXT_MAX (64 << 10)

struct restoring {
	const struct engine *en;
	const struct engine_create *req;
	const struct criu_options *o;
	struct arena *a;
	struct plan_input in;
	struct plan plan;
	struct oci_state record;
	struct cgroup cgroup;
	struct criu_facts facts;
	struct plan_criu criu;
	struct criu_start start;
	int inherits[CRIU_FDS_MAX]; /* as criu.inherits: numbers in CRIU's process */
	struct netdevs netdevs;
	int dir, images, work, console;
	int proc, resctrl; /* the host's /proc; -1: no intelRdt */
	struct launched init;
	bool has_dir;
};

static int make_plan(struct restoring *r, struct err *e)
{
	r->in = (struct plan_input){
		.config = r->req->config,
		.host = r->en->host,
		.id = r->req->id,
		.bundle = r->req->bundle,
		.systemd = r->en->cgroups == ENGINE_SYSTEMD,
		.cgroups_disabled = r->en->cgroups == ENGINE_CGROUPS_DISABLED,
		.rootless = r->en->rootless,
	};
	if (oci_validate_id(r->req->id, e) || plan_make(&r->in, r->a, &r->plan, e))
		return -1;
	if (r->plan.cgroup.warning)
		log_msg(LOG_WARN, "%s", r->plan.cgroup.warning);
	return 0;
}

static int open_image(struct restoring *r, struct err *e)
{
	r->images = open(r->o->image_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->images < 0)
		return err_sys(e, "open image '%s'", r->o->image_dir);
	if (criu_let_search(r->images, &r->plan, e) ||
	    criu_facts_read(r->images, r->a, &r->facts, e))
		return -1;
	if (!r->o->work_dir)
		return 0;
	if (path_mkdirs(r->o->work_dir, WORK_MODE, e))
		return -1;
	r->work = open(r->o->work_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r->work < 0 ? err_sys(e, "open directory '%s'", r->o->work_dir) : 0;
}

static int open_console(struct restoring *r, struct err *e)
{
	const struct engine_create *req = r->req;

	if (!r->plan.proc.terminal)
		return 0;
	if (req->console_socket)
		r->console = tty_connect(req->console_socket, e);
	else if (req->console_fd >= 0)
		r->console = fcntl(req->console_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else
		return err_set(e, EINVAL, "process: terminal: needs a console socket");
	if (r->console >= 0)
		return 0;
	return req->console_socket ? err_ctx(e, "console socket")
				   : err_sys(e, "duplicate the console socket");
}

/* The namespaces that the processes shall be in again. */
static int open_inherits(struct restoring *r, struct err *e)
{
	for (size_t i = 0; i < r->criu.n_inherits; i++) {
		const struct plan_criu_inherit *in = &r->criu.inherits[i];
		int fd;

		r->inherits[i] = in->fd;
		if (!in->path)
			continue;
		if (r->start.n_fds == CRIU_FDS_MAX)
			return err_set(e, E2BIG, "too many namespaces");
		fd = fd_above_stdio(open(in->path, O_RDONLY | O_CLOEXEC));
		if (fd < 0)
			return err_sys(e, "linux.namespaces: path '%s'", in->path);
		r->inherits[i] = CRIU_FIRST_FD + (int)r->start.n_fds;
		r->start.fds[r->start.n_fds++] = fd;
	}
	return 0;
}

/* Everything that can be refused is, before anything exists. */
static int prepare(struct restoring *r, struct err *e)
{
	r->start.program = criu_find(r->o->program, r->a, e);
	r->proc = ns_open_proc(e);
	if (!r->start.program || r->proc < 0 || make_plan(r, e) || open_image(r, e) ||
	    open_console(r, e) ||
	    plan_criu(PLAN_CRIU_RESTORE, &r->plan, &r->facts, r->o, r->a, &r->criu, e))
		return -1;
	for (int i = 0; i <= STDERR_FILENO; i++)
		r->start.stdio[i] = r->plan.proc.terminal ? -1 : r->req->stdio[i];
	return open_inherits(r, e);
}

static int make_cgroups(struct restoring *r, pid_t member, struct err *e)
{
	r->cgroup.member = member;
	if (cgroup_create(&r->plan.cgroup, &r->cgroup, e)) {
		r->record.cgroups.n = 0; /* it has undone itself */
		return -1;
	}
	cgroup_to_state(&r->plan.cgroup, &r->cgroup, &r->record, r->a);
	return statedir_write(r->dir, &r->record, e);
}

/* systemd makes the cgroup around CRIU's process, which waits meanwhile. */
static int enter_scope(struct restoring *r, pid_t pid, struct err *e)
{
	const struct plan_scope *scope = &r->plan.cgroup.scope;

	r->record.systemd_scope = arena_strdup(r->a, scope->unit);
	r->record.systemd_user = scope->user;
	if (statedir_write(r->dir, &r->record, e) || scope_start(scope, pid, e)) {
		r->record.systemd_scope = NULL; /* it has undone itself */
		return -1;
	}
	r->record.systemd_started = true;
	return scope_locate(&r->in, &r->plan.cgroup, r->proc, pid, r->a, e) ||
			       make_cgroups(r, pid, e) || cgroup_join_pid(&r->cgroup, pid, e)
		       ? -1
		       : 0;
}

/* What CRIU's process is in, the restored ones will be in. */
static int place(void *context, pid_t pid, struct err *e)
{
	struct restoring *r = context;

	if (r->plan.cgroup.scope.unit && enter_scope(r, pid, e))
		return -1;
	return scope_set_late(&r->plan.cgroup.scope, e) ||
			       cgroup_limit(&r->plan.cgroup, &r->cgroup, e) ||
			       rdt_join(&r->record, r->resctrl, pid, e)
		       ? -1
		       : 0;
}

static int make_rdt(struct restoring *r, struct err *e)
{
	if (!r->plan.rdt.present)
		return 0;
	r->resctrl = rdt_open(e);
	if (r->resctrl < 0 || rdt_make(&r->plan.rdt, r->resctrl, &r->record, r->a, e))
		return -1;
	return statedir_write(r->dir, &r->record, e);
}

static int claim(struct restoring *r, struct err *e)
{
	struct json_object *doc = r->req->config_doc;

	r->dir = statedir_create(r->en->root, r->req->id, e);
	if (r->dir < 0)
		return -1;
	r->has_dir = true;
	record_fill(r->req, &r->plan, r->a, &r->record);
	r->record.config = doc ? doc : json_own(r->a, oci_config_encode(r->in.config));
	if (statedir_write(r->dir, &r->record, e) || statedir_write_config(r->dir, &r->record, e) ||
	    (!r->plan.cgroup.scope.unit && make_cgroups(r, 0, e)) || make_rdt(r, e))
		return -1;
	if (mkdirat(r->dir, ROOT_NAME, ROOT_MODE))
		return err_sys(e, "make the directory for the root file system");
	return restore_make_places(&r->plan.mounts, e);
}

/* The namespaces are there, but nothing is in them: the place of the runtime hooks. */
static int set_up_namespaces(struct restoring *r, pid_t pid, struct err *e)
{
	struct hook_place at = HOOK_PLACE_INIT;
	const struct oci_config *c = r->in.config;

	if (netdevs_move(&r->plan.netdevs, r->proc, pid, r->a, &r->netdevs, e))
		return -1;
	if (!c->hooks.prestart.n && !c->hooks.create_runtime.n)
		return 0;
	at.cwd = r->req->bundle;
	at.state = oci_state_document(&r->record, OCI_CREATING, pid, false, false, r->a);
	return hooks_run(c, HOOK_PRESTART, &at, e) || hooks_run(c, HOOK_CREATE_RUNTIME, &at, e) ? -1
												: 0;
}

/* The processes are there, but stand still. */
static int take_process(struct restoring *r, pid_t pid, struct err *e)
{
	struct proc_stat st;

	if (proc_stat(pid, &st, e))
		return -1;
	r->init.pid = r->record.pid = pid;
	r->init.start_time = r->record.start_time = st.start_time;
	r->init.pidfd = proc_pidfd(pid);
	if (r->init.pidfd < 0)
		return err_sys(e, "open a pidfd");
	return statedir_write(r->dir, &r->record, e);
}

static int hand_over_terminal(const struct restoring *r, int fd, struct err *e)
{
	struct tty t = { .master = fd, .slave = -1, .name = MASTER_NAME };

	if (fd < 0)
		return err_set(e, EPROTO, "CRIU sent no terminal");
	if (r->console < 0)
		return err_set(e, EINVAL, "the image has a terminal, but config.json has none");
	return tty_send(r->console, &t, e);
}

static int notified(void *context, const struct criu_reply *what, int fd, struct err *e)
{
	struct restoring *r = context;

	if (str_eq(what->script, "setup-namespaces"))
		return set_up_namespaces(r, what->pid, e);
	if (str_eq(what->script, "post-restore"))
		return take_process(r, what->pid, e);
	if (str_eq(what->script, "orphan-pts-master"))
		return hand_over_terminal(r, fd, e);
	return 0;
}

static int converse(struct restoring *r, struct criu_swrk *criu, struct err *e)
{
	struct criu_place at = { .images = CRIU_IMAGES_FD,
				 .work = r->o->work_dir ? CRIU_WORK_FD : -1,
				 .inherits = r->inherits,
				 .root = r->start.root };
	char *proc = arena_printf(r->a, "/proc/%d/cgroup", (int)criu->pid);
	struct criu_bytes request;
	struct criu_reply said;

	at.proc_cgroup = read_file(AT_FDCWD, proc, CGROUP_TEXT_MAX, r->a, NULL, e);
	if (!at.proc_cgroup)
		return -1;
	criu_request(&r->criu, &at, r->a, &request);
	if (criu_swrk_talk(criu, &request, notified, r, r->a, &said, e))
		return -1;
	if (!r->init.pid)
		return err_set(e, EPROTO, "CRIU is done, but told of no process");
	return 0;
}

static int restore(struct restoring *r, struct err *e)
{
	struct criu_swrk criu = CRIU_SWRK_INIT;
	struct criu_log log;
	int failed, code;

	if (prepare(r, e) || claim(r, e))
		return -1;
	log = (struct criu_log){
		.dir = r->work >= 0 ? r->work : r->images,
		.path = r->o->work_dir ? r->o->work_dir : r->o->image_dir,
		.name = CRIU_RESTORE_LOG,
	};
	criu_log_begin(&log);
	r->start.image_dir = r->o->image_dir;
	r->start.work_dir = r->o->work_dir;
	r->start.cgroup = r->plan.cgroup.scope.unit ? NULL : &r->cgroup;
	r->start.place = place;
	r->start.context = r;
	r->start.rootfs = r->plan.mounts.rootfs;
	r->start.root = arena_printf(r->a, "%s/%s/" ROOT_NAME, r->en->root, r->req->id);
	if (criu_swrk_start(&r->start, &criu, e))
		return -1;
	failed = converse(r, &criu, e);
	code = criu_swrk_end(&criu);
	if (!failed && code)
		failed = err_set(e, EIO, "CRIU ended with status %d", code);
	if (failed)
		return criu_log_explain(&log, e);
	return launch_send_pidfd(r->req->pidfd_socket, &r->init, e);
}

/* The error that is reported is the first; what cannot be removed is logged. */
static void undo(struct restoring *r)
{
	bool lived = r->init.start_time;
	struct err e;

	netdevs_undo(&r->netdevs);
	launch_kill(&r->init);
	r->record.pid = 0;
	if (r->has_dir && destroy_remains(r->en, &r->record, lived, &e))
		log_msg(LOG_WARN, "after the failure: %s: left for delete --force", e.msg);
	cgroup_undo(&r->plan.cgroup, &r->cgroup);
}

static void close_all(struct restoring *r)
{
	for (size_t i = 0; i < r->start.n_fds; i++)
		close_fd(&r->start.fds[i]);
	close_fd(&r->init.pidfd);
	close_fd(&r->images);
	close_fd(&r->work);
	close_fd(&r->console);
	close_fd(&r->proc);
	close_fd(&r->resctrl);
	netdevs_close(&r->netdevs);
	cgroup_close(&r->cgroup);
	close_fd(&r->dir);
}

int engine_restore(const struct engine *en, const struct engine_create *req,
		   const struct criu_options *o, pid_t *pid, int *pidfd, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct restoring r = { .en = en,
			       .req = req,
			       .o = o,
			       .a = &a,
			       .plan = { .mounts = { .root_fd = -1 } },
			       .cgroup = CGROUP_INIT,
			       .dir = -1,
			       .images = -1,
			       .work = -1,
			       .console = -1,
			       .proc = -1,
			       .resctrl = -1,
			       .netdevs = NETDEVS_INIT,
			       .init = LAUNCHED_INIT };
	int failed = restore(&r, e);

	if (failed) {
		undo(&r);
	} else {
		*pid = r.init.pid;
		if (pidfd)
			*pidfd = take_fd(&r.init.pidfd);
	}
	close_all(&r);
	return failed;
}
