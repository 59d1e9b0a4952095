/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp: field tables of config.linux.seccomp. */
#include "spec/oci/fields.h"

static const struct json_field arg_fields[] = {
	F_NUM(JSON_U32, struct oci_seccomp_arg, index, "index", JSON_REQUIRED),
	F_NUM(JSON_U64, struct oci_seccomp_arg, value, "value", JSON_ALWAYS),
	F_NUM(JSON_U64, struct oci_seccomp_arg, value_two, "valueTwo", 0),
	F_TEXT(struct oci_seccomp_arg, op, "op", JSON_REQUIRED),
	{ 0 },
};

static const struct json_field rule_fields[] = {
	F_STRS(struct oci_seccomp_rule, names, "names", JSON_REQUIRED),
	F_TEXT(struct oci_seccomp_rule, action, "action", JSON_REQUIRED),
	F_NUM(JSON_OPT_U32, struct oci_seccomp_rule, errno_ret, "errnoRet", 0),
	F_LIST(JSON_OBJS, struct oci_seccomp_rule, args, "args", 0, arg_fields),
	{ 0 },
};

const struct json_field oci_seccomp_fields[] = {
	F_TEXT(struct oci_seccomp, default_action, "defaultAction", JSON_REQUIRED),
	F_NUM(JSON_OPT_U32, struct oci_seccomp, default_errno_ret, "defaultErrnoRet", 0),
	F_STRS(struct oci_seccomp, architectures, "architectures", 0),
	F_STRS(struct oci_seccomp, flags, "flags", 0),
	F_TEXT(struct oci_seccomp, listener_path, "listenerPath", 0),
	F_TEXT(struct oci_seccomp, listener_metadata, "listenerMetadata", 0),
	F_LIST(JSON_OBJS, struct oci_seccomp, syscalls, "syscalls", 0, rule_fields),
	{ 0 },
};
