/* SPDX-License-Identifier: Apache-2.0 */
/* config: every struct of config.json (runtime-spec 1.3), as the field tables fill them. */
#ifndef SPEC_OCI_CONFIG_H
#define SPEC_OCI_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"

#define OCI_CONFIG_FILE "config.json" /* in the bundle */
#define OCI_VERSION	"1.3.0"	      /* of runtime-spec: the newest that we know */
#define OCI_VERSION_MIN "1.0.0"
#define OCI_ID_NONE	UINT32_MAX /* (uid_t)-1: setresuid(2) would leave the id as it is */

/*
 * Names follow the document: linux.resources.memory.limit is
 * config->linux_->resources->memory->limit. Strings, lists and pointers are
 * in the arena of the decode call, NULL when absent; enums are 0 when absent.
 * Texts whose vocabulary is open or large (capabilities, mount options,
 * rlimit types) stay texts here; spec/oci/tables.h gives them meaning.
 */

struct oci_root {
	char *path;
	bool readonly;
};

struct oci_idmap {
	uint32_t container_id, host_id, size;
};
struct oci_idmaps {
	size_t n;
	struct oci_idmap *v;
};

struct oci_mount {
	char *destination;
	char *type;
	char *source;
	struct json_strs options;
	struct oci_idmaps uid_mappings, gid_mappings;
};

struct oci_user {
	uint32_t uid, gid;
	struct opt_u32 umask;
	json_list(uint32_t) additional_gids;
	char *username; /* Windows; decoded, without effect */
};

struct oci_caps {
	struct json_strs bounding, effective, inheritable, permitted, ambient;
};

struct oci_rlimit {
	char *type; /* RLIMIT_NOFILE ... */
	uint64_t soft, hard;
};

struct oci_scheduler {
	char *policy;
	int32_t nice, priority;
	struct json_strs flags;
	uint64_t runtime, deadline, period; /* ns */
};

struct oci_io_priority {
	char *class_;
	int32_t priority;
};

struct oci_cpu_affinity {
	char *initial, *final; /* CPU lists, "0-3,7" */
};

struct oci_box {
	uint32_t height, width; /* characters */
};

struct oci_process {
	bool terminal;
	struct oci_box console_size;
	struct oci_user user;
	struct json_strs args;
	char *command_line; /* Windows; decoded, without effect */
	struct json_strs env;
	char *cwd;
	struct oci_caps *capabilities;
	json_list(struct oci_rlimit) rlimits;
	bool no_new_privileges;
	char *apparmor_profile;
	struct opt_i32 oom_score_adj;
	struct oci_scheduler *scheduler;
	char *selinux_label;
	struct oci_io_priority *io_priority;
	struct oci_cpu_affinity *exec_cpu_affinity;
};

struct oci_hook {
	char *path;
	struct json_strs args, env;
	struct opt_i64 timeout; /* seconds */
};

struct oci_hook_list {
	size_t n;
	struct oci_hook *v;
};

struct oci_hooks {
	struct oci_hook_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

/* Values of linux.namespaces[].type; the flags and names are in spec/oci/tables.h. */
enum oci_ns {
	OCI_NS_NONE,
	OCI_NS_PID,
	OCI_NS_NETWORK,
	OCI_NS_MOUNT,
	OCI_NS_IPC,
	OCI_NS_UTS,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_COUNT,
};

struct oci_namespace {
	int type; /* enum oci_ns */
	char *path;
};

struct oci_device {
	char *path;
	char *type; /* c u b p */
	int64_t major, minor;
	struct opt_u32 file_mode, uid, gid;
};

struct oci_net_device {
	char *key; /* name on the host */
	char *name;
};

struct oci_time_offset {
	char *key; /* boottime, monotonic */
	int64_t secs;
	uint32_t nanosecs;
};

struct oci_device_rule {
	bool allow;
	char *type; /* a c b; NULL: a */
	struct opt_i64 major, minor;
	char *access; /* of rwm; NULL: all */
};

struct oci_memory {
	struct opt_i64 limit, reservation, swap, kernel, kernel_tcp; /* bytes, -1: unlimited */
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct oci_cpu {
	struct opt_u64 shares;
	struct opt_i64 quota;
	struct opt_u64 burst, period;
	struct opt_i64 realtime_runtime;
	struct opt_u64 realtime_period;
	char *cpus, *mems;
	struct opt_i64 idle;
};

struct oci_pids {
	struct opt_i64 limit;
};

struct oci_weight_device {
	int64_t major, minor;
	struct opt_u32 weight, leaf_weight;
};

struct oci_throttle_device {
	int64_t major, minor;
	uint64_t rate;
};

struct oci_throttle_list {
	size_t n;
	struct oci_throttle_device *v;
};

struct oci_block_io {
	struct opt_u32 weight, leaf_weight;
	json_list(struct oci_weight_device) weight_device;
	struct oci_throttle_list read_bps, write_bps, read_iops, write_iops;
};

struct oci_hugepage_limit {
	char *page_size; /* 2MB */
	uint64_t limit;
};

struct oci_if_priority {
	char *name;
	uint32_t priority;
};

struct oci_network {
	struct opt_u32 class_id;
	json_list(struct oci_if_priority) priorities;
};

struct oci_rdma {
	char *key; /* device */
	struct opt_u32 hca_handles, hca_objects;
};

struct oci_resources {
	json_list(struct oci_device_rule) devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_pids *pids;
	struct oci_block_io *block_io;
	json_list(struct oci_hugepage_limit) hugepage_limits;
	struct oci_network *network;
	json_list(struct oci_rdma) rdma;
	json_list(struct json_kv) unified;
};

struct oci_seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	char *op; /* SCMP_CMP_EQ ... */
};

struct oci_seccomp_rule {
	struct json_strs names;
	char *action;
	struct opt_u32 errno_ret;
	json_list(struct oci_seccomp_arg) args;
};

struct oci_seccomp {
	char *default_action;
	struct opt_u32 default_errno_ret;
	struct json_strs architectures;
	struct json_strs flags; /* v is NULL when absent: the default flags then */
	char *listener_path, *listener_metadata;
	json_list(struct oci_seccomp_rule) syscalls;
};

struct oci_intel_rdt {
	char *clos_id;
	struct json_strs schemata;
	char *l3_cache_schema, *mem_bw_schema;
	bool enable_cmt, enable_mbm, enable_monitoring;
};

struct oci_memory_policy {
	char *mode;
	char *nodes;
	struct json_strs flags;
};

struct oci_personality {
	char *domain;
	struct json_strs flags;
};

struct oci_linux {
	struct oci_idmaps uid_mappings, gid_mappings;
	json_list(struct json_kv) sysctl;
	struct oci_resources *resources;
	char *cgroups_path;
	json_list(struct oci_namespace) namespaces;
	json_list(struct oci_device) devices;
	json_list(struct oci_net_device) net_devices;
	struct oci_seccomp *seccomp;
	char *rootfs_propagation;
	struct json_strs masked_paths, readonly_paths;
	char *mount_label;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct oci_personality *personality;
	json_list(struct oci_time_offset) time_offsets;
};

struct oci_config {
	char *oci_version;
	struct oci_process *process;
	struct oci_root *root;
	char *hostname, *domainname;
	json_list(struct oci_mount) mounts;
	struct oci_hooks hooks;
	json_list(struct json_kv) annotations;
	struct oci_linux *linux_;
};

extern const struct json_field oci_config_fields[];    /* the whole document */
extern const struct json_field oci_process_fields[];   /* `exec --process` */
extern const struct json_field oci_resources_fields[]; /* `update --resources`, Task.Update */

/*
 * Parse, decode and validate (oci_validate) a config.json. `text` need not
 * outlive the call. NULL on failure; the error starts with the path of the key.
 * On success root, process and linux_ are there, and no text but those in
 * lists and maps is empty: "" counts as absent, as Go writes it.
 */
struct oci_config *oci_config_parse(const char *text, size_t len, struct arena *a, struct err *e);

/* The same of a document that was parsed; it is borrowed, and need not outlive the call. */
struct oci_config *oci_config_decode(struct json_object *obj, struct arena *a, struct err *e);

/* The same from BUNDLE/config.json; the error starts with the file's name. */
struct oci_config *oci_config_read(int bundle_fd, struct arena *a, struct err *e);

/* A process document alone, validated like config.process. */
struct oci_process *oci_process_parse(const char *text, size_t len, struct arena *a, struct err *e);
struct oci_resources *oci_resources_parse(const char *text, size_t len, struct arena *a,
					  struct err *e);

/* The document again; the caller owns it (json_object_put). encode(decode(x)) == x. */
struct json_object *oci_config_encode(const struct oci_config *c);

/* The namespace entry of that type, or NULL when the container inherits it. */
const struct oci_namespace *oci_namespace_of(const struct oci_config *c, enum oci_ns type);

/* The value of an annotation, or NULL. */
const char *oci_annotation(const struct oci_config *c, const char *key);

#endif
