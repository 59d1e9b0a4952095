/* SPDX-License-Identifier: Apache-2.0 */
/* state: field tables of state.json and of runtime-spec's State document. */
#include "spec/oci/state.h"

const struct name oci_status_names[] = {
	{ "creating", OCI_CREATING }, { "created", OCI_CREATED }, { "running", OCI_RUNNING },
	{ "paused", OCI_PAUSED },     { "stopped", OCI_STOPPED }, { 0 },
};

static const struct json_field cgroup_dir_fields[] = {
	F_STR(struct oci_cgroup_dir, key, "key", JSON_REQUIRED),
	F_STR(struct oci_cgroup_dir, path, "path", JSON_REQUIRED),
	F_BOOL(struct oci_cgroup_dir, created, "created", 0),
	{ 0 },
};

const struct json_field oci_state_fields[] = {
	F_STR(struct oci_state, oci_version, "ociVersion", JSON_REQUIRED),
	F_STR(struct oci_state, id, "id", JSON_REQUIRED),
	F_NUM(JSON_I32, struct oci_state, pid, "pid", 0),
	F_NUM(JSON_U64, struct oci_state, start_time, "startTime", 0),
	F_STR(struct oci_state, bundle, "bundle", JSON_REQUIRED),
	F_STR(struct oci_state, rootfs, "rootfs", 0),
	F_STR(struct oci_state, created, "created", 0),
	F_STR(struct oci_state, owner, "owner", 0),
	F_STR(struct oci_state, cgroup_driver, "cgroupDriver", 0),
	F_STR(struct oci_state, systemd_scope, "systemdScope", 0),
	F_BOOL(struct oci_state, systemd_started, "systemdStarted", 0),
	F_BOOL(struct oci_state, systemd_user, "systemdUser", 0),
	F_LIST(JSON_OBJS, struct oci_state, cgroups, "cgroups", 0, cgroup_dir_fields),
	F_BOOL(struct oci_state, own_pidns, "ownPidns", 0),
	F_STR(struct oci_state, rdt_clos, "rdtClos", 0),
	F_BOOL(struct oci_state, rdt_made, "rdtMade", 0),
	F_STR(struct oci_state, rdt_monitor, "rdtMonitor", 0),
	F_MAP(struct oci_state, annotations, "annotations", 0),
	F_BOOL(struct oci_state, has_poststart, "poststart", 0),
	F_BOOL(struct oci_state, has_poststop, "poststop", 0),
	F_BOOL(struct oci_state, has_listener, "listener", 0),
	{ 0 },
};

struct oci_state *oci_state_parse(const char *text, size_t len, struct arena *a, struct err *e)
{
	struct oci_state *s = arena_alloc(a, sizeof(*s));
	struct json_object *obj = json_parse(text, len, e);

	if (!obj || json_decode(json_own(a, obj), oci_state_fields, s, a, e))
		return NULL;
	return s;
}

char *oci_state_text(const struct oci_state *s, struct arena *a)
{
	return json_text(json_own(a, json_encode(s, oci_state_fields)), false, a);
}

/* What runtime.md calls "State", and the keys that runc's `state` adds. */
struct document {
	char *oci_version, *id;
	struct opt_i32 pid;
	int status;
	char *bundle, *rootfs, *created;
	json_list(struct json_kv) annotations;
	char *owner;
};

static const struct json_field document_fields[] = {
	F_STR(struct document, oci_version, "ociVersion", 0),
	F_STR(struct document, id, "id", 0),
	F_NUM(JSON_OPT_I32, struct document, pid, "pid", 0),
	F_ENUM(struct document, status, "status", 0, oci_status_names),
	F_STR(struct document, bundle, "bundle", 0),
	F_STR(struct document, rootfs, "rootfs", 0),
	F_STR(struct document, created, "created", 0),
	F_MAP(struct document, annotations, "annotations", 0),
	F_STR(struct document, owner, "owner", 0),
	{ 0 },
};

char *oci_state_document(const struct oci_state *s, enum oci_status status, int32_t pid, bool full,
			 bool pretty, struct arena *a)
{
	struct document d = {
		.oci_version = s->oci_version,
		.id = s->id,
		.pid = { full || pid, pid },
		.status = (int)status,
		.bundle = s->bundle,
		.rootfs = full ? s->rootfs : NULL,
		.created = full ? s->created : NULL,
		.annotations = { s->annotations.n, s->annotations.v },
		.owner = full ? s->owner : NULL,
	};

	return json_text(json_own(a, json_encode(&d, document_fields)), pretty, a);
}
