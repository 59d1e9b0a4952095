/* SPDX-License-Identifier: Apache-2.0 */
/* plan_mounts: from root, mounts[] and linux.*Paths to records. */
#include "shim/engine/plan_mounts.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "shim/engine/plan_input.h"
#include "shim/engine/plan_mounts_opts.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/oci/tables.h"

/* What LXCFS and its like serve, and nothing in here tells who the process is. */
static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/loadavg",
	"/proc/meminfo",
	"/proc/slabinfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/sys/crypto/fips_enabled",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/uptime",
};

static int check_proc(struct plan_mount *m, struct err *e)
{
	if (str_eq(m->dest, "/proc")) {
		m->proc = PLAN_PROC_ROOT;
		if (m->kind == PLAN_MOUNT_PROC || m->kind == PLAN_MOUNT_BIND ||
		    m->kind == PLAN_MOUNT_REMOUNT)
			return 0;
		return err_set(e, EINVAL, "destination: only procfs may be mounted on '/proc'");
	}
	if (!str_starts(m->dest, "/proc/"))
		return 0;
	m->proc = PLAN_PROC_FILE;
	for (size_t i = 0; i < countof(proc_files); i++) {
		if (str_eq(m->dest, proc_files[i]) && m->kind == PLAN_MOUNT_BIND)
			return 0;
	}
	return err_set(e, EINVAL, "destination: nothing may be mounted on '%s', below /proc",
		       m->dest);
}

static bool maps_id(const struct oci_idmaps *maps, uint64_t id)
{
	for (size_t i = 0; i < maps->n; i++) {
		if (id >= maps->v[i].container_id && id - maps->v[i].container_id < maps->v[i].size)
			return true;
	}
	return false;
}

/* devpts refuses a group that the user namespace does not map; its default is fine then. */
static void drop_unmapped_gid(const struct plan_input *in, struct arena *a, struct plan_mount *m)
{
	const struct oci_idmaps *maps = oci_namespace_of(in->config, OCI_NS_USER)
						? &in->config->linux_->gid_mappings
						: &in->host->gids;
	struct plan_mount_data *kept = arena_array(a, m->n_data + 1, sizeof(*kept));
	uint64_t gid;
	size_t n = 0;

	if (!maps->n)
		return; /* a namespace that we join, or the first */
	for (size_t i = 0; i < m->n_data; i++) {
		if (!str_eq(m->data[i].key, "gid") || !m->data[i].value ||
		    parse_u64(m->data[i].value, 10, UINT32_MAX, &gid) || maps_id(maps, gid))
			kept[n++] = m->data[i];
	}
	m->data = kept;
	m->n_data = n;
}

static int plan_idmap(const struct plan_input *in, const struct oci_mount *om,
		      const struct plan_mount_asked *asked, struct plan_mount *m, struct err *e)
{
	const struct oci_linux *l = in->config->linux_;

	if (!asked->idmap && !om->uid_mappings.n && !om->gid_mappings.n)
		return 0;
	if (m->kind != PLAN_MOUNT_BIND)
		return err_set(e, ENOTSUP, "uidMappings: only a bind mount can be id-mapped");
	if (!in->host->has_idmap)
		return err_set(e, ENOTSUP, "uidMappings: this kernel has no id-mapped mounts");
	m->idmap = true;
	m->idmap_rec = asked->idmap_rec;
	m->uid_maps = om->uid_mappings.n ? &om->uid_mappings : &l->uid_mappings;
	m->gid_maps = om->gid_mappings.n ? &om->gid_mappings : &l->gid_mappings;
	if (!om->uid_mappings.n != !om->gid_mappings.n)
		return err_set(e, EINVAL, "uidMappings and gidMappings: one without the other");
	if (!m->uid_maps->n || !m->gid_maps->n)
		return err_set(e, EINVAL, "uidMappings: id-mapped, but there are no mappings");
	return 0;
}

/* A cgroup mount shows every hierarchy of the host, each as the container may see it. */
static int plan_cgroup_mount(const struct plan_input *in, struct arena *a, struct plan_mount *m,
			     struct err *e)
{
	const struct host *h = in->host;
	struct plan_mount_cgroup *v = arena_array(a, h->cgroups.n + 1, sizeof(*v));

	if (h->cgroup_mode == HOST_CGROUP_NONE || !h->cgroups.n)
		return err_set(e, ENOTSUP, "type: this host has no cgroup file system mounted");
	m->kind = h->cgroup_mode == HOST_CGROUP_V2 ? PLAN_MOUNT_CGROUP2 : PLAN_MOUNT_CGROUP1;
	m->type = m->kind == PLAN_MOUNT_CGROUP2 ? "cgroup2" : "cgroup";
	m->source = m->type;
	m->own_cgroupns = oci_namespace_of(in->config, OCI_NS_CGROUP) != NULL;
	for (size_t i = 0; i < h->cgroups.n; i++) {
		const struct host_cgroup *c = &h->cgroups.v[i];
		const char *slash = strrchr(c->mountpoint, '/');

		v[i] = (struct plan_mount_cgroup){ slash ? slash + 1 : c->mountpoint, c->key,
						   c->mountpoint, c->root, NULL };
	}
	m->cgroups = v;
	m->n_cgroups = h->cgroups.n;
	return 0;
}

static int plan_fs(const struct plan_input *in, const struct oci_mount *om, struct arena *a,
		   struct plan_mount *m, struct err *e)
{
	const char *label = in->config->linux_->mount_label;

	if (!om->type || !*om->type)
		return err_set(e, EINVAL, "type: required, as neither bind nor rbind is an option");
	if (str_eq(om->type, "bind"))
		return err_set(e, EINVAL, "type: 'bind' needs the option 'bind' or 'rbind'");
	m->type = om->type;
	m->source = om->source && *om->source ? om->source : om->type;
	m->kind = str_eq(om->type, "proc")    ? PLAN_MOUNT_PROC
		  : str_eq(om->type, "sysfs") ? PLAN_MOUNT_SYSFS
		  : str_eq(om->type, "tmpfs") ? PLAN_MOUNT_TMPFS
					      : PLAN_MOUNT_FS;
	m->late_ro = m->kind == PLAN_MOUNT_TMPFS && (m->attr_set | m->rec_set) & MOUNT_ATTR_RDONLY;
	if (str_eq(om->type, "cgroup") ||
	    (str_eq(om->type, "cgroup2") && in->host->cgroup_mode == HOST_CGROUP_V2))
		return plan_cgroup_mount(in, a, m, e);
	if (str_eq(om->type, "devpts"))
		drop_unmapped_gid(in, a, m);
	/* A disk is not to be written to at all; the superblock of debugfs is the host's. */
	if (m->kind == PLAN_MOUNT_FS && m->source[0] == '/' && m->attr_set & MOUNT_ATTR_RDONLY)
		plan_mount_add_data(a, m, "ro", NULL);
	if (!label || !*label || m->kind == PLAN_MOUNT_PROC || m->kind == PLAN_MOUNT_SYSFS)
		return 0;
	if (str_eq(om->type, "mqueue"))
		m->label = label;
	else if (!plan_mount_data(m, "context"))
		plan_mount_add_data(a, m, "context", label);
	return 0;
}

static int plan_bind(const struct plan_input *in, const struct oci_mount *om, struct arena *a,
		     struct plan_mount *m, struct err *e)
{
	m->kind = PLAN_MOUNT_BIND;
	if (!om->source || !*om->source)
		return err_set(e, EINVAL, "source: required for a bind mount");
	m->source = path_join(a, in->bundle, om->source);
	return 0;
}

static int check_options(const struct plan_mount *m, const struct plan_mount_asked *asked,
			 struct err *e)
{
	if (asked->bind && m->n_data)
		return err_set(e, EINVAL, "options: '%s' means nothing for a bind mount",
			       m->data[0].key);
	if (m->tmpcopyup && m->kind != PLAN_MOUNT_TMPFS)
		return err_set(e, EINVAL, "options: 'tmpcopyup' is for tmpfs only");
	if (m->kind != PLAN_MOUNT_BIND && (m->src_nofollow || m->copy_symlink))
		return err_set(e, EINVAL, "options: '%s' is for bind mounts only",
			       m->copy_symlink ? "copy-symlink" : "src-nofollow");
	return 0;
}

static int plan_one(const struct plan_input *in, const struct oci_mount *om, struct arena *a,
		    struct plan_mount *m, struct err *e)
{
	struct plan_mount_asked asked = { 0 };

	m->source_fd = m->late_fd = -1;
	if (!om->destination || !*om->destination)
		return err_set(e, EINVAL, "destination: required, but empty");
	m->dest = path_clean(a, om->destination);
	if (str_eq(m->dest, "/"))
		return err_set(e, EINVAL, "destination: the root itself cannot be mounted over");
	if (plan_mount_options(om, a, m, &asked, e))
		return -1;
	if (asked.remount) {
		m->kind = PLAN_MOUNT_REMOUNT;
		m->superblock = !asked.bind;
	} else if (asked.bind ? plan_bind(in, om, a, m, e) : plan_fs(in, om, a, m, e)) {
		return -1;
	}
	if (check_options(m, &asked, e) || plan_idmap(in, om, &asked, m, e))
		return -1;
	return check_proc(m, e);
}

static int clean_paths(const struct json_strs *in, const char *key, struct arena *a,
		       struct json_strs *out, struct err *e)
{
	out->n = in->n;
	out->v = arena_array(a, in->n + 1, sizeof(*out->v));
	for (size_t i = 0; i < in->n; i++) {
		if (in->v[i][0] != '/')
			return err_set(e, EINVAL, "linux.%s[%zu]: '%s' is not absolute", key, i,
				       in->v[i]);
		out->v[i] = path_clean(a, in->v[i]);
		if (str_eq(out->v[i], "/"))
			return err_set(e, EINVAL, "linux.%s[%zu]: it is the root itself", key, i);
	}
	return 0;
}

/*
 * The inherited tree is made rslave before anything else, so that nothing that we mount
 * gets out, but mounts of the host still come in below rslave binds. A shared root wants peers
 * of the host's mounts (a bind with "shared" gives its mounts back), so the tree stays as it is.
 */
static int plan_propagation(const struct plan_input *in, struct plan_mounts *out, struct err *e)
{
	const char *text = in->config->linux_->rootfs_propagation;
	const struct name *row;

	out->host_propagation = MS_SLAVE | MS_REC;
	if (!text || !*text)
		return 0;
	row = names_find(oci_propagation_names, text);
	if (!row)
		return err_set(e, EINVAL, "linux.rootfsPropagation: '%s' is unknown", text);
	out->root_propagation = (unsigned long)row->value;
	if (out->root_propagation & MS_SHARED)
		out->host_propagation = 0;
	else if (out->root_propagation == (MS_PRIVATE | MS_REC))
		out->host_propagation = MS_PRIVATE | MS_REC;
	return 0;
}

/* Without a mount namespace every mount would be the host's. */
static int check_no_mntns(const struct oci_config *c, struct err *e)
{
	static const struct oci_linux none;
	const struct oci_linux *l = c->linux_ ? c->linux_ : &none;
	const char *field = c->mounts.n		    ? "mounts"
			    : c->root->readonly	    ? "root.readonly"
			    : l->masked_paths.n	    ? "linux.maskedPaths"
			    : l->readonly_paths.n   ? "linux.readonlyPaths"
			    : l->rootfs_propagation ? "linux.rootfsPropagation"
						    : NULL;

	return field ? err_set(e, EINVAL, "%s: needs a mount namespace in linux.namespaces", field)
		     : 0;
}

/* Last, so that no other mount covers it: the directory in which the service manager listens. */
static int plan_notify(const struct plan_input *in, struct arena *a, struct plan_mounts *out,
		       struct err *e)
{
	char *options[] = { (char *)"bind", (char *)"ro", (char *)"nosuid", (char *)"nodev",
			    (char *)"noexec" };
	struct oci_mount m = {
		.destination = arena_strdup(a, PLAN_NOTIFY_DIR),
		.source = arena_strdup(a, in->notify_dir),
		.options = { countof(options), options },
	};

	return plan_one(in, &m, a, &out->v[out->n++], e);
}

static int plan_all(const struct plan_input *in, struct arena *a, struct plan_mounts *out,
		    struct err *e)
{
	const struct oci_linux *l = in->config->linux_;

	if (plan_propagation(in, out, e))
		return -1;
	if (l->mount_label && *l->mount_label && !in->host->selinux)
		return err_set(e, ENOTSUP, "linux.mountLabel: SELinux is not enabled here");
	out->label = l->mount_label && *l->mount_label ? l->mount_label : NULL;
	out->n = in->config->mounts.n;
	out->v = arena_array(a, out->n + 1, sizeof(*out->v));
	if (in->notify_dir && plan_notify(in, a, out, e))
		return -1;
	for (size_t i = 0; i < in->config->mounts.n; i++) {
		const struct oci_mount *om = &in->config->mounts.v[i];

		if (plan_one(in, om, a, &out->v[i], e))
			return err_ctx(e, "mounts[%zu] '%s'", i,
				       om->destination ? om->destination : "");
	}
	if (clean_paths(&l->masked_paths, "maskedPaths", a, &out->masked, e))
		return -1;
	return clean_paths(&l->readonly_paths, "readonlyPaths", a, &out->readonly_paths, e);
}

int plan_mounts(const struct plan_input *in, struct arena *a, struct plan_mounts *out,
		struct err *e)
{
	const struct oci_config *c = in->config;
	const struct oci_namespace *mnt = oci_namespace_of(c, OCI_NS_MOUNT);
	struct plan_mounts p = { .root_fd = -1 };

	if (!c->root || !c->root->path || !*c->root->path)
		return err_set(e, EINVAL, "root.path: required, but empty");
	p.rootfs = path_join(a, in->bundle, c->root->path);
	p.mntns = !mnt ? PLAN_MNTNS_NONE : mnt->path ? PLAN_MNTNS_JOINED : PLAN_MNTNS_NEW;
	p.mntns_path = mnt ? mnt->path : NULL;
	p.userns = oci_namespace_of(c, OCI_NS_USER) != NULL;
	p.readonly = c->root->readonly;
	p.no_pivot = in->no_pivot;
	if (p.mntns == PLAN_MNTNS_NONE ? check_no_mntns(c, e) : plan_all(in, a, &p, e))
		return -1;
	*out = p;
	return 0;
}
