/* SPDX-License-Identifier: Apache-2.0 */
/* validate_linux: rules about config.linux. */
#include "spec/oci/check.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <stdint.h>
#include <string.h>

#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/oci/tables.h"
#include "spec/oci/validate.h"

#define NSEC_PER_SEC 1000000000
#define CLOS_MAX     255     /* bytes of closID, a directory's name */
#define CGROUP_MAX   4096    /* bytes of cgroupsPath */
#define MAJOR_MAX    0xfff   /* 12 bits of dev_t, */
#define MINOR_MAX    0xfffff /* and 20, in the kernel */

/* Is there a part ".." in the path, where each of `ends` ends a part? */
static bool leaves(const char *path, const char *ends)
{
	for (const char *c = path; (c = strstr(c, "..")); c += 2) {
		if ((c == path || strchr(ends, c[-1])) && (!c[2] || strchr(ends, c[2])))
			return true;
	}
	return false;
}

static int check_namespaces(const struct oci_linux *l, struct err *e)
{
	bool seen[OCI_NS_COUNT] = { 0 };

	for (size_t i = 0; i < l->namespaces.n; i++) {
		const struct oci_namespace *ns = &l->namespaces.v[i];

		if (seen[ns->type])
			return err_set(e, EINVAL, "namespaces: [%zu]: %s is there twice", i,
				       oci_ns_infos[ns->type].type);
		seen[ns->type] = true;
		if (oci_check_absolute("path", ns->path, e))
			return err_ctx(e, "namespaces: [%zu]", i);
	}
	return 0;
}

/* A joined namespace may carry its maps beside the path: containerd's user namespaces do. */
static int check_maps(const struct oci_config *c, struct err *e)
{
	const struct oci_namespace *user = oci_namespace_of(c, OCI_NS_USER);
	const struct oci_linux *l = c->linux_;

	if (oci_check_idmaps("uidMappings", &l->uid_mappings, e) ||
	    oci_check_idmaps("gidMappings", &l->gid_mappings, e))
		return -1;
	if (!user && (l->uid_mappings.n || l->gid_mappings.n))
		return err_set(e, EINVAL, "%s: there is no user namespace",
			       l->uid_mappings.n ? "uidMappings" : "gidMappings");
	if (user && !user->path && (!l->uid_mappings.n || !l->gid_mappings.n))
		return err_set(e, EINVAL, "%s: required by the new user namespace",
			       l->uid_mappings.n ? "gidMappings" : "uidMappings");
	return 0;
}

static int check_time(const struct oci_config *c, struct err *e)
{
	const struct oci_namespace *ns = oci_namespace_of(c, OCI_NS_TIME);
	const struct oci_linux *l = c->linux_;

	if (l->time_offsets.n && (!ns || ns->path))
		return err_set(e, EINVAL, "timeOffsets: there is no new time namespace");
	for (size_t i = 0; i < l->time_offsets.n; i++) {
		const struct oci_time_offset *t = &l->time_offsets.v[i];

		if (oci_check_name("timeOffsets", t->key, oci_time_clock_names, e) ||
		    oci_check_range("timeOffsets: nanosecs", t->nanosecs, 0, NSEC_PER_SEC - 1, e))
			return -1;
	}
	return 0;
}

/* A key is one file below /proc/sys, and a value is one line (CVE-2022-0811). */
static int check_sysctl(const struct json_kv *kv, struct err *e)
{
	if (!*kv->key || kv->key[0] == '/' || kv->key[0] == '.' || strstr(kv->key, "..") ||
	    strchr(kv->key, ' '))
		return err_set(e, EINVAL, "sysctl: '%s' is not the name of one", kv->key);
	if (oci_check_line("sysctl", kv->key, e))
		return -1;
	for (const char *c = kv->value; *c; c++) {
		if ((unsigned char)*c < ' ' && *c != '\t')
			return err_set(e, EINVAL, "sysctl: %s: control character in the value",
				       kv->key);
	}
	return 0;
}

static int check_device(const struct oci_device *d, struct err *e)
{
	auto_arena struct arena a = { 0 };
	static const struct name types[] = {
		{ "c", 'c' }, { "u", 'u' }, { "b", 'b' }, { "p", 'p' }, { 0 },
	};

	if (oci_check_name("type", d->type, types, e) || oci_check_absolute("path", d->path, e))
		return -1;
	if (leaves(d->path, "/") || str_eq(path_clean(&a, d->path), "/"))
		return err_set(e, EINVAL, "path: '%s' cannot be a device", d->path);
	if (*d->type != 'p' && (oci_check_range("major", d->major, 0, MAJOR_MAX, e) ||
				oci_check_range("minor", d->minor, 0, MINOR_MAX, e)))
		return -1;
	if (d->uid.set && oci_check_id("uid", d->uid.v, e))
		return -1;
	return d->gid.set ? oci_check_id("gid", d->gid.v, e) : 0;
}

static int check_lists(const struct oci_linux *l, struct err *e)
{
	for (size_t i = 0; i < l->sysctl.n; i++) {
		if (check_sysctl(&l->sysctl.v[i], e))
			return -1;
	}
	for (size_t i = 0; i < l->devices.n; i++) {
		if (check_device(&l->devices.v[i], e))
			return err_ctx(e, "devices: [%zu]", i);
	}
	for (size_t i = 0; i < l->net_devices.n; i++) {
		if (oci_check_ifname("netDevices", l->net_devices.v[i].key, e) ||
		    oci_check_ifname("netDevices: name", l->net_devices.v[i].name, e))
			return -1;
	}
	return 0;
}

static int check_paths(const struct oci_linux *l, struct err *e)
{
	for (size_t i = 0; i < l->masked_paths.n; i++) {
		if (oci_check_absolute("maskedPaths", l->masked_paths.v[i], e))
			return -1;
	}
	for (size_t i = 0; i < l->readonly_paths.n; i++) {
		if (oci_check_absolute("readonlyPaths", l->readonly_paths.v[i], e))
			return -1;
	}
	if (l->cgroups_path &&
	    (leaves(l->cgroups_path, "/:") || strlen(l->cgroups_path) > CGROUP_MAX))
		return err_set(e, EINVAL, "cgroupsPath: has '..', or more than %d bytes",
			       CGROUP_MAX);
	if (oci_check_line("cgroupsPath", l->cgroups_path, e) ||
	    oci_check_line("mountLabel", l->mount_label, e))
		return -1;
	if (l->mount_label && strchr(l->mount_label, '"'))
		return err_set(e, EINVAL, "mountLabel: quote in a label");
	return oci_check_name("rootfsPropagation", l->rootfs_propagation, oci_propagation_names, e);
}

/* config-linux.md "IntelRdt": one line is one schema, closID one directory. */
static int check_rdt(const struct oci_intel_rdt *r, struct err *e)
{
	const char *id = r->clos_id;

	if (id && (str_eq(id, ".") || str_eq(id, "..") || strlen(id) > CLOS_MAX ||
		   (strchr(id, '/') && !str_eq(id, "/"))))
		return err_set(e, EINVAL, "closID: '%s' is not the name of a directory", id);
	if (oci_check_line("closID", id, e) ||
	    oci_check_line("l3CacheSchema", r->l3_cache_schema, e) ||
	    oci_check_line("memBwSchema", r->mem_bw_schema, e))
		return -1;
	if (r->mem_bw_schema && !str_starts(r->mem_bw_schema, "MB:"))
		return err_set(e, EINVAL, "memBwSchema: does not start with MB:");
	for (size_t i = 0; i < r->schemata.n; i++) {
		if (oci_check_line("schemata", r->schemata.v[i], e))
			return -1;
	}
	return 0;
}

/* set_mempolicy(2): some modes need nodes, two must have none. */
static int check_memory_policy(const struct oci_memory_policy *p, struct err *e)
{
	int mode;

	if (oci_check_name("mode", p->mode, oci_mempolicy_mode_names, e) ||
	    oci_check_names("flags", &p->flags, oci_mempolicy_flag_names, e) ||
	    oci_check_list("nodes", p->nodes, OCI_NODE_MAX, e))
		return -1;
	mode = (int)names_find(oci_mempolicy_mode_names, p->mode)->value;
	if ((mode == MPOL_DEFAULT || mode == MPOL_LOCAL) && p->nodes)
		return err_set(e, EINVAL, "nodes: %s takes none", p->mode);
	if (mode != MPOL_DEFAULT && mode != MPOL_LOCAL && mode != MPOL_PREFERRED && !p->nodes)
		return err_set(e, EINVAL, "nodes: %s needs at least one", p->mode);
	return 0;
}

static int check_personality(const struct oci_personality *p, struct err *e)
{
	if (p->flags.n)
		return err_set(e, EINVAL, "flags: unknown value '%s', none are defined",
			       p->flags.v[0]);
	return oci_check_name("domain", p->domain, oci_personality_names, e);
}

static int check_objects(const struct oci_linux *l, struct err *e)
{
	if (l->resources && oci_validate_resources(l->resources, e))
		return err_ctx(e, "resources");
	if (l->seccomp && oci_check_seccomp(l->seccomp, e))
		return err_ctx(e, "seccomp");
	if (l->intel_rdt && check_rdt(l->intel_rdt, e))
		return err_ctx(e, "intelRdt");
	if (l->memory_policy && check_memory_policy(l->memory_policy, e))
		return err_ctx(e, "memoryPolicy");
	if (l->personality && check_personality(l->personality, e))
		return err_ctx(e, "personality");
	return 0;
}

/* Without a namespace of its own, the container would change the host's. */
static int check_own(const struct oci_config *c, struct err *e)
{
	const struct oci_linux *l = c->linux_;

	if ((l->masked_paths.n || l->readonly_paths.n) && !oci_namespace_of(c, OCI_NS_MOUNT))
		return err_set(e, EINVAL, "%s: there is no mount namespace",
			       l->masked_paths.n ? "maskedPaths" : "readonlyPaths");
	if (l->net_devices.n && !oci_namespace_of(c, OCI_NS_NETWORK))
		return err_set(e, EINVAL, "netDevices: there is no network namespace");
	return 0;
}

int oci_check_linux(const struct oci_config *c, struct err *e)
{
	const struct oci_linux *l = c->linux_;

	if (check_namespaces(l, e) || check_maps(c, e) || check_time(c, e) || check_own(c, e) ||
	    check_lists(l, e) || check_paths(l, e) || check_objects(l, e))
		return err_ctx(e, "linux");
	return 0;
}
