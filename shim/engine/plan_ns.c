/* SPDX-License-Identifier: Apache-2.0 */
/* plan_ns: pure rules about namespaces, id maps, time offsets, host names and sysctls. */
#include "shim/engine/plan_ns.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>

#include "shim/engine/plan_input.h"
#include "spec/base/auto.h"
#include "spec/base/names.h"
#include "spec/oci/tables.h"

/*
 * The order in which paths are tried. A namespace is entered with rights over
 * the user namespace that owns it, which is ours or the joined one: so the
 * others come first, what was refused comes again after the user namespace
 * (ns.c), and the mount namespace last because it takes the host's view away.
 */
static const enum oci_ns join_order[] = {
	OCI_NS_PID,    OCI_NS_NETWORK, OCI_NS_IPC,  OCI_NS_UTS,
	OCI_NS_CGROUP, OCI_NS_TIME,    OCI_NS_USER, OCI_NS_MOUNT,
};
_Static_assert(countof(join_order) == OCI_NS_COUNT - 1, "every namespace has its place");

/* sysctl(8) names that belong to a namespace; one that ends in '/' covers a directory. */
static const struct name sysctl_owners[] = {
	{ "kernel/msgmax", OCI_NS_IPC },
	{ "kernel/msgmnb", OCI_NS_IPC },
	{ "kernel/msgmni", OCI_NS_IPC },
	{ "kernel/sem", OCI_NS_IPC },
	{ "kernel/shmall", OCI_NS_IPC },
	{ "kernel/shmmax", OCI_NS_IPC },
	{ "kernel/shmmni", OCI_NS_IPC },
	{ "kernel/shm_rmid_forced", OCI_NS_IPC },
	{ "fs/mqueue/", OCI_NS_IPC },
	{ "net/", OCI_NS_NETWORK },
	{ "kernel/domainname", OCI_NS_UTS },
	{ "user/", OCI_NS_USER },
	{ NULL, 0 },
};

static int plan_types(const struct plan_input *in, struct plan_ns *out, struct err *e)
{
	for (size_t i = 0; i < countof(join_order); i++) {
		enum oci_ns type = join_order[i];
		const struct oci_namespace *ns = oci_namespace_of(in->config, type);

		if (!ns)
			continue;
		if (type == OCI_NS_TIME && !in->host->has_timens)
			return err_set(e, ENOTSUP,
				       "linux: namespaces: this kernel has no time "
				       "namespaces");
		if (ns->path)
			out->joins[out->n_joins++] = (struct plan_ns_join){ type, ns->path };
		else
			out->fresh |= oci_ns_infos[type].clone;
	}
	return 0;
}

static int format_map(const struct oci_idmaps *maps, const char *key, struct arena *a,
		      const char **out, struct err *e)
{
	auto_str struct str text = { 0 };

	if (!maps->n)
		return 0;
	if (maps->n > PLAN_IDMAPS_MAX)
		return err_set(e, E2BIG, "linux: %s: more than %d entries", key, PLAN_IDMAPS_MAX);
	for (size_t i = 0; i < maps->n; i++) {
		const struct oci_idmap *m = &maps->v[i];

		if (!m->size)
			return err_set(e, EINVAL, "linux: %s: [%zu]: size is 0", key, i);
		str_addf(&text, "%u %u %u\n", m->container_id, m->host_id, m->size);
	}
	*out = arena_strdup(a, str_text(&text));
	return 0;
}

static int plan_maps(const struct plan_input *in, struct arena *a, struct plan_ns *out,
		     struct err *e)
{
	const struct oci_linux *l = in->config->linux_;
	const struct oci_namespace *user = oci_namespace_of(in->config, OCI_NS_USER);

	out->userns = user;
	if (!user && in->host->euid)
		return err_set(e, EPERM,
			       "linux: namespaces: without root a container needs a user namespace "
			       "('spec --rootless' writes a config with one)");
	if (format_map(&l->uid_mappings, "uidMappings", a, &out->uid_map, e) ||
	    format_map(&l->gid_mappings, "gidMappings", a, &out->gid_map, e))
		return -1;
	if (!user && (out->uid_map || out->gid_map))
		return err_set(e, EINVAL, "linux: %s: there is no user namespace",
			       out->uid_map ? "uidMappings" : "gidMappings");
	if (user && !user->path && (!out->uid_map || !out->gid_map))
		return err_set(e, EINVAL, "linux: %s: missing, a new user namespace needs them",
			       out->uid_map ? "gidMappings" : "uidMappings");
	return 0;
}

static int plan_time(const struct plan_input *in, struct arena *a, struct plan_ns *out,
		     struct err *e)
{
	const struct oci_linux *l = in->config->linux_;
	auto_str struct str text = { 0 };

	if (!l->time_offsets.n)
		return 0;
	if (!(out->fresh & CLONE_NEWTIME))
		return err_set(e, EINVAL, "linux: timeOffsets: there is no new time namespace");
	for (size_t i = 0; i < l->time_offsets.n; i++) {
		const struct oci_time_offset *t = &l->time_offsets.v[i];

		if (strcmp(t->key, "monotonic") != 0 && strcmp(t->key, "boottime") != 0)
			return err_set(e, EINVAL,
				       "linux: timeOffsets: unknown clock '%s', there are "
				       "monotonic and boottime",
				       t->key);
		if (t->nanosecs >= 1000000000)
			return err_set(e, ERANGE, "linux: timeOffsets: %s: nanosecs: not below 1e9",
				       t->key);
		str_addf(&text, "%s %lld %u\n", t->key, (long long)t->secs, t->nanosecs);
	}
	out->time_offsets = arena_strdup(a, str_text(&text));
	return 0;
}

static int plan_names(const struct plan_input *in, struct plan_ns *out, struct err *e)
{
	const struct oci_config *c = in->config;

	out->hostname = c->hostname && *c->hostname ? c->hostname : NULL;
	out->domainname = c->domainname && *c->domainname ? c->domainname : NULL;
	if ((out->hostname || out->domainname) && !oci_namespace_of(c, OCI_NS_UTS))
		return err_set(e, EINVAL, "%s: would change the host's: there is no uts namespace",
			       out->hostname ? "hostname" : "domainname");
	return 0;
}

/*
 * The file below /proc/sys. Dots and slashes change places when the first
 * separator is a dot ("net.ipv4.conf.eth0/1.x": interface eth0.1), see sysctl.d(5).
 */
static char *sysctl_path(struct arena *a, const char *key)
{
	char *path = arena_strdup(a, key);
	size_t first = strcspn(path, "./");

	if (path[first] != '.')
		return path;
	for (char *c = path; *c; c++) {
		if (*c == '.')
			*c = '/';
		else if (*c == '/')
			*c = '.';
	}
	return path;
}

static bool sysctl_path_ok(const char *path)
{
	for (const char *c = path;; c++) {
		size_t n = strcspn(c, "/");

		if (!n || (n == 1 && c[0] == '.') || (n == 2 && c[0] == '.' && c[1] == '.'))
			return false;
		c += n;
		if (!*c)
			return true;
	}
}

static enum oci_ns sysctl_owner(const char *path)
{
	for (const struct name *n = sysctl_owners; n->name; n++) {
		if (str_ends(n->name, "/") ? str_starts(path, n->name) : str_eq(path, n->name))
			return (enum oci_ns)n->value;
	}
	return OCI_NS_NONE;
}

static int plan_sysctl(const struct plan_input *in, const struct json_kv *kv, struct arena *a,
		       struct plan_sysctl *out, struct err *e)
{
	struct plan_sysctl s = { .key = kv->key, .value = kv->value };

	s.path = sysctl_path(a, kv->key);
	if (!sysctl_path_ok(s.path))
		return err_set(e, EINVAL, "linux: sysctl: '%s' is no sysctl name", kv->key);
	if (str_eq(s.path, "kernel/hostname"))
		return err_set(e, EINVAL, "linux: sysctl: %s: use the hostname field", kv->key);
	s.ns = sysctl_owner(s.path);
	if (s.ns == OCI_NS_NONE)
		return err_set(e, EPERM,
			       "linux: sysctl: %s: not in a namespace, it would change "
			       "the host",
			       kv->key);
	if (!oci_namespace_of(in->config, s.ns))
		return err_set(e, EPERM,
			       "linux: sysctl: %s: the container uses the host's %s "
			       "namespace",
			       kv->key, oci_ns_infos[s.ns].type);
	for (const char *c = kv->value; *c; c++) {
		if ((unsigned char)*c < ' ' && *c != '\t')
			return err_set(e, EINVAL, "linux: sysctl: %s: control character in value",
				       kv->key);
	}
	*out = s;
	return 0;
}

static int plan_sysctls(const struct plan_input *in, struct arena *a, struct plan_ns *out,
			struct err *e)
{
	const struct oci_linux *l = in->config->linux_;

	out->sysctls = arena_array(a, l->sysctl.n, sizeof(*out->sysctls));
	for (size_t i = 0; i < l->sysctl.n; i++) {
		if (plan_sysctl(in, &l->sysctl.v[i], a, &out->sysctls[i], e))
			return -1;
	}
	out->n_sysctls = l->sysctl.n;
	return 0;
}

int plan_ns(const struct plan_input *in, struct arena *a, struct plan_ns *out, struct err *e)
{
	struct plan_ns p = { 0 };

	if (!in->config->linux_)
		return err_set(e, EINVAL, "linux: missing, this is a runtime for Linux containers");
	if (plan_types(in, &p, e) || plan_maps(in, a, &p, e) || plan_time(in, a, &p, e) ||
	    plan_names(in, &p, e) || plan_sysctls(in, a, &p, e))
		return -1;
	p.own_pidns = p.fresh & CLONE_NEWPID;
	*out = p;
	return 0;
}

static void print_text(struct str *out, const char *what, const char *text)
{
	if (!text)
		return;
	str_addf(out, "%s ", what);
	for (; *text; text++) {
		if (*text != '\n')
			str_addc(out, *text);
		else if (text[1])
			str_add(out, ", ");
	}
	str_addc(out, '\n');
}

void plan_ns_print(const struct plan_ns *p, struct str *out)
{
	for (size_t i = 0; i < p->n_joins; i++)
		str_addf(out, "ns join %s %s\n", oci_ns_infos[p->joins[i].type].type,
			 p->joins[i].path);
	for (int t = OCI_NS_NONE + 1; t < OCI_NS_COUNT; t++) {
		if (p->fresh & oci_ns_infos[t].clone)
			str_addf(out, "ns new %s\n", oci_ns_infos[t].type);
	}
	print_text(out, "ns uid_map", p->uid_map);
	print_text(out, "ns gid_map", p->gid_map);
	print_text(out, "ns time offsets", p->time_offsets);
	print_text(out, "ns hostname", p->hostname);
	print_text(out, "ns domainname", p->domainname);
	for (size_t i = 0; i < p->n_sysctls; i++)
		str_addf(out, "ns sysctl %s = '%s'\n", p->sysctls[i].path, p->sysctls[i].value);
}
