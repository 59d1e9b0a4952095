/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint: the processes of a container into an image directory, by CRIU. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/engine/cgroup_dir.h"
#include "shim/engine/container.h"
#include "shim/engine/criu_facts.h"
#include "shim/engine/criu_swrk.h"
#include "shim/engine/destroy.h"
#include "shim/engine/statedir.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/path.h"

#define DIR_MODE 0700 /* an image has the memory of the processes in it */

struct dumping {
	const struct engine *en;
	const struct container *c;
	const struct criu_options *o;
	struct arena *a;
	struct plan_input in;
	struct plan plan;
	struct criu_facts facts;
	struct plan_criu criu;
	struct criu_start start;
	int images, work;
	int status_fd; /* to be told that lazy pages are ready; -1: nobody */
};

static int refuse(const struct container *c, const char *id, struct err *e)
{
	if (c->status == OCI_RUNNING || c->status == OCI_PAUSED)
		return 0;
	return err_set(e, c->status == OCI_STOPPED ? ESRCH : EBUSY,
		       "cannot checkpoint container '%s': it is %s", id,
		       container_status_name(c->status));
}

/* The plan that it was made by: what is mounted where, from where. */
static int plan_again(struct dumping *d, struct err *e)
{
	const struct oci_state *s = d->c->record;
	const struct oci_config *config = container_config(d->c, d->a, e);

	if (!config)
		return -1;
	d->in = (struct plan_input){
		.config = config,
		.host = d->en->host,
		.id = s->id,
		.bundle = s->bundle,
		.systemd = str_eq(s->cgroup_driver, "systemd"),
		.cgroups_disabled = str_eq(s->cgroup_driver, "none"),
		.rootless = d->en->rootless,
	};
	return plan_make(&d->in, d->a, &d->plan, e);
}

static int open_dir(const char *path, int *out, struct err *e)
{
	if (path_mkdirs(path, DIR_MODE, e))
		return -1;
	*out = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *out < 0 ? err_sys(e, "open directory '%s'", path) : 0;
}

static int open_dirs(struct dumping *d, struct err *e)
{
	struct stat st;

	if (open_dir(d->o->image_dir, &d->images, e) ||
	    (d->o->work_dir && open_dir(d->o->work_dir, &d->work, e)))
		return -1;
	if (!d->o->parent)
		return 0;
	if (*d->o->parent == '/')
		return err_set(e, EINVAL, "--parent-path must be relative to the image: '%s'",
			       d->o->parent);
	if (fstatat(d->images, d->o->parent, &st, 0))
		return err_sys(e, "--parent-path '%s'", d->o->parent);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "--parent-path '%s' is no directory", d->o->parent);
	return 0;
}

static int check_status_fd(struct dumping *d, struct err *e)
{
	int flags = d->o->status_fd < 0 ? 0 : fcntl(d->o->status_fd, F_GETFL);

	if (d->o->status_fd < 0)
		return 0;
	if (flags < 0)
		return err_sys(e, "--status-fd %d", d->o->status_fd);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return err_set(e, EBADF, "--status-fd %d: not writable", d->o->status_fd);
	d->status_fd = d->o->status_fd;
	return 0;
}

/* Dirty memory can be tracked, and pages sent later, on some kernels only. */
static int check_features(const struct dumping *d, struct err *e)
{
	bool track = d->o->pre_dump || d->o->parent, lazy = d->o->lazy_pages;
	struct criu_swrk criu = CRIU_SWRK_INIT;
	struct criu_bytes ask;
	struct criu_reply said;
	int failed;

	if (!track && !lazy)
		return 0;
	criu_ask_features(track, lazy, d->a, &ask);
	failed = criu_swrk_start(&d->start, &criu, e) ||
		 criu_swrk_talk(&criu, &ask, NULL, NULL, d->a, &said, e);
	criu_swrk_end(&criu);
	if (failed)
		return err_ctx(e, "ask for features");
	if ((track && !said.mem_track) || (lazy && !said.lazy_pages))
		return err_set(e, ENOTSUP, "%s: CRIU or the kernel cannot do it here",
			       lazy && !said.lazy_pages ? "--lazy-pages" : "--pre-dump");
	return 0;
}

static int notified(void *context, const struct criu_reply *what, int fd, struct err *e)
{
	struct dumping *d = context;

	(void)fd;
	(void)e;
	if (!str_eq(what->script, "status-ready") || d->status_fd < 0)
		return 0;
	if (write(d->status_fd, "", 1) != 1)
		log_msg(LOG_WARN, "--status-fd: nobody is told that the pages are ready");
	close_fd(&d->status_fd);
	return 0;
}

/* What CRIU freezes, so that nothing forks away from it. */
static const char *freezer(const struct oci_state *s)
{
	const struct oci_cgroup_dir *dir = cgroup_find_v1(s, "freezer");

	if (!dir)
		dir = cgroup_find_v2(s);
	return dir ? dir->path : NULL;
}

static int dump(struct dumping *d, struct err *e)
{
	struct criu_place at = {
		.images = CRIU_IMAGES_FD,
		.work = d->o->work_dir ? CRIU_WORK_FD : -1,
		.pid = d->c->record->pid,
		.root = d->plan.mounts.rootfs,
		.freezer = freezer(d->c->record),
	};
	struct criu_log log = {
		.dir = d->work >= 0 ? d->work : d->images,
		.path = d->o->work_dir ? d->o->work_dir : d->o->image_dir,
		.name = CRIU_DUMP_LOG,
	};
	struct criu_swrk criu = CRIU_SWRK_INIT;
	struct criu_bytes request;
	struct criu_reply said;
	int failed, code;

	criu_log_begin(&log);
	d->start.image_dir = d->o->image_dir;
	d->start.work_dir = d->o->work_dir;
	criu_request(&d->criu, &at, d->a, &request);
	failed = criu_swrk_start(&d->start, &criu, e) ||
		 criu_swrk_talk(&criu, &request, notified, d, d->a, &said, e);
	code = criu_swrk_end(&criu);
	/* after a pre-dump it waits for a dump that comes from another process: that is no failure
	 */
	if (!failed && code && d->criu.kind != PLAN_CRIU_PRE_DUMP)
		failed = err_set(e, EIO, "CRIU ended with status %d", code);
	if (failed)
		return criu_log_explain(&log, e);
	return 0;
}

static int checkpoint(struct dumping *d, struct err *e)
{
	bool pre = d->o->pre_dump;

	d->start.program = criu_find(d->o->program, d->a, e);
	if (!d->start.program || plan_again(d, e) || check_status_fd(d, e) || open_dirs(d, e) ||
	    criu_let_search(d->images, &d->plan, e) || check_features(d, e) ||
	    criu_facts_of(d->c->record->pid, &d->plan, d->a, &d->facts, e) ||
	    plan_criu(pre ? PLAN_CRIU_PRE_DUMP : PLAN_CRIU_DUMP, &d->plan, &d->facts, d->o, d->a,
		      &d->criu, e))
		return -1;
	if (!pre && criu_facts_write(d->images, &d->facts, e))
		return -1;
	return dump(d, e);
}

int engine_checkpoint(const struct engine *en, const char *id, const struct criu_options *o,
		      struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct container c = CONTAINER_INIT;
	struct dumping d = { .en = en,
			     .c = &c,
			     .o = o,
			     .a = &a,
			     .plan = { .mounts = { .root_fd = -1 } },
			     .start = { .stdio = { -1, -1, STDERR_FILENO } },
			     .images = -1,
			     .work = -1,
			     .status_fd = -1 };
	int failed;

	if (container_open(en, id, STATEDIR_LOCK_MS, &a, &c, e))
		return -1;
	failed = refuse(&c, id, e) || checkpoint(&d, e) ? -1 : 0;
	if (!failed && !o->leave_running && !o->pre_dump)
		failed = destroy_remains(en, c.record, true, e);
	close_fd(&d.images);
	close_fd(&d.work);
	container_close(&c);
	return failed;
}
