/* SPDX-License-Identifier: Apache-2.0 */
/* update: write a container's new limits, or have all of them as they were. */
#include <errno.h>
#include <string.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/cgroup_dir.h"
#include "shim/engine/container.h"
#include "shim/engine/plan_update.h"
#include "shim/engine/rdt.h"
#include "shim/engine/scope.h"
#include "shim/engine/statedir.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/str.h"

static int open_dirs(const struct plan_cgroup *p, struct cgroup *cg, struct err *e)
{
	memset(cg->dir_fds, -1, sizeof(cg->dir_fds));
	cg->n_dirs = p->n_dirs;
	for (size_t i = 0; i < p->n_writes; i++) {
		size_t dir = p->writes[i].dir;

		if (cg->dir_fds[dir] >= 0)
			continue;
		cg->dir_fds[dir] = cgroup_open(p->dirs[dir].mountpoint, e);
		if (cg->dir_fds[dir] < 0)
			return -1;
	}
	return 0;
}

/* The write that gives back what is there now; false: nothing can or need be. */
static bool old_write(int dir, const struct plan_cgroup_write *w, struct arena *a,
		      struct plan_cgroup_write *out)
{
	const char *file = w->file, *text, *old;
	struct err ignored;

	text = cgroup_read(dir, file, a, &ignored);
	if (!text && w->alt_file) {
		file = w->alt_file;
		text = cgroup_read(dir, file, a, &ignored);
	}
	if (!text)
		return false;
	*out = *w;
	out->file = file;
	out->alt_file = NULL;
	out->flags = 0;
	old = plan_update_old(out, text, a);
	out->value = old;
	return old != NULL;
}

/* All settings as they are, the last one first. */
static void remember(const struct plan_cgroup *p, const struct cgroup *cg, struct arena *a,
		     struct plan_cgroup *undo)
{
	*undo = *p;
	undo->n_writes = 0;
	undo->writes = arena_array(a, p->n_writes, sizeof(*undo->writes));
	for (size_t i = p->n_writes; i--;)
		if (old_write(cg->dir_fds[p->writes[i].dir], &p->writes[i], a,
			      &undo->writes[undo->n_writes]))
			undo->n_writes++;
}

/* How many writes from the first one on belong together. */
static size_t group_len(const struct plan_cgroup_write *w, size_t left)
{
	size_t n = 1;

	while (w->group && n < left && w[n].group == w->group)
		n++;
	return n;
}

/* Leave out what has its old value: writing it again may be refused (shares of an idle group). */
static size_t drop_unchanged(const struct cgroup *cg, struct plan_cgroup_write *writes, size_t n,
			     struct arena *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct plan_cgroup_write now;

		if (!old_write(cg->dir_fds[writes[i].dir], &writes[i], a, &now) ||
		    strcmp(now.value, writes[i].value) != 0)
			writes[kept++] = writes[i];
	}
	return kept;
}

/* Put back all that can be; one that cannot does not keep the others from it. */
static void roll_back(const struct plan_cgroup *undo, const struct cgroup *cg, struct arena *a,
		      struct err *e)
{
	struct plan_cgroup part = *undo;
	size_t n = drop_unchanged(cg, undo->writes, undo->n_writes, a), failed = 0;
	struct err inner;

	for (size_t i = 0; i < n; i += part.n_writes) {
		part.writes = undo->writes + i;
		part.n_writes = group_len(part.writes, n - i);
		if (!cgroup_write_all(&part, cg, false, &inner))
			continue;
		failed++;
		log_msg(LOG_WARN, "roll back: %s; it keeps the new value", inner.msg);
	}
	if (failed)
		err_ctx(e, "not all settings could be put back");
}

/*
 * A scope's limits are also properties, from which systemd writes the files anew
 * at any time. It rounds some; so the files get their exact values after it.
 */
static int tell_systemd(const struct oci_state *s, const struct plan_cgroup *p, struct arena *a,
			struct err *e)
{
	struct unit_props props = { 0 };

	if (!s->systemd_scope)
		return 0;
	plan_cgroup_properties(p->writes, p->n_writes, a, &props);
	return scope_set(s->systemd_scope, s->systemd_user, &props, e);
}

/* The new limits, and then the record of them; either fails: none of them. */
static int apply(const struct container *c, const struct plan_update *p, struct arena *a,
		 struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	struct plan_cgroup undo;
	struct err ignored;
	int failed;

	if (open_dirs(&p->cgroup, &cg, e)) {
		cgroup_close(&cg);
		return -1;
	}
	remember(&p->cgroup, &cg, a, &undo);
	failed = tell_systemd(c->record, &p->cgroup, a, e) ||
				 cgroup_write_all(&p->cgroup, &cg, false, e)
			 ? -1
			 : 0;
	if (!failed) {
		if (!c->record->config)
			c->record->config = json_own(a, json_object_new_object());
		plan_update_record(p, c->record->config);
		failed = statedir_write_config(c->dir, c->record, e);
	}
	if (failed) {
		if (tell_systemd(c->record, &undo, a, &ignored))
			log_msg(LOG_WARN, "roll back: %s: it keeps the new values", ignored.msg);
		roll_back(&undo, &cg, a, e);
	}
	cgroup_close(&cg);
	return failed;
}

int engine_update(const struct engine *en, const char *id, const struct oci_resources *r,
		  struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct container c = CONTAINER_INIT;
	struct plan_update p = { 0 };
	int failed;

	if (container_open(en, id, STATEDIR_LOCK_MS, &a, &c, e))
		return -1;
	if (c.status == OCI_CREATED || c.status == OCI_RUNNING || c.status == OCI_PAUSED)
		failed = statedir_read_config(c.dir, c.record, &a, e) ||
			 plan_update(c.record, en->host, r, &a, &p, e);
	else
		failed = err_set(e, ESRCH, "container not running: '%s' is %s", id,
				 container_status_name(c.status));
	if (!failed && p.cgroup.warning)
		log_msg(LOG_WARN, "%s", p.cgroup.warning);
	if (!failed)
		failed = apply(&c, &p, &a, e);
	container_close(&c);
	return failed;
}

static int check_schema(const char *key, const char *line, const char *prefix, struct err *e)
{
	if (!line)
		return 0;
	for (const char *c = line; *c; c++) {
		if ((unsigned char)*c < ' ')
			return err_set(e, EINVAL, "%s: control character in the line", key);
	}
	return str_starts(line, prefix)
		       ? 0
		       : err_set(e, EINVAL, "%s: '%s' does not start with %s", key, line, prefix);
}

static int update_rdt(const struct container *c, const char *l3, const char *mb, struct err *e)
{
	auto_fd int resctrl = -1;

	if (c->status != OCI_CREATED && c->status != OCI_RUNNING && c->status != OCI_PAUSED)
		return err_set(e, ESRCH, "container not running: '%s' is %s", c->record->id,
			       container_status_name(c->status));
	if (!c->record->rdt_clos)
		return err_set(e, ENOENT,
			       "container '%s' was created without linux.intelRdt: it has no "
			       "resctrl group to change",
			       c->record->id);
	resctrl = rdt_open(e);
	return resctrl < 0 ? -1 : rdt_update(c->record, resctrl, l3, mb, e);
}

int engine_update_rdt(const struct engine *en, const char *id, const char *l3_cache_schema,
		      const char *mem_bw_schema, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct container c = CONTAINER_INIT;
	int failed;

	if (check_schema("l3CacheSchema", l3_cache_schema, "L3", e) ||
	    check_schema("memBwSchema", mem_bw_schema, "MB:", e) ||
	    container_open(en, id, STATEDIR_LOCK_MS, &a, &c, e))
		return -1;
	failed = update_rdt(&c, l3_cache_schema, mem_bw_schema, e);
	container_close(&c);
	return failed;
}
