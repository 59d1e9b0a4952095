/* SPDX-License-Identifier: Apache-2.0 */
/* process: field tables of config.process and of hooks. */
#include "spec/oci/fields.h"

static const struct json_field box_fields[] = {
	F_NUM(JSON_U32, struct oci_box, height, "height", 0),
	F_NUM(JSON_U32, struct oci_box, width, "width", 0),
	{ 0 },
};

/* Go encodes both ids always, and takes a missing one for 0, as we do. */
static const struct json_field user_fields[] = {
	F_NUM(JSON_U32, struct oci_user, uid, "uid", JSON_ALWAYS),
	F_NUM(JSON_U32, struct oci_user, gid, "gid", JSON_ALWAYS),
	F_NUM(JSON_OPT_U32, struct oci_user, umask, "umask", 0),
	F_NUM(JSON_U32S, struct oci_user, additional_gids, "additionalGids", 0),
	F_TEXT(struct oci_user, username, "username", 0),
	{ 0 },
};

static const struct json_field caps_fields[] = {
	F_STRS(struct oci_caps, bounding, "bounding", 0),
	F_STRS(struct oci_caps, effective, "effective", 0),
	F_STRS(struct oci_caps, inheritable, "inheritable", 0),
	F_STRS(struct oci_caps, permitted, "permitted", 0),
	F_STRS(struct oci_caps, ambient, "ambient", 0),
	{ 0 },
};

static const struct json_field rlimit_fields[] = {
	F_TEXT(struct oci_rlimit, type, "type", JSON_REQUIRED),
	F_NUM(JSON_U64, struct oci_rlimit, hard, "hard", JSON_REQUIRED),
	F_NUM(JSON_U64, struct oci_rlimit, soft, "soft", JSON_REQUIRED),
	{ 0 },
};

static const struct json_field scheduler_fields[] = {
	F_TEXT(struct oci_scheduler, policy, "policy", JSON_REQUIRED),
	F_NUM(JSON_I32, struct oci_scheduler, nice, "nice", 0),
	F_NUM(JSON_I32, struct oci_scheduler, priority, "priority", 0),
	F_STRS(struct oci_scheduler, flags, "flags", 0),
	F_NUM(JSON_U64, struct oci_scheduler, runtime, "runtime", 0),
	F_NUM(JSON_U64, struct oci_scheduler, deadline, "deadline", 0),
	F_NUM(JSON_U64, struct oci_scheduler, period, "period", 0),
	{ 0 },
};

static const struct json_field io_priority_fields[] = {
	F_TEXT(struct oci_io_priority, class_, "class", JSON_REQUIRED),
	F_NUM(JSON_I32, struct oci_io_priority, priority, "priority", JSON_ALWAYS),
	{ 0 },
};

static const struct json_field cpu_affinity_fields[] = {
	F_TEXT(struct oci_cpu_affinity, initial, "initial", 0),
	F_TEXT(struct oci_cpu_affinity, final, "final", 0),
	{ 0 },
};

const struct json_field oci_process_fields[] = {
	F_BOOL(struct oci_process, terminal, "terminal", 0),
	F_OBJ(struct oci_process, console_size, "consoleSize", 0, box_fields),
	F_OBJ(struct oci_process, user, "user", JSON_ALWAYS, user_fields),
	F_STRS(struct oci_process, args, "args", 0),
	F_TEXT(struct oci_process, command_line, "commandLine", 0),
	F_STRS(struct oci_process, env, "env", 0),
	F_TEXT(struct oci_process, cwd, "cwd", JSON_REQUIRED),
	F_PTR(struct oci_process, capabilities, "capabilities", 0, caps_fields),
	F_LIST(JSON_OBJS, struct oci_process, rlimits, "rlimits", 0, rlimit_fields),
	F_BOOL(struct oci_process, no_new_privileges, "noNewPrivileges", 0),
	F_TEXT(struct oci_process, apparmor_profile, "apparmorProfile", 0),
	F_NUM(JSON_OPT_I32, struct oci_process, oom_score_adj, "oomScoreAdj", 0),
	F_PTR(struct oci_process, scheduler, "scheduler", 0, scheduler_fields),
	F_TEXT(struct oci_process, selinux_label, "selinuxLabel", 0),
	F_PTR(struct oci_process, io_priority, "ioPriority", 0, io_priority_fields),
	F_PTR(struct oci_process, exec_cpu_affinity, "execCPUAffinity", 0, cpu_affinity_fields),
	{ 0 },
};

static const struct json_field hook_fields[] = {
	F_TEXT(struct oci_hook, path, "path", JSON_REQUIRED),
	F_STRS(struct oci_hook, args, "args", 0),
	F_STRS(struct oci_hook, env, "env", 0),
	F_NUM(JSON_OPT_I64, struct oci_hook, timeout, "timeout", 0),
	{ 0 },
};

const struct json_field oci_hooks_fields[] = {
	F_LIST(JSON_OBJS, struct oci_hooks, prestart, "prestart", 0, hook_fields),
	F_LIST(JSON_OBJS, struct oci_hooks, create_runtime, "createRuntime", 0, hook_fields),
	F_LIST(JSON_OBJS, struct oci_hooks, create_container, "createContainer", 0, hook_fields),
	F_LIST(JSON_OBJS, struct oci_hooks, start_container, "startContainer", 0, hook_fields),
	F_LIST(JSON_OBJS, struct oci_hooks, poststart, "poststart", 0, hook_fields),
	F_LIST(JSON_OBJS, struct oci_hooks, poststop, "poststop", 0, hook_fields),
	{ 0 },
};
