/* SPDX-License-Identifier: Apache-2.0 */
/* tables: every vocabulary of config.json; one row parses, prints and feeds `features`. */
#ifndef SPEC_OCI_TABLES_H
#define SPEC_OCI_TABLES_H

#include <stdint.h>

#include "spec/base/names.h"
#include "spec/oci/config.h"

/* Namespaces, indexed by enum oci_ns. */
struct oci_ns_info {
	const char *type; /* "network" */
	const char *proc; /* "net": below /proc/PID/ns */
	uint64_t clone;	  /* CLONE_NEWNET */
};
extern const struct oci_ns_info oci_ns_infos[OCI_NS_COUNT];
extern const struct name oci_ns_names[]; /* type -> enum oci_ns */

/*
 * Mount options (runtime-spec config.md "Linux mount options"). An option sets
 * and clears MOUNT_ATTR_* bits (mount_setattr(2)), sets superblock flags
 * (MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME, MS_I_VERSION, MS_SILENT)
 * or a propagation (MS_PRIVATE ... with MS_REC), or is special.
 */
enum oci_mount_special {
	OCI_MOUNT_PLAIN,
	OCI_MOUNT_BIND,	 /* bind */
	OCI_MOUNT_RBIND, /* rbind */
	OCI_MOUNT_REMOUNT,
	OCI_MOUNT_TMPCOPYUP,
	OCI_MOUNT_IDMAP,
	OCI_MOUNT_RIDMAP,
	OCI_MOUNT_COPY_SYMLINK,
	OCI_MOUNT_SRC_NOFOLLOW,
	OCI_MOUNT_DEST_NOFOLLOW,
	OCI_MOUNT_IGNORED, /* defaults, loud */
};
struct oci_mount_option {
	const char *name;
	uint64_t attr_set, attr_clr;  /* MOUNT_ATTR_* */
	bool recursive;		      /* apply with AT_RECURSIVE */
	unsigned long sb_set, sb_clr; /* MS_* of the superblock */
	unsigned long propagation;    /* MS_* with MS_REC, 0: none */
	enum oci_mount_special special;
};
extern const struct oci_mount_option oci_mount_options[]; /* ends with a NULL name */
const struct oci_mount_option *oci_mount_option_find(const char *name);

extern const struct name
	oci_cap_names[]; /* "CAP_CHOWN" -> number; lookup takes any case, with or without CAP_ */
const struct name *oci_cap_find(const char *name);
extern const struct name oci_rlimit_names[]; /* "RLIMIT_NOFILE" -> RLIMIT_NOFILE */
extern const struct name oci_signal_names[]; /* "TERM" -> 15, RTMIN.. */
int oci_signal_parse(const char *text);	     /* "9", "KILL", "SIGKILL", any case; -1 unknown */
extern const struct name
	oci_propagation_names[]; /* rootfsPropagation: private, rslave, ... -> MS_* */
extern const struct name oci_sched_policy_names[]; /* SCHED_OTHER ... -> number */
extern const struct name oci_sched_flag_names[];
extern const struct name oci_ioprio_names[];	  /* IOPRIO_CLASS_RT ... */
extern const struct name oci_personality_names[]; /* LINUX, LINUX32 */
extern const struct name oci_mempolicy_mode_names[], oci_mempolicy_flag_names[];
extern const struct name oci_seccomp_action_names[]; /* SCMP_ACT_* -> enum oci_seccomp_action */
extern const struct name oci_seccomp_op_names[];     /* SCMP_CMP_* -> enum oci_seccomp_op */
extern const struct name oci_seccomp_flag_names[];   /* SECCOMP_FILTER_FLAG_* -> the kernel's bit */
extern const struct name
	oci_seccomp_arch_names[]; /* SCMP_ARCH_* -> AUDIT_ARCH_* number as libseccomp has it */

enum oci_seccomp_action {
	OCI_ACT_KILL = 1,
	OCI_ACT_KILL_PROCESS,
	OCI_ACT_KILL_THREAD,
	OCI_ACT_TRAP,
	OCI_ACT_ERRNO,
	OCI_ACT_TRACE,
	OCI_ACT_ALLOW,
	OCI_ACT_LOG,
	OCI_ACT_NOTIFY,
};
enum oci_seccomp_op {
	OCI_CMP_NE = 1,
	OCI_CMP_LT,
	OCI_CMP_LE,
	OCI_CMP_EQ,
	OCI_CMP_GE,
	OCI_CMP_GT,
	OCI_CMP_MASKED_EQ,
};

#endif
