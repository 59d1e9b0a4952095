/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup: the container's directories, and what its parts put into them. */
#include "shim/engine/plan_cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shim/engine/plan_cgroup_build.h"
#include "spec/base/path.h"

#define WRITES_MAX 16384 /* of one container */

static bool has_dotdot(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")); at += 2)
		if ((at == path || at[-1] == '/') && (at[2] == '/' || !at[2]))
			return true;
	return false;
}

/*
 * Our own cgroup below the mount point. In a container without a cgroup
 * namespace both are given as the host sees them, and only a part of the
 * hierarchy is mounted; where that part does not hold us, its top must do.
 */
static const char *own_path(const struct host_cgroup *c, struct arena *a)
{
	size_t n = strcmp(c->root, "/") == 0 ? 0 : strlen(c->root);

	if (strncmp(c->own, c->root, n) != 0 || (c->own[n] != '/' && c->own[n]) ||
	    has_dotdot(c->own + n))
		return "/";
	return path_clean(a, c->own + n);
}

/*
 * Where relative paths start. With v2 controllers a cgroup that holds processes
 * cannot have limited children, and ours holds us: there it is our parent.
 */
static const char *start_path(const struct host_cgroup *c, struct arena *a)
{
	const char *own = own_path(c, a);
	const char *slash = strrchr(own, '/');

	if (*c->key || !c->controllers.n)
		return own;
	return arena_strndup(a, own, (size_t)(slash - own));
}

static int check_path(const char *path, struct err *e)
{
	if (has_dotdot(path))
		return err_set(e, EINVAL, "linux: cgroupsPath: '%.200s' has a '..'", path);
	if (strlen(path) >= PATH_MAX / 2)
		return err_set(e, ENAMETOOLONG, "linux: cgroupsPath: longer than %d bytes",
			       PATH_MAX / 2);
	if (strchr(path, '\n'))
		return err_set(e, EINVAL, "linux: cgroupsPath: has a line break");
	return 0;
}

/*
 * The systemd driver: the same path in every hierarchy. Where the manager's own
 * cgroup is (the user's is deep below) shows when the process is there.
 */
static int plan_scope_dirs(const struct plan_input *in, struct arena *a, struct plan_cgroup *out,
			   struct err *e)
{
	struct plan_cgroup p = { 0 };

	if (plan_scope(in, a, &p.scope, e))
		return -1;
	p.dirs = arena_array(a, in->host->cgroups.n, sizeof(*p.dirs));
	for (size_t i = 0; i < in->host->cgroups.n && p.n_dirs < CGROUP_DIRS_MAX; i++)
		p.dirs[p.n_dirs++] = (struct plan_cgroup_dir){
			.key = in->host->cgroups.v[i].key,
			.mountpoint = in->host->cgroups.v[i].mountpoint,
			.path = p.scope.path,
		};
	*out = p;
	return 0;
}

/* .dirs, or .warning where there can be none. */
static int plan_dirs(const struct plan_input *in, struct arena *a, struct plan_cgroup *out,
		     struct err *e)
{
	const struct oci_linux *linux_ = in->config->linux_;
	const char *path = linux_ && linux_->cgroups_path ? linux_->cgroups_path : "";
	struct plan_cgroup p = { 0 };

	if (check_path(path, e))
		return -1;
	if (in->cgroups_disabled || in->host->cgroup_mode == HOST_CGROUP_NONE) {
		p.warning = in->cgroups_disabled
				    ? "cgroups are disabled: the container runs in its caller's"
				    : "no cgroup hierarchy is mounted: the container runs in its "
				      "caller's cgroup";
		*out = p;
		return 0;
	}
	if (in->systemd)
		return plan_scope_dirs(in, a, out, e);
	p.dirs = arena_array(a, in->host->cgroups.n, sizeof(*p.dirs));
	for (size_t i = 0; i < in->host->cgroups.n && p.n_dirs < CGROUP_DIRS_MAX; i++) {
		const struct host_cgroup *c = &in->host->cgroups.v[i];
		const char *start = *path == '/' ? "" : start_path(c, a);
		char *full = path_clean(a, arena_printf(a, "/%s/%s", start, *path ? path : in->id));

		if (!full[1])
			return err_set(e, EINVAL, "linux: cgroupsPath: '%s' is the root cgroup",
				       path);
		p.dirs[p.n_dirs++] = (struct plan_cgroup_dir){
			.key = c->key,
			.mountpoint = c->mountpoint,
			.path = full,
		};
	}
	*out = p;
	return 0;
}

struct cgroup_place cgroup_place_of(const struct cgroup_build *b, const char *controller)
{
	struct cgroup_place place = { 0 };

	for (size_t i = 0; i < b->out->n_dirs && !place.found; i++) {
		const struct host_cgroup *c = &b->in->host->cgroups.v[i];

		for (size_t k = 0; k < c->controllers.n; k++)
			place.found |= !strcmp(c->controllers.v[k], controller);
		place.v2 = !*c->key;
		place.dir = i;
	}
	return place;
}

void cgroup_fail(struct cgroup_build *b, int num, const char *field, const char *fmt, ...)
{
	char text[sizeof(b->e->msg)];
	va_list ap;

	if (b->failed)
		return;
	b->failed = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(b->e, num, "linux: resources: %s: %s", field, text);
}

void cgroup_warn(struct cgroup_build *b, const char *fmt, ...)
{
	char text[sizeof(b->e->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	b->out->warning = b->out->warning ? arena_printf(b->a, "%s; %s", b->out->warning, text)
					  : arena_strdup(b->a, text);
}

static void need_controller(struct cgroup_build *b, size_t dir, const char *controller)
{
	struct plan_cgroup_dir *d = &b->out->dirs[dir];

	d->needed = true;
	if (*d->key || !strcmp(controller, "cgroup"))
		return;
	for (size_t i = 0; i < d->n_controllers; i++)
		if (!strcmp(d->controllers[i], controller))
			return;
	if (!d->controllers)
		d->controllers = arena_array(b->a, b->in->host->cgroups.v[dir].controllers.n,
					     sizeof(*d->controllers));
	d->controllers[d->n_controllers++] = controller;
}

void cgroup_put_write(struct cgroup_build *b, const struct plan_cgroup_write *w)
{
	struct plan_cgroup *p = b->out;

	if (b->failed)
		return;
	if (p->n_writes == WRITES_MAX) {
		cgroup_fail(b, E2BIG, w->field, "more than %d settings", WRITES_MAX);
		return;
	}
	if (p->n_writes == b->cap) {
		struct plan_cgroup_write *old = p->writes;

		b->cap = b->cap ? b->cap * 2 : 32;
		p->writes = arena_array(b->a, b->cap, sizeof(*p->writes));
		if (p->n_writes)
			memcpy(p->writes, old, p->n_writes * sizeof(*old));
	}
	p->writes[p->n_writes++] = *w;
	need_controller(b, w->dir, w->controller);
}

bool cgroup_is_v2(const struct cgroup_build *b, const struct cgroup_setting *s)
{
	struct cgroup_place v1 =
		cgroup_place_of(b, s->v1_controller ? s->v1_controller : s->controller);
	struct cgroup_place v2 = cgroup_place_of(b, s->controller);

	if (v1.found && !v1.v2)
		return false;
	return v2.found ? v2.v2 : b->in->host->cgroup_mode == HOST_CGROUP_V2;
}

const char *cgroup_missing(const struct cgroup_build *b)
{
	return b->in->no_cgroups ? b->in->no_cgroups : "cgroups are disabled";
}

void cgroup_put(struct cgroup_build *b, const struct cgroup_setting *s, const char *v1_value,
		const char *v2_value, const char *v2_alt_value)
{
	bool v2 = cgroup_is_v2(b, s);
	const char *controller = !v2 && s->v1_controller ? s->v1_controller : s->controller;
	struct cgroup_place place = cgroup_place_of(b, controller);
	struct plan_cgroup_write w = {
		.dir = place.dir,
		.flags = s->flags | (v2 ? s->v2_flags : 0),
		.group = s->group,
		.controller = controller,
		.field = s->field,
		.file = v2 ? s->v2_file : s->v1_file,
		.alt_file = v2 ? s->v2_alt : s->v1_alt,
		.value = v2 ? v2_value : v1_value,
	};

	if (b->failed)
		return;
	if (v2)
		w.flags &= ~(unsigned int)CGROUP_READ_BACK; /* v2 refuses, never clamps */
	if (w.alt_file)
		w.alt_value = v2 && v2_alt_value ? v2_alt_value : w.value;
	if (b->in->cgroups_disabled)
		cgroup_fail(b, ENOTSUP, s->field, "%s", cgroup_missing(b));
	else if (!w.file)
		cgroup_fail(b, ENOTSUP, s->field, "cgroup %s has no such setting",
			    v2 ? "v2" : "v1");
	else if (!place.found)
		cgroup_fail(b, ENOTSUP, s->field,
			    "this host has no cgroup controller '%s' (is it mounted, or disabled "
			    "on the kernel's command line?)",
			    controller);
	else
		cgroup_put_write(b, &w);
}

void cgroup_put_num(struct cgroup_build *b, const struct cgroup_setting *s, int64_t value)
{
	const char *text = arena_printf(b->a, "%lld", (long long)value);

	cgroup_put(b, s, text, text, NULL);
}

/* Does the container's config have a cgroup mount that it may write to? */
static bool writable_mount(const struct oci_config *c)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct oci_mount *m = &c->mounts.v[i];
		bool ro = false;

		if (!m->type || strncmp(m->type, "cgroup", strlen("cgroup")) != 0)
			continue;
		for (size_t k = 0; k < m->options.n; k++) {
			const char *o = m->options.v[k];

			ro = (ro && strcmp(o, "rw") != 0 && strcmp(o, "rrw") != 0) ||
			     !strcmp(o, "ro") || !strcmp(o, "rro");
		}
		return !ro;
	}
	return false;
}

/*
 * runtime-spec config-linux.md "Cgroup ownership": v2, a new cgroup namespace
 * and a writable mount; the owner is the host's id of process.user.uid.
 */
static void plan_owner(struct cgroup_build *b)
{
	const struct oci_config *c = b->in->config;
	const struct oci_namespace *ns = oci_namespace_of(c, OCI_NS_CGROUP);
	uint32_t uid = c->process ? c->process->user.uid : 0;
	bool userns = oci_namespace_of(c, OCI_NS_USER) != NULL;

	if (b->in->host->cgroup_mode != HOST_CGROUP_V2 || b->in->rootless || !ns || ns->path ||
	    !writable_mount(c))
		return;
	for (size_t i = 0; userns && i < c->linux_->uid_mappings.n; i++) {
		const struct oci_idmap *m = &c->linux_->uid_mappings.v[i];

		if (uid < m->container_id || uid - m->container_id >= m->size)
			continue;
		b->out->delegate = true;
		b->out->owner = m->host_id + (uid - m->container_id);
		return;
	}
	if (userns || !uid)
		return; /* joined by path: its maps are not in the config; root has it already */
	b->out->delegate = true;
	b->out->owner = uid;
}

int plan_cgroup(const struct plan_input *in, struct arena *a, struct plan_cgroup *out,
		struct err *e)
{
	const struct oci_resources *r = in->config->linux_ ? in->config->linux_->resources : NULL;
	struct plan_cgroup p = { 0 };
	struct cgroup_build b = { .in = in, .a = a, .out = &p, .e = e };

	if (plan_dirs(in, a, &p, e))
		return -1;
	p.rootless = in->rootless;
	if (r) {
		cgroup_plan_cpu(&b, r);
		cgroup_plan_memory(&b, r);
		cgroup_plan_io(&b, r);
		cgroup_plan_misc(&b, r);
		cgroup_plan_unified(&b, r);
	}
	cgroup_plan_devices(&b, r);
	if (p.scope.unit && !b.failed)
		cgroup_plan_scope(&b);
	if (b.failed)
		return -1;
	if (p.n_dirs)
		plan_owner(&b);
	*out = p;
	return 0;
}
