/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup: from plan to directories, and the child's way into them. */
#include "shim/engine/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shim/engine/cgroup_dev.h"
#include "shim/engine/cgroup_dir.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/str.h"

#define DELEGATE_FILE "/sys/kernel/cgroup/delegate"
/* What every kernel delegates, for those that do not say (before 4.15). */
#define DELEGATE_DEFAULT "cgroup.procs\ncgroup.subtree_control\ncgroup.threads"

/* cgroups(7) "Delegation": the directory and the files which the kernel names. */
static int hand_over(const struct plan_cgroup *p, int dir, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct err ignored;
	char *files = cgroup_read(AT_FDCWD, DELEGATE_FILE, &a, &ignored);

	if (fchown(dir, p->owner, (gid_t)-1))
		return err_sys(e, "hand the cgroup over to uid %u", p->owner);
	for (char **f = str_split(&a, files ? files : DELEGATE_DEFAULT, '\n', NULL); *f; f++)
		if (**f && !strchr(*f, '/') && fchownat(dir, *f, p->owner, (gid_t)-1, 0) &&
		    errno != ENOENT)
			return err_sys(e, "hand '%s' over to uid %u", *f, p->owner);
	return 0;
}

static int open_join(const struct plan_cgroup_dir *d, int dir, struct cgroup *cg, struct err *e)
{
	int fd;

	if (!*d->key) {
		cg->v2_fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);
		return cg->v2_fd < 0 ? err_sys(e, "duplicate an fd") : 0;
	}
	fd = openat(dir, "tasks", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '%s%s/tasks'", d->mountpoint, d->path);
	cg->join_fds[cg->n_join++] = fd;
	return 0;
}

static int make_dir(const struct plan_cgroup *p, size_t i, struct cgroup *cg, struct err *e)
{
	const struct plan_cgroup_dir *d = &p->dirs[i];
	auto_fd int dir = cgroup_make(p, d, cg->member, &cg->made[i], e);

	if (dir < 0)
		return -1;
	if (!*d->key && p->delegate && hand_over(p, dir, e))
		return -1;
	if (open_join(d, dir, cg, e))
		return -1;
	cg->dir_fds[i] = take_fd(&dir);
	return 0;
}

/* A place that we may not use, or that is not there, is no reason to fail if nobody asked for it.
 */
static bool may_skip(const struct plan_cgroup_dir *d, const struct err *e)
{
	return !d->needed &&
	       (e->num == EROFS || e->num == EACCES || e->num == EPERM || e->num == ENOENT);
}

/* The key that makes a directory needed. */
static int needed_failed(const struct plan_cgroup *p, size_t dir, struct err *e)
{
	const char *field = "devices";

	for (size_t i = p->n_writes; i-- > 0;)
		if (p->writes[i].dir == dir)
			field = p->writes[i].field;
	return p->dirs[dir].needed ? err_ctx(e, "linux: resources: %s", field) : -1;
}

int cgroup_create(const struct plan_cgroup *p, struct cgroup *out, struct err *e)
{
	struct cgroup cg = { .member = out->member, .v2_fd = -1 };
	size_t skipped = 0;
	bool failed = false;

	memset(cg.dir_fds, -1, sizeof(cg.dir_fds));
	cg.n_dirs = p->n_dirs;
	for (size_t i = 0; i < p->n_dirs && !failed; i++) {
		if (!make_dir(p, i, &cg, e))
			continue;
		failed = !may_skip(&p->dirs[i], e);
		if (failed && needed_failed(p, i, e))
			break;
		log_msg(LOG_DEBUG, "%s: not needed, left out", e->msg);
		cgroup_unmake(&p->dirs[i], cg.made[i]);
		cg.made[i] = 0;
		skipped++;
	}
	if (failed || cgroup_write_all(p, &cg, true, e)) {
		cgroup_undo(p, &cg);
		cgroup_close(&cg);
		return -1;
	}
	if (p->n_dirs && skipped == p->n_dirs)
		log_msg(p->rootless ? LOG_DEBUG : LOG_WARN,
			"%s: running in the cgroup of the caller", e->msg);
	*out = cg;
	return 0;
}

int cgroup_join_self(const struct cgroup *cg, struct err *e)
{
	for (size_t i = 0; i < cg->n_join; i++)
		if (write(cg->join_fds[i], "0", 1) != 1) {
			const char *hint = errno == ENOSPC ? " (its cpuset has no CPU or no memory)"
					   : errno == EINVAL
						   ? " (a realtime process needs a budget there)"
						   : "";

			return err_sys(e, "join cgroup %zu of %zu%s", i + 1, cg->n_join, hint);
		}
	return 0;
}

int cgroup_join_pid(const struct cgroup *cg, pid_t pid, struct err *e)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", pid);

	for (size_t i = 0; i < cg->n_join; i++)
		if (write(cg->join_fds[i], text, (size_t)n) != n)
			return err_sys(e, "put process %d into cgroup %zu of %zu", pid, i + 1,
				       cg->n_join);
	return 0;
}

static int limit_devices(const struct plan_cgroup *p, const struct cgroup *cg, struct err *e)
{
	int dir = p->dev == CGROUP_DEV_NONE ? -1 : cg->dir_fds[p->dev_dir];
	int failed;

	if (dir < 0)
		return 0; /* else it is needed, and cgroup_create() would have failed */
	failed = p->dev == CGROUP_DEV_V1 ? cgroup_dev_apply_v1(dir, p->rules, p->n_rules, e)
					 : cgroup_dev_apply_bpf(dir, p->rules, p->n_rules, e);
	if (!failed)
		return 0;
	err_ctx(e, "cgroup '%s%s': device rules", p->dirs[p->dev_dir].mountpoint,
		p->dirs[p->dev_dir].path);
	if (!p->dev_optional)
		return -1;
	log_msg(LOG_DEBUG, "%s: going on without", e->msg);
	return 0;
}

int cgroup_limit(const struct plan_cgroup *p, const struct cgroup *cg, struct err *e)
{
	return cgroup_write_all(p, cg, false, e) || limit_devices(p, cg, e) ? -1 : 0;
}

void cgroup_close(struct cgroup *cg)
{
	close_fd(&cg->v2_fd);
	for (size_t i = 0; i < cg->n_join; i++)
		close_fd(&cg->join_fds[i]);
	for (size_t i = 0; i < cg->n_dirs; i++)
		close_fd(&cg->dir_fds[i]);
	cg->n_join = cg->n_dirs = 0;
}

void cgroup_undo(const struct plan_cgroup *p, const struct cgroup *cg)
{
	for (size_t i = 0; i < p->n_dirs; i++)
		cgroup_unmake(&p->dirs[i], cg->made[i]);
}

void cgroup_to_state(const struct plan_cgroup *p, const struct cgroup *cg, struct oci_state *s,
		     struct arena *a)
{
	s->cgroup_driver = arena_strdup(a, p->scope.unit ? "systemd"
					   : p->n_dirs	 ? "cgroupfs"
							 : "none");
	s->cgroups.v = arena_array(a, p->n_dirs, sizeof(*s->cgroups.v));
	s->cgroups.n = 0;
	/* a scope is systemd's, which removes an empty one itself */
	for (size_t i = 0; i < p->n_dirs && (cg || !p->scope.unit); i++) {
		const struct plan_cgroup_dir *d = &p->dirs[i];

		if (cg && cg->dir_fds[i] < 0)
			continue;
		s->cgroups.v[s->cgroups.n++] = (struct oci_cgroup_dir){
			.key = arena_strdup(a, d->key),
			.path = arena_printf(a, "%s%s", d->mountpoint, d->path),
			.created = cg != NULL,
		};
	}
}
