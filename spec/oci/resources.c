/* SPDX-License-Identifier: Apache-2.0 */
/* resources: field tables of config.linux.resources. */
#include "spec/oci/fields.h"

static const struct json_field device_rule_fields[] = {
	F_BOOL(struct oci_device_rule, allow, "allow", JSON_ALWAYS),
	F_TEXT(struct oci_device_rule, type, "type", 0),
	F_NUM(JSON_OPT_I64, struct oci_device_rule, major, "major", 0),
	F_NUM(JSON_OPT_I64, struct oci_device_rule, minor, "minor", 0),
	F_TEXT(struct oci_device_rule, access, "access", 0),
	{ 0 },
};

static const struct json_field memory_fields[] = {
	F_NUM(JSON_OPT_I64, struct oci_memory, limit, "limit", 0),
	F_NUM(JSON_OPT_I64, struct oci_memory, reservation, "reservation", 0),
	F_NUM(JSON_OPT_I64, struct oci_memory, swap, "swap", 0),
	F_NUM(JSON_OPT_I64, struct oci_memory, kernel, "kernel", 0),
	F_NUM(JSON_OPT_I64, struct oci_memory, kernel_tcp, "kernelTCP", 0),
	F_NUM(JSON_OPT_U64, struct oci_memory, swappiness, "swappiness", 0),
	F_ANY(JSON_OPT_BOOL, struct oci_memory, disable_oom_killer, "disableOOMKiller", 0),
	F_ANY(JSON_OPT_BOOL, struct oci_memory, use_hierarchy, "useHierarchy", 0),
	F_ANY(JSON_OPT_BOOL, struct oci_memory, check_before_update, "checkBeforeUpdate", 0),
	{ 0 },
};

static const struct json_field cpu_fields[] = {
	F_NUM(JSON_OPT_U64, struct oci_cpu, shares, "shares", 0),
	F_NUM(JSON_OPT_I64, struct oci_cpu, quota, "quota", 0),
	F_NUM(JSON_OPT_U64, struct oci_cpu, burst, "burst", 0),
	F_NUM(JSON_OPT_U64, struct oci_cpu, period, "period", 0),
	F_NUM(JSON_OPT_I64, struct oci_cpu, realtime_runtime, "realtimeRuntime", 0),
	F_NUM(JSON_OPT_U64, struct oci_cpu, realtime_period, "realtimePeriod", 0),
	F_TEXT(struct oci_cpu, cpus, "cpus", 0),
	F_TEXT(struct oci_cpu, mems, "mems", 0),
	F_NUM(JSON_OPT_I64, struct oci_cpu, idle, "idle", 0),
	{ 0 },
};

static const struct json_field pids_fields[] = {
	F_NUM(JSON_OPT_I64, struct oci_pids, limit, "limit", 0),
	{ 0 },
};

static const struct json_field weight_device_fields[] = {
	F_NUM(JSON_I64, struct oci_weight_device, major, "major", JSON_REQUIRED),
	F_NUM(JSON_I64, struct oci_weight_device, minor, "minor", JSON_REQUIRED),
	F_NUM(JSON_OPT_U32, struct oci_weight_device, weight, "weight", 0),
	F_NUM(JSON_OPT_U32, struct oci_weight_device, leaf_weight, "leafWeight", 0),
	{ 0 },
};

static const struct json_field throttle_device_fields[] = {
	F_NUM(JSON_I64, struct oci_throttle_device, major, "major", JSON_REQUIRED),
	F_NUM(JSON_I64, struct oci_throttle_device, minor, "minor", JSON_REQUIRED),
	F_NUM(JSON_U64, struct oci_throttle_device, rate, "rate", JSON_REQUIRED),
	{ 0 },
};

#define F_THROTTLE(m, k) F_LIST(JSON_OBJS, struct oci_block_io, m, k, 0, throttle_device_fields)

static const struct json_field block_io_fields[] = {
	F_NUM(JSON_OPT_U32, struct oci_block_io, weight, "weight", 0),
	F_NUM(JSON_OPT_U32, struct oci_block_io, leaf_weight, "leafWeight", 0),
	F_LIST(JSON_OBJS, struct oci_block_io, weight_device, "weightDevice", 0,
	       weight_device_fields),
	F_THROTTLE(read_bps, "throttleReadBpsDevice"),
	F_THROTTLE(write_bps, "throttleWriteBpsDevice"),
	F_THROTTLE(read_iops, "throttleReadIOPSDevice"),
	F_THROTTLE(write_iops, "throttleWriteIOPSDevice"),
	{ 0 },
};

static const struct json_field hugepage_limit_fields[] = {
	F_TEXT(struct oci_hugepage_limit, page_size, "pageSize", JSON_REQUIRED),
	F_NUM(JSON_U64, struct oci_hugepage_limit, limit, "limit", JSON_REQUIRED),
	{ 0 },
};

static const struct json_field if_priority_fields[] = {
	F_TEXT(struct oci_if_priority, name, "name", JSON_REQUIRED),
	F_NUM(JSON_U32, struct oci_if_priority, priority, "priority", JSON_REQUIRED),
	{ 0 },
};

static const struct json_field network_fields[] = {
	F_NUM(JSON_OPT_U32, struct oci_network, class_id, "classID", 0),
	F_LIST(JSON_OBJS, struct oci_network, priorities, "priorities", 0, if_priority_fields),
	{ 0 },
};

static const struct json_field rdma_fields[] = {
	F_NUM(JSON_OPT_U32, struct oci_rdma, hca_handles, "hcaHandles", 0),
	F_NUM(JSON_OPT_U32, struct oci_rdma, hca_objects, "hcaObjects", 0),
	{ 0 },
};

const struct json_field oci_resources_fields[] = {
	F_LIST(JSON_OBJS, struct oci_resources, devices, "devices", 0, device_rule_fields),
	F_PTR(struct oci_resources, memory, "memory", 0, memory_fields),
	F_PTR(struct oci_resources, cpu, "cpu", 0, cpu_fields),
	F_PTR(struct oci_resources, pids, "pids", 0, pids_fields),
	F_PTR(struct oci_resources, block_io, "blockIO", 0, block_io_fields),
	F_LIST(JSON_OBJS, struct oci_resources, hugepage_limits, "hugepageLimits", 0,
	       hugepage_limit_fields),
	F_PTR(struct oci_resources, network, "network", 0, network_fields),
	F_LIST(JSON_OBJMAP, struct oci_resources, rdma, "rdma", 0, rdma_fields),
	F_MAP(struct oci_resources, unified, "unified", 0),
	{ 0 },
};
