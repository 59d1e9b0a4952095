/* SPDX-License-Identifier: Apache-2.0 */
/* features: the document's structs and field tables, and how they are filled. */
#include "spec/oci/features.h"

#include "spec/base/str.h"
#include "spec/oci/config.h"
#include "spec/oci/tables.h"

#define ANNOTATION_LIBSECCOMP "io.github.seccomp.libseccomp.version"
#define ANNOTATION_CHECKPOINT "org.opencontainers.runc.checkpoint.enabled" /* podman reads it */
#define ANNOTATION_VERSION    "peapod.version"
#define ANNOTATION_COMMIT     "peapod.commit"
#define ANNOTATIONS_MAX	      4

struct cgroup {
	bool v1, v2, systemd, systemd_user, rdma;
};
struct seccomp {
	bool enabled;
	struct json_strs actions, operators, archs, known_flags, supported_flags;
};
struct enabled {
	bool enabled;
};
struct intel_rdt {
	bool enabled, schemata, monitoring;
};
struct memory_policy {
	struct json_strs modes, flags;
};
struct mount_extensions {
	struct enabled idmap;
};
struct linux_features {
	struct json_strs namespaces, capabilities;
	struct cgroup cgroup;
	struct seccomp seccomp;
	struct enabled apparmor, selinux;
	struct intel_rdt intel_rdt;
	struct memory_policy memory_policy;
	struct mount_extensions mount_extensions;
	struct enabled net_devices;
};
struct features {
	char *min, *max;
	struct json_strs hooks, mount_options;
	struct linux_features linux_;
	json_list(struct json_kv) annotations;
	struct json_strs unsafe;
};

static const struct json_field cgroup_fields[] = {
	F_BOOL(struct cgroup, v1, "v1", JSON_ALWAYS),
	F_BOOL(struct cgroup, v2, "v2", JSON_ALWAYS),
	F_BOOL(struct cgroup, systemd, "systemd", JSON_ALWAYS),
	F_BOOL(struct cgroup, systemd_user, "systemdUser", JSON_ALWAYS),
	F_BOOL(struct cgroup, rdma, "rdma", JSON_ALWAYS),
	{ 0 },
};
static const struct json_field seccomp_fields[] = {
	F_BOOL(struct seccomp, enabled, "enabled", JSON_ALWAYS),
	F_STRS(struct seccomp, actions, "actions", 0),
	F_STRS(struct seccomp, operators, "operators", 0),
	F_STRS(struct seccomp, archs, "archs", 0),
	F_STRS(struct seccomp, known_flags, "knownFlags", 0),
	F_STRS(struct seccomp, supported_flags, "supportedFlags", 0),
	{ 0 },
};
static const struct json_field enabled_fields[] = {
	F_BOOL(struct enabled, enabled, "enabled", JSON_ALWAYS),
	{ 0 },
};
static const struct json_field intel_rdt_fields[] = {
	F_BOOL(struct intel_rdt, enabled, "enabled", JSON_ALWAYS),
	F_BOOL(struct intel_rdt, schemata, "schemata", JSON_ALWAYS),
	F_BOOL(struct intel_rdt, monitoring, "monitoring", JSON_ALWAYS),
	{ 0 },
};
static const struct json_field memory_policy_fields[] = {
	F_STRS(struct memory_policy, modes, "modes", 0),
	F_STRS(struct memory_policy, flags, "flags", 0),
	{ 0 },
};
static const struct json_field mount_extensions_fields[] = {
	F_OBJ(struct mount_extensions, idmap, "idmap", 0, enabled_fields),
	{ 0 },
};
static const struct json_field linux_fields[] = {
	F_STRS(struct linux_features, namespaces, "namespaces", 0),
	F_STRS(struct linux_features, capabilities, "capabilities", 0),
	F_OBJ(struct linux_features, cgroup, "cgroup", 0, cgroup_fields),
	F_OBJ(struct linux_features, seccomp, "seccomp", 0, seccomp_fields),
	F_OBJ(struct linux_features, apparmor, "apparmor", 0, enabled_fields),
	F_OBJ(struct linux_features, selinux, "selinux", 0, enabled_fields),
	F_OBJ(struct linux_features, intel_rdt, "intelRdt", 0, intel_rdt_fields),
	F_OBJ(struct linux_features, memory_policy, "memoryPolicy", 0, memory_policy_fields),
	F_OBJ(struct linux_features, mount_extensions, "mountExtensions", 0,
	      mount_extensions_fields),
	F_OBJ(struct linux_features, net_devices, "netDevices", 0, enabled_fields),
	{ 0 },
};
static const struct json_field features_fields[] = {
	F_STR(struct features, min, "ociVersionMin", JSON_REQUIRED),
	F_STR(struct features, max, "ociVersionMax", JSON_REQUIRED),
	F_STRS(struct features, hooks, "hooks", 0),
	F_STRS(struct features, mount_options, "mountOptions", 0),
	F_OBJ(struct features, linux_, "linux", 0, linux_fields),
	F_MAP(struct features, annotations, "annotations", 0),
	F_STRS(struct features, unsafe, "potentiallyUnsafeConfigAnnotations", 0),
	{ 0 },
};

static struct json_strs names(const struct name *table, struct arena *a)
{
	struct json_strs l = { 0 };

	while (table[l.n].name)
		l.n++;
	l.v = arena_array(a, l.n + 1, sizeof(*l.v));
	for (size_t i = 0; i < l.n; i++)
		l.v[i] = arena_strdup(a, table[i].name);
	return l;
}

static bool option_built(const struct oci_mount_option *o, const struct oci_built *built)
{
	switch (o->special) {
	case OCI_MOUNT_IDMAP:
	case OCI_MOUNT_RIDMAP:
		return built->idmap;
	case OCI_MOUNT_TMPCOPYUP:
		return built->tmpcopyup;
	case OCI_MOUNT_COPY_SYMLINK:
	case OCI_MOUNT_SRC_NOFOLLOW:
	case OCI_MOUNT_DEST_NOFOLLOW:
		return built->nofollow;
	case OCI_MOUNT_PLAIN:
	case OCI_MOUNT_BIND:
	case OCI_MOUNT_RBIND:
	case OCI_MOUNT_REMOUNT:
	case OCI_MOUNT_IGNORED:
		break;
	}
	return true;
}

static struct json_strs mount_options(const struct oci_built *built, struct arena *a)
{
	struct json_strs l = { 0 };
	size_t rows = 0;

	while (oci_mount_options[rows].name)
		rows++;
	l.v = arena_array(a, rows + 1, sizeof(*l.v));
	for (size_t i = 0; i < rows; i++) {
		if (option_built(&oci_mount_options[i], built))
			l.v[l.n++] = arena_strdup(a, oci_mount_options[i].name);
	}
	return l;
}

static bool at_least(const unsigned int *version, unsigned int major, unsigned int minor)
{
	return version[0] > major || (version[0] == major && version[1] >= minor);
}

/* The list without one of its texts, unless that is built. */
static struct json_strs without(struct json_strs l, const char *text, bool built)
{
	size_t kept = 0;

	for (size_t i = 0; i < l.n; i++) {
		if (built || !str_eq(l.v[i], text))
			l.v[kept++] = l.v[i];
	}
	l.n = kept;
	return l;
}

static void fill_seccomp(struct seccomp *s, const struct oci_built *built, struct arena *a)
{
	s->enabled = at_least(built->libseccomp, 1, 0);
	if (!s->enabled)
		return;
	s->actions = without(names(oci_seccomp_action_names, a), "SCMP_ACT_NOTIFY",
			     built->seccomp_notify);
	s->operators = names(oci_seccomp_op_names, a);
	s->archs = names(oci_seccomp_arch_names, a);
	if (!at_least(built->libseccomp, 2, 6))
		s->archs.n = OCI_SECCOMP_ARCHS_25;
	s->known_flags = names(oci_seccomp_flag_names, a);
	s->supported_flags =
		without(names(oci_seccomp_flag_names, a), "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
			built->seccomp_wait_killable);
}

static void fill_linux(struct linux_features *l, const struct oci_built *built, struct arena *a)
{
	l->namespaces = names(oci_ns_names, a);
	l->capabilities = names(oci_cap_names, a);
	l->cgroup = (struct cgroup){ built->cgroup_v1, built->cgroup_v2, built->systemd,
				     built->systemd_user, built->rdma };
	fill_seccomp(&l->seccomp, built, a);
	l->apparmor.enabled = built->apparmor;
	l->selinux.enabled = built->selinux;
	l->intel_rdt =
		(struct intel_rdt){ built->intel_rdt, built->rdt_schemata, built->rdt_monitoring };
	if (built->memory_policy) {
		l->memory_policy.modes = names(oci_mempolicy_mode_names, a);
		l->memory_policy.flags = names(oci_mempolicy_flag_names, a);
	}
	l->mount_extensions.idmap.enabled = built->idmap;
	l->net_devices.enabled = built->net_devices;
}

static void annotate(struct features *f, struct arena *a, const char *key, const char *value)
{
	f->annotations.v[f->annotations.n++] =
		(struct json_kv){ arena_strdup(a, key), arena_strdup(a, value) };
}

static void fill_annotations(struct features *f, const struct oci_built *built, struct arena *a)
{
	const unsigned int *v = built->libseccomp;

	f->annotations.v = arena_array(a, ANNOTATIONS_MAX + 1, sizeof(*f->annotations.v));
	if (v[0])
		annotate(f, a, ANNOTATION_LIBSECCOMP,
			 arena_printf(a, "%u.%u.%u", v[0], v[1], v[2]));
	annotate(f, a, ANNOTATION_CHECKPOINT, built->checkpoint ? "true" : "false");
	annotate(f, a, ANNOTATION_VERSION, built->version);
	if (built->commit)
		annotate(f, a, ANNOTATION_COMMIT, built->commit);
}

static struct json_strs copy_list(const char *const *texts, struct arena *a)
{
	struct json_strs l = { 0 };

	while (texts && texts[l.n])
		l.n++;
	l.v = arena_array(a, l.n + 1, sizeof(*l.v));
	for (size_t i = 0; i < l.n; i++)
		l.v[i] = arena_strdup(a, texts[i]);
	return l;
}

char *oci_features_text(const struct oci_built *built, struct arena *a)
{
	struct features f = { 0 };

	f.min = arena_strdup(a, OCI_VERSION_MIN);
	f.max = arena_strdup(a, OCI_VERSION);
	f.hooks = names(oci_hook_names, a);
	f.mount_options = mount_options(built, a);
	fill_linux(&f.linux_, built, a);
	fill_annotations(&f, built, a);
	f.unsafe = copy_list(built->unsafe_annotations, a);
	return json_text(json_own(a, json_encode(&f, features_fields)), true, a);
}
