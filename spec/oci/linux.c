/* SPDX-License-Identifier: Apache-2.0 */
/* linux: field tables of config.linux, but for resources and seccomp. */
#include "spec/oci/fields.h"

#include "spec/oci/tables.h"

const struct json_field oci_idmap_fields[] = {
	F_NUM(JSON_U32, struct oci_idmap, container_id, "containerID", JSON_REQUIRED),
	F_NUM(JSON_U32, struct oci_idmap, host_id, "hostID", JSON_REQUIRED),
	F_NUM(JSON_U32, struct oci_idmap, size, "size", JSON_REQUIRED),
	{ 0 },
};

static const struct json_field namespace_fields[] = {
	F_ENUM(struct oci_namespace, type, "type", JSON_REQUIRED, oci_ns_names),
	F_TEXT(struct oci_namespace, path, "path", 0),
	{ 0 },
};

static const struct json_field device_fields[] = {
	F_TEXT(struct oci_device, path, "path", JSON_REQUIRED),
	F_TEXT(struct oci_device, type, "type", JSON_REQUIRED),
	F_NUM(JSON_I64, struct oci_device, major, "major", JSON_ALWAYS),
	F_NUM(JSON_I64, struct oci_device, minor, "minor", JSON_ALWAYS),
	F_NUM(JSON_OPT_U32, struct oci_device, file_mode, "fileMode", 0),
	F_NUM(JSON_OPT_U32, struct oci_device, uid, "uid", 0),
	F_NUM(JSON_OPT_U32, struct oci_device, gid, "gid", 0),
	{ 0 },
};

static const struct json_field net_device_fields[] = {
	F_TEXT(struct oci_net_device, name, "name", 0),
	{ 0 },
};

static const struct json_field time_offset_fields[] = {
	F_NUM(JSON_I64, struct oci_time_offset, secs, "secs", 0),
	F_NUM(JSON_U32, struct oci_time_offset, nanosecs, "nanosecs", 0),
	{ 0 },
};

static const struct json_field intel_rdt_fields[] = {
	F_TEXT(struct oci_intel_rdt, clos_id, "closID", 0),
	F_STRS(struct oci_intel_rdt, schemata, "schemata", 0),
	F_TEXT(struct oci_intel_rdt, l3_cache_schema, "l3CacheSchema", 0),
	F_TEXT(struct oci_intel_rdt, mem_bw_schema, "memBwSchema", 0),
	F_BOOL(struct oci_intel_rdt, enable_cmt, "enableCMT", 0),
	F_BOOL(struct oci_intel_rdt, enable_mbm, "enableMBM", 0),
	F_BOOL(struct oci_intel_rdt, enable_monitoring, "enableMonitoring", 0),
	{ 0 },
};

static const struct json_field memory_policy_fields[] = {
	F_TEXT(struct oci_memory_policy, mode, "mode", JSON_REQUIRED),
	F_TEXT(struct oci_memory_policy, nodes, "nodes", 0),
	F_STRS(struct oci_memory_policy, flags, "flags", 0),
	{ 0 },
};

static const struct json_field personality_fields[] = {
	F_TEXT(struct oci_personality, domain, "domain", JSON_REQUIRED),
	F_STRS(struct oci_personality, flags, "flags", 0),
	{ 0 },
};

const struct json_field oci_linux_fields[] = {
	F_LIST(JSON_OBJS, struct oci_linux, uid_mappings, "uidMappings", 0, oci_idmap_fields),
	F_LIST(JSON_OBJS, struct oci_linux, gid_mappings, "gidMappings", 0, oci_idmap_fields),
	F_MAP(struct oci_linux, sysctl, "sysctl", 0),
	F_PTR(struct oci_linux, resources, "resources", 0, oci_resources_fields),
	F_TEXT(struct oci_linux, cgroups_path, "cgroupsPath", 0),
	F_LIST(JSON_OBJS, struct oci_linux, namespaces, "namespaces", 0, namespace_fields),
	F_LIST(JSON_OBJS, struct oci_linux, devices, "devices", 0, device_fields),
	F_LIST(JSON_OBJMAP, struct oci_linux, net_devices, "netDevices", 0, net_device_fields),
	F_PTR(struct oci_linux, seccomp, "seccomp", 0, oci_seccomp_fields),
	F_TEXT(struct oci_linux, rootfs_propagation, "rootfsPropagation", 0),
	F_STRS(struct oci_linux, masked_paths, "maskedPaths", 0),
	F_STRS(struct oci_linux, readonly_paths, "readonlyPaths", 0),
	F_TEXT(struct oci_linux, mount_label, "mountLabel", 0),
	F_PTR(struct oci_linux, intel_rdt, "intelRdt", 0, intel_rdt_fields),
	F_PTR(struct oci_linux, memory_policy, "memoryPolicy", 0, memory_policy_fields),
	F_PTR(struct oci_linux, personality, "personality", 0, personality_fields),
	F_LIST(JSON_OBJMAP, struct oci_linux, time_offsets, "timeOffsets", 0, time_offset_fields),
	{ 0 },
};
