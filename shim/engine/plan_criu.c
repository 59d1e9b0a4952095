/* SPDX-License-Identifier: Apache-2.0 */
/* plan_criu: from config and facts to the list of what comes from outside. */
#include "shim/engine/plan_criu.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "spec/base/arena.h"
#include "spec/oci/tables.h"

#define NULL_DEVICE "/dev/null"
#define NET_KEY	    "extRootNetNS"
#define PID_KEY	    "extRootPidNS"

struct planning {
	enum plan_criu_kind kind;
	const struct plan *plan;
	const struct criu_facts *facts;
	struct arena *a;
	struct plan_criu *out;
};

/* Dump: what is mounted at `point` is called `name`. Restore: it is `source`. */
static void add_mount(struct planning *p, const char *point, const char *name, const char *source)
{
	bool dump = p->kind == PLAN_CRIU_DUMP;

	p->out->mounts[p->out->n_mounts++] = (struct plan_criu_mount){
		.key = dump ? point : name,
		.value = dump ? name : source,
	};
}

/* Without a cgroup namespace each hierarchy of v1 is a bind of the container's own directory. */
static void add_cgroups(struct planning *p, const struct plan_mount *m)
{
	for (size_t i = 0; i < m->n_cgroups && !m->own_cgroupns; i++) {
		const struct plan_mount_cgroup *c = &m->cgroups[i];
		const char *point = arena_printf(p->a, "%s/%s", m->dest, c->name);
		const char *path = NULL;

		for (size_t d = 0; d < p->plan->cgroup.n_dirs; d++) {
			const struct plan_cgroup_dir *dir = &p->plan->cgroup.dirs[d];

			if (str_eq(dir->key, c->key))
				path = arena_printf(p->a, "%s%s", dir->mountpoint, dir->path);
		}
		add_mount(p, point, point, path ? path : c->source);
	}
}

static void add_mounts(struct planning *p)
{
	const struct plan_mounts *m = &p->plan->mounts;
	size_t max = m->n + p->facts->masked_files.n + p->plan->dev.n_nodes + 1;

	for (size_t i = 0; i < m->n; i++)
		max += m->v[i].n_cgroups;
	p->out->mounts = arena_array(p->a, max, sizeof(*p->out->mounts));
	for (size_t i = 0; i < m->n; i++) {
		const struct plan_mount *v = &m->v[i];
		const char *point = p->facts->mounted ? p->facts->mounted[i] : NULL;

		if (v->kind == PLAN_MOUNT_BIND)
			add_mount(p, point ? point : v->dest, v->dest, v->source);
		else if (v->kind == PLAN_MOUNT_CGROUP1)
			add_cgroups(p, v);
	}
	for (size_t i = 0; i < p->facts->masked_files.n; i++)
		add_mount(p, p->facts->masked_files.v[i], NULL_DEVICE, NULL_DEVICE);
	if (p->kind == PLAN_CRIU_RESTORE && m->masked.n)
		add_mount(p, NULL, NULL_DEVICE, NULL_DEVICE);
	/* nodes may be binds of the host's; a name that is never asked for does no harm */
	for (size_t i = 0; i < p->plan->dev.n_nodes; i++) {
		const char *path = p->plan->dev.nodes[i].path;

		add_mount(p, path, path, path);
	}
}

static void add_inherit(struct planning *p, const char *key, int fd, const char *path)
{
	p->out->inherits[p->out->n_inherits++] = (struct plan_criu_inherit){ key, fd, path };
}

/* CRIU keeps off the network and pid namespaces that it is given; others it enters by path. */
static int add_namespace(struct planning *p, const struct oci_namespace *ns, struct err *e)
{
	bool net = ns->type == OCI_NS_NETWORK, pid = ns->type == OCI_NS_PID;
	uint64_t inode = net ? p->facts->net_inode : p->facts->pid_inode;
	const char *name = names_of(oci_ns_names, ns->type), *key = net ? NET_KEY : PID_KEY;

	if (!ns->path)
		return 0;
	if (ns->type == OCI_NS_CGROUP || ns->type == OCI_NS_MOUNT)
		return err_set(e, ENOTSUP,
			       "linux.namespaces: %s: path: CRIU cannot restore a container that "
			       "joined one",
			       name);
	if (p->kind == PLAN_CRIU_RESTORE && (net || pid))
		add_inherit(p, key, -1, ns->path);
	else if (p->kind == PLAN_CRIU_RESTORE)
		p->out->joins[p->out->n_joins++] = (struct plan_criu_join){ name, ns->path };
	else if ((net || pid) && inode)
		p->out->external[p->out->n_external++] = arena_printf(
			p->a, "%s[%llu]:%s", net ? "net" : "pid", (unsigned long long)inode, key);
	return 0;
}

static int add_namespaces(struct planning *p, struct err *e)
{
	const struct oci_linux *l = p->plan->in->config->linux_;

	if (p->plan->mounts.mntns != PLAN_MNTNS_NEW)
		return err_set(e, ENOTSUP,
			       "linux.namespaces: CRIU needs a container with a mount namespace of "
			       "its own");
	for (size_t i = 0; i < l->namespaces.n; i++) {
		if (add_namespace(p, &l->namespaces.v[i], e))
			return -1;
	}
	return 0;
}

static void add_fds(struct planning *p)
{
	const struct json_strs *fds = &p->facts->fds;

	for (size_t i = 0; i < fds->n; i++) {
		bool file = str_starts(fds->v[i], "file[");
		bool known = false;

		/* stdout and stderr are often the same one */
		for (size_t before = 0; before < i; before++)
			known |= str_eq(fds->v[before], fds->v[i]);
		if (p->kind == PLAN_CRIU_RESTORE && !known &&
		    (file || str_starts(fds->v[i], "pipe:")))
			add_inherit(p, fds->v[i], (int)i, NULL);
		if (p->kind != PLAN_CRIU_RESTORE && !known && file)
			p->out->external[p->out->n_external++] = fds->v[i];
	}
}

/* An annotation without a value: no file at all, not even the usual one. */
static const char *config_file(const struct oci_config *c)
{
	const char *named = oci_annotation(c, CRIU_CONFIG_ANNOTATION);

	if (!named)
		return CRIU_DEFAULT_CONFIG;
	return *named ? named : NULL;
}

int plan_criu(enum plan_criu_kind kind, const struct plan *plan, const struct criu_facts *facts,
	      const struct criu_options *o, struct arena *a, struct plan_criu *out, struct err *e)
{
	size_t max = plan->in->config->linux_->namespaces.n + facts->fds.n + 1;
	struct planning p;

	*out = (struct plan_criu){
		.kind = kind,
		.options = o,
		.config_file = config_file(plan->in->config),
		.empty_ns = CLONE_NEWNET,
		.external = arena_array(a, max, sizeof(*out->external)),
		.joins = arena_array(a, max, sizeof(*out->joins)),
		.inherits = arena_array(a, max, sizeof(*out->inherits)),
	};
	p = (struct planning){ kind, plan, facts, a, out };
	if (add_namespaces(&p, e))
		return -1;
	if (kind == PLAN_CRIU_PRE_DUMP) /* of memory only */
		return 0;
	add_mounts(&p);
	add_fds(&p);
	return 0;
}

void plan_criu_print(const struct plan_criu *p, struct str *out)
{
	static const char *const kinds[] = { "dump", "pre-dump", "restore" };

	str_addf(out, "criu %s config %s empty-ns %#x\n", kinds[p->kind],
		 p->config_file ? p->config_file : "none", p->empty_ns);
	for (size_t i = 0; i < p->n_mounts; i++)
		str_addf(out, "criu mount %s is %s\n", p->mounts[i].key, p->mounts[i].value);
	for (size_t i = 0; i < p->n_external; i++)
		str_addf(out, "criu external %s\n", p->external[i]);
	for (size_t i = 0; i < p->n_joins; i++)
		str_addf(out, "criu join %s %s\n", p->joins[i].type, p->joins[i].path);
	for (size_t i = 0; i < p->n_inherits; i++) {
		str_addf(out, "criu inherit %s from ", p->inherits[i].key);
		if (p->inherits[i].path)
			str_addf(out, "%s\n", p->inherits[i].path);
		else
			str_addf(out, "fd %d\n", p->inherits[i].fd);
	}
}
