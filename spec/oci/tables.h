/* SPDX-License-Identifier: Apache-2.0 */
/* tables: every vocabulary of config.json; one row parses, prints and feeds `features`. */
#ifndef SPEC_OCI_TABLES_H
#define SPEC_OCI_TABLES_H

#include <stdbool.h>
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
 * Mount options (runtime-spec config.md, "Linux mount options"). An option sets
 * and clears MOUNT_ATTR_* bits (mount_setattr(2)), sets superblock flags
 * (MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME, MS_I_VERSION, MS_SILENT)
 * or a propagation (MS_PRIVATE ... with MS_REC), or is special. What is not in
 * the table is data of the file system.
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
	OCI_MOUNT_IGNORED, /* defaults */
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

/* The option that a mistyped one most likely meant, or NULL (names_nearest). */
const char *oci_mount_option_nearest(const char *name);

/*
 * Put an option behind those already gathered in *set and *clr, the later one
 * winning. The result is right for mount_setattr(2), which clears first: any
 * change of the access time mode carries all of MOUNT_ATTR__ATIME in *clr.
 */
void oci_mount_option_add(const struct oci_mount_option *o, uint64_t *set, uint64_t *clr);

/* "CAP_CHOWN" -> number, in the order of the numbers, without a gap. */
extern const struct name oci_cap_names[];
const struct name *oci_cap_find(const char *name); /* any case, with or without CAP_ */

extern const struct name oci_rlimit_names[]; /* "RLIMIT_NOFILE" -> RLIMIT_NOFILE */

/*
 * "TERM" -> 15. oci_signal_parse takes "9", "KILL", "SIGKILL", "RTMIN+2" in any
 * case; 0 ("does it exist?", kill(2)) is good, -1 means unknown.
 */
extern const struct name oci_signal_names[];
int oci_signal_parse(const char *text);

extern const struct name oci_propagation_names[];    /* private, rslave, ... -> MS_* */
extern const struct name oci_sched_policy_names[];   /* SCHED_OTHER ... -> number */
extern const struct name oci_sched_flag_names[];     /* SCHED_FLAG_* -> bit */
extern const struct name oci_ioprio_names[];	     /* IOPRIO_CLASS_RT ... -> class */
extern const struct name oci_personality_names[];    /* LINUX, LINUX32 -> personality(2) */
extern const struct name oci_mempolicy_mode_names[]; /* MPOL_BIND ... -> set_mempolicy(2) */
extern const struct name oci_mempolicy_flag_names[]; /* MPOL_F_STATIC_NODES ... -> bit */
extern const struct name oci_time_clock_names[];     /* boottime, monotonic -> CLOCK_* */
extern const struct name oci_hook_names[];	     /* prestart ... -> 0.. in order of running */

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

extern const struct name oci_seccomp_action_names[]; /* SCMP_ACT_* -> enum oci_seccomp_action */
extern const struct name oci_seccomp_op_names[];     /* SCMP_CMP_* -> enum oci_seccomp_op */
extern const struct name oci_seccomp_flag_names[];   /* SECCOMP_FILTER_FLAG_* -> seccomp(2) bit */
/*
 * SCMP_ARCH_* -> the AUDIT_ARCH_* number that libseccomp takes. The rows from
 * OCI_SECCOMP_ARCHS_25 on are known to libseccomp 2.6 and later only.
 */
extern const struct name oci_seccomp_arch_names[];
#define OCI_SECCOMP_ARCHS_25 19

#endif
