/* SPDX-License-Identifier: Apache-2.0 */
/* join: rewriting configs; shallow copies, new lists where something changes. */
#include "shim/pod/join.h"

#include <errno.h>
#include <string.h>

#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/oci/tables.h"

#define MOUNTS_ADDED_MAX (POD_VOLUME_MAX + 3) /* shm, hosts, resolv.conf */

/* The member's way into one namespace of the pod. */
struct joined_ns {
	enum oci_ns type;
	bool shared;	  /* by the pod's members */
	const char *path; /* NULL: shared with the host */
};

/* May this entry of the config's own be replaced by the pod's? */
static int check_ns(const struct oci_namespace *own, const struct joined_ns *ns, struct err *e)
{
	if (!own->path || !*own->path || str_eq(own->path, ns->path))
		return 0;
	return err_set(e, EINVAL,
		       "linux: namespaces: %s: path '%s' conflicts with the pod, whose containers "
		       "share one %s namespace; remove the entry",
		       oci_ns_infos[own->type].type, own->path, oci_ns_infos[own->type].type);
}

static int join_namespaces(struct oci_linux *l, const struct pod_join *join, struct arena *a,
			   struct err *e)
{
	const struct joined_ns table[] = {
		{ OCI_NS_NETWORK, true, join->netns },
		{ OCI_NS_IPC, true, join->ipcns },
		{ OCI_NS_UTS, true, join->utsns },
		{ OCI_NS_PID, join->pidns, join->pidns },
	};
	struct oci_namespace *v = arena_array(a, l->namespaces.n + countof(table), sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < l->namespaces.n; i++) {
		const struct oci_namespace *own = &l->namespaces.v[i];
		bool replaced = false;

		for (size_t k = 0; k < countof(table); k++) {
			if (own->type != (int)table[k].type || !table[k].shared)
				continue;
			if (check_ns(own, &table[k], e))
				return -1;
			replaced = true;
		}
		if (!replaced)
			v[n++] = *own;
	}
	for (size_t k = 0; k < countof(table); k++) {
		if (!table[k].shared || !table[k].path)
			continue;
		v[n].type = table[k].type;
		v[n++].path = arena_strdup(a, table[k].path);
	}
	l->namespaces.n = n;
	l->namespaces.v = v;
	return 0;
}

static struct json_strs options(struct arena *a, const char *text)
{
	struct json_strs list;

	list.v = str_split(a, text, ',', &list.n);
	return list;
}

static struct oci_mount bind(struct arena *a, const char *from, const char *to, const char *opts)
{
	return (struct oci_mount){ .destination = arena_strdup(a, to),
				   .type = (char *)"bind",
				   .source = arena_strdup(a, from),
				   .options = options(a, opts) };
}

static struct oci_mount *find_mount(struct oci_config *c, struct arena *a, const char *path)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		if (str_eq(path_clean(a, c->mounts.v[i].destination), path))
			return &c->mounts.v[i];
	}
	return NULL;
}

/* Room for the pod's mounts behind the config's own, which are copied. */
static void grow_mounts(struct oci_config *c, struct arena *a)
{
	struct oci_mount *v = arena_array(a, c->mounts.n + MOUNTS_ADDED_MAX, sizeof(*v));

	if (c->mounts.n)
		memcpy(v, c->mounts.v, c->mounts.n * sizeof(*v));
	c->mounts.v = v;
}

static int join_volumes(struct oci_config *c, const struct pod_join *join, struct arena *a,
			struct err *e)
{
	for (size_t i = 0; i < join->n_volumes; i++) {
		const struct pod_volume *v = &join->volumes[i];
		const char *from = v->source;

		if (!from)
			from = arena_printf(a, "%s/%s", join->volume_dir, v->name);
		if (find_mount(c, a, v->path))
			return err_set(e, EINVAL,
				       "mounts: '%s' conflicts with the pod's volume '%s' on the "
				       "same path",
				       v->path, v->name);
		c->mounts.v[c->mounts.n++] = bind(
			a, from, v->path, v->readonly ? "rbind,rprivate,ro" : "rbind,rprivate,rw");
	}
	return 0;
}

/* A file of the pod in /etc, unless the config mounts its own. */
static void join_file(struct oci_config *c, const char *from, const char *to, struct arena *a)
{
	if (from && !find_mount(c, a, to) && !find_mount(c, a, "/etc"))
		c->mounts.v[c->mounts.n++] =
			bind(a, from, to, "bind,rprivate,ro,nosuid,nodev,noexec");
}

static void join_shm(struct oci_config *c, const char *shm, struct arena *a)
{
	struct oci_mount *m = find_mount(c, a, "/dev/shm");

	if (shm && m && str_eq(m->type, "tmpfs"))
		*m = bind(a, shm, "/dev/shm", "bind,rprivate,rw,nosuid,nodev,noexec");
}

static void annotate(struct oci_config *c, const char *key, const char *value, struct arena *a)
{
	struct json_kv *v = arena_array(a, c->annotations.n + 1, sizeof(*v));

	if (c->annotations.n)
		memcpy(v, c->annotations.v, c->annotations.n * sizeof(*v));
	v[c->annotations.n].key = arena_strdup(a, key);
	v[c->annotations.n].value = arena_strdup(a, value);
	c->annotations.n++;
	c->annotations.v = v;
}

int pod_join(const struct oci_config *in, const struct pod_join *join, struct arena *a,
	     struct oci_config **out, struct err *e)
{
	struct oci_config *c = arena_memdup(a, in, sizeof(*in));
	static const struct oci_linux empty;

	c->linux_ = arena_memdup(a, in->linux_ ? in->linux_ : &empty, sizeof(*c->linux_));
	if (!c->process)
		return err_set(e, EINVAL, "process: missing");
	if (c->process->terminal) {
		c->process = arena_memdup(a, in->process, sizeof(*in->process));
		c->process->terminal = false;
		c->process->console_size = (struct oci_box){ 0 };
	}
	if (join_namespaces(c->linux_, join, a, e))
		return -1;
	c->hostname = NULL;
	c->domainname = NULL;
	grow_mounts(c, a);
	join_shm(c, join->shm, a);
	join_file(c, join->hosts, "/etc/hosts", a);
	join_file(c, join->resolv, "/etc/resolv.conf", a);
	if (join_volumes(c, join, a, e))
		return -1;
	if (!c->linux_->cgroups_path && join->cgroups_path)
		c->linux_->cgroups_path = arena_strdup(a, join->cgroups_path);
	annotate(c, POD_ANNOTATION, join->pod, a);
	annotate(c, "peapod.container", join->member, a);
	*out = c;
	return 0;
}

static void infra_namespaces(struct oci_linux *l, const char *netns, struct arena *a)
{
	static const enum oci_ns own[] = { OCI_NS_MOUNT, OCI_NS_PID, OCI_NS_IPC, OCI_NS_UTS };
	struct oci_namespace *v = arena_array(a, countof(own) + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < countof(own); i++)
		v[n++].type = own[i];
	if (netns) {
		v[n].type = OCI_NS_NETWORK;
		v[n++].path = arena_strdup(a, netns);
	}
	l->namespaces.n = n;
	l->namespaces.v = v;
}

/* What pods promise their members: low ports and ping need no privilege, as under Kubernetes. */
static void infra_sysctls(struct oci_linux *l, bool in_userns, struct arena *a)
{
	static const struct json_kv values[] = {
		{ (char *)"net.ipv4.ip_unprivileged_port_start", (char *)"0" },
		{ (char *)"net.ipv4.ping_group_range", (char *)"0 2147483647" },
	};

	l->sysctl.v = arena_memdup(a, values, sizeof(values));
	/* the latter, the range of groups, has to be mapped as a whole */
	l->sysctl.n = countof(values) - in_userns;
}

struct oci_config *pod_infra_config(const char *pod, const char *hostname, const char *netns,
				    const char *cgroups_path, bool in_userns, struct arena *a)
{
	struct oci_config *c = arena_alloc(a, sizeof(*c));
	struct oci_process *p = arena_alloc(a, sizeof(*p));
	struct oci_linux *l = arena_alloc(a, sizeof(*l));

	c->oci_version = (char *)"1.3.0";
	c->process = p;
	c->linux_ = l;
	c->root = arena_alloc(a, sizeof(*c->root));
	c->root->path = (char *)"rootfs";
	c->root->readonly = true;
	c->hostname = arena_strdup(a, hostname);
	p->args.v = str_split(a, "/pause", ' ', &p->args.n);
	p->cwd = (char *)"/";
	if (!in_userns)
		p->user.uid = p->user.gid = 65535; /* as Kubernetes' pause image has it */
	p->no_new_privileges = true;
	p->capabilities = arena_alloc(a, sizeof(*p->capabilities));
	c->mounts.v = arena_array(a, 1, sizeof(*c->mounts.v));
	c->mounts.n = 1;
	c->mounts.v[0] = (struct oci_mount){
		.destination = (char *)"/dev",
		.type = (char *)"tmpfs",
		.source = (char *)"tmpfs",
		.options = options(a, "nosuid,noexec,strictatime,mode=755,size=64k"),
	};
	infra_namespaces(l, netns, a);
	if (netns)
		infra_sysctls(l, in_userns, a);
	if (cgroups_path)
		l->cgroups_path = arena_strdup(a, cgroups_path);
	annotate(c, POD_ANNOTATION, pod, a);
	annotate(c, "peapod.container", POD_INFRA, a);
	return c;
}
