/* SPDX-License-Identifier: Apache-2.0 */
/* tables: the vocabularies of config.json, but for mount options and seccomp. */
#include "spec/oci/tables.h"

#include <assert.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <time.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]) - 1) /* without the last, empty row */

/* Younger or older than the headers of the oldest system that we build on. */
#define SCHED_ISO_		  4 /* sched.h reserves the number, no kernel has it */
#define MPOL_WEIGHTED_INTERLEAVE_ 6 /* Linux 6.9 */

const struct oci_ns_info oci_ns_infos[OCI_NS_COUNT] = {
	[OCI_NS_PID] = { "pid", "pid", CLONE_NEWPID },
	[OCI_NS_NETWORK] = { "network", "net", CLONE_NEWNET },
	[OCI_NS_MOUNT] = { "mount", "mnt", CLONE_NEWNS },
	[OCI_NS_IPC] = { "ipc", "ipc", CLONE_NEWIPC },
	[OCI_NS_UTS] = { "uts", "uts", CLONE_NEWUTS },
	[OCI_NS_USER] = { "user", "user", CLONE_NEWUSER },
	[OCI_NS_CGROUP] = { "cgroup", "cgroup", CLONE_NEWCGROUP },
	[OCI_NS_TIME] = { "time", "time", CLONE_NEWTIME },
};

const struct name oci_ns_names[] = {
	{ "pid", OCI_NS_PID },	     { "network", OCI_NS_NETWORK }, { "mount", OCI_NS_MOUNT },
	{ "ipc", OCI_NS_IPC },	     { "uts", OCI_NS_UTS },	    { "user", OCI_NS_USER },
	{ "cgroup", OCI_NS_CGROUP }, { "time", OCI_NS_TIME },	    { 0 },
};
static_assert(COUNT(oci_ns_names) == OCI_NS_COUNT - 1, "a namespace without a name");

#define CAP(x)                                                                                     \
	{                                                                                          \
#x, x                                                                              \
	}
const struct name oci_cap_names[] = {
	CAP(CAP_CHOWN),
	CAP(CAP_DAC_OVERRIDE),
	CAP(CAP_DAC_READ_SEARCH),
	CAP(CAP_FOWNER),
	CAP(CAP_FSETID),
	CAP(CAP_KILL),
	CAP(CAP_SETGID),
	CAP(CAP_SETUID),
	CAP(CAP_SETPCAP),
	CAP(CAP_LINUX_IMMUTABLE),
	CAP(CAP_NET_BIND_SERVICE),
	CAP(CAP_NET_BROADCAST),
	CAP(CAP_NET_ADMIN),
	CAP(CAP_NET_RAW),
	CAP(CAP_IPC_LOCK),
	CAP(CAP_IPC_OWNER),
	CAP(CAP_SYS_MODULE),
	CAP(CAP_SYS_RAWIO),
	CAP(CAP_SYS_CHROOT),
	CAP(CAP_SYS_PTRACE),
	CAP(CAP_SYS_PACCT),
	CAP(CAP_SYS_ADMIN),
	CAP(CAP_SYS_BOOT),
	CAP(CAP_SYS_NICE),
	CAP(CAP_SYS_RESOURCE),
	CAP(CAP_SYS_TIME),
	CAP(CAP_SYS_TTY_CONFIG),
	CAP(CAP_MKNOD),
	CAP(CAP_LEASE),
	CAP(CAP_AUDIT_WRITE),
	CAP(CAP_AUDIT_CONTROL),
	CAP(CAP_SETFCAP),
	CAP(CAP_MAC_OVERRIDE),
	CAP(CAP_MAC_ADMIN),
	CAP(CAP_SYSLOG),
	CAP(CAP_WAKE_ALARM),
	CAP(CAP_BLOCK_SUSPEND),
	CAP(CAP_AUDIT_READ),
	CAP(CAP_PERFMON),
	CAP(CAP_BPF),
	CAP(CAP_CHECKPOINT_RESTORE),
	{ 0 },
};
/* Not against CAP_LAST_CAP: a younger kernel's header must not break the build. */
static_assert(COUNT(oci_cap_names) == CAP_CHECKPOINT_RESTORE + 1, "a capability is missing");

const struct name *oci_cap_find(const char *name)
{
	size_t prefix = strlen("CAP_");

	if (!strncasecmp(name, "CAP_", prefix))
		name += prefix;
	for (const struct name *row = oci_cap_names; row->name; row++) {
		if (!strcasecmp(row->name + prefix, name))
			return row;
	}
	return NULL;
}

const struct name oci_rlimit_names[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ 0 },
};
static_assert(COUNT(oci_rlimit_names) == RLIMIT_NLIMITS, "an rlimit is missing");

/* The name that is printed stands first, its synonym behind. */
const struct name oci_signal_names[] = {
	{ "HUP", SIGHUP },
	{ "INT", SIGINT },
	{ "QUIT", SIGQUIT },
	{ "ILL", SIGILL },
	{ "TRAP", SIGTRAP },
	{ "ABRT", SIGABRT },
	{ "IOT", SIGIOT },
	{ "BUS", SIGBUS },
	{ "FPE", SIGFPE },
	{ "KILL", SIGKILL },
	{ "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE },
	{ "ALRM", SIGALRM },
	{ "TERM", SIGTERM },
	{ "STKFLT", SIGSTKFLT },
	{ "CHLD", SIGCHLD },
	{ "CLD", SIGCHLD },
	{ "CONT", SIGCONT },
	{ "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },
	{ "URG", SIGURG },
	{ "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },
	{ "IO", SIGIO },
	{ "POLL", SIGPOLL },
	{ "PWR", SIGPWR },
	{ "SYS", SIGSYS },
	{ 0 },
};
/* Numbers 1 to 31, and the synonyms IOT, CLD and POLL. */
static_assert(COUNT(oci_signal_names) == 31 + 3, "a signal is missing");

/* The real-time range as users know it: the C library keeps 32 and 33 for itself. */
#define SIG_RT_MIN 34
#define SIG_RT_MAX 64

static int realtime_signal(const char *text)
{
	uint64_t n = 0;
	bool down = !strncasecmp(text, "RTMAX", 5);

	if (!down && strncasecmp(text, "RTMIN", 5) != 0)
		return -1;
	text += 5;
	if (*text &&
	    (*text != (down ? '-' : '+') || parse_u64(text + 1, 10, SIG_RT_MAX - SIG_RT_MIN, &n)))
		return -1;
	return down ? SIG_RT_MAX - (int)n : SIG_RT_MIN + (int)n;
}

int oci_signal_parse(const char *text)
{
	const struct name *row;
	uint64_t n;

	if (!parse_u64(text, 10, SIG_RT_MAX, &n))
		return (int)n;
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	row = names_find_nocase(oci_signal_names, text);
	return row ? (int)row->value : realtime_signal(text);
}

const struct name oci_propagation_names[] = {
	{ "private", MS_PRIVATE },
	{ "rprivate", MS_PRIVATE | MS_REC },
	{ "shared", MS_SHARED },
	{ "rshared", MS_SHARED | MS_REC },
	{ "slave", MS_SLAVE },
	{ "rslave", MS_SLAVE | MS_REC },
	{ "unbindable", MS_UNBINDABLE },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
	{ 0 },
};
static_assert(COUNT(oci_propagation_names) == 8, "a propagation is missing");

const struct name oci_sched_policy_names[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", SCHED_ISO_ },
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
	{ 0 },
};
static_assert(COUNT(oci_sched_policy_names) == SCHED_DEADLINE + 1, "a policy is missing");

const struct name oci_sched_flag_names[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
	{ 0 },
};
static_assert(COUNT(oci_sched_flag_names) == 7, "a scheduler flag is missing");

const struct name oci_ioprio_names[] = {
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
	{ 0 },
};
static_assert(COUNT(oci_ioprio_names) == IOPRIO_CLASS_IDLE, "an I/O class is missing");

const struct name oci_personality_names[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	{ 0 },
};

const struct name oci_mempolicy_mode_names[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_WEIGHTED_INTERLEAVE", MPOL_WEIGHTED_INTERLEAVE_ },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
	{ "MPOL_LOCAL", MPOL_LOCAL },
	{ 0 },
};
static_assert(COUNT(oci_mempolicy_mode_names) == MPOL_WEIGHTED_INTERLEAVE_ + 1,
	      "a memory policy is missing");

const struct name oci_mempolicy_flag_names[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
	{ 0 },
};

const struct name oci_time_clock_names[] = {
	{ "boottime", CLOCK_BOOTTIME },
	{ "monotonic", CLOCK_MONOTONIC },
	{ 0 },
};

const struct name oci_hook_names[] = {
	{ "prestart", 0 },
	{ "createRuntime", 1 },
	{ "createContainer", 2 },
	{ "startContainer", 3 },
	{ "poststart", 4 },
	{ "poststop", 5 },
	{ 0 },
};
static_assert(COUNT(oci_hook_names) == sizeof(struct oci_hooks) / sizeof(struct oci_hook_list),
	      "a hook point is missing");
