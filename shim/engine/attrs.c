/* SPDX-License-Identifier: Apache-2.0 */
/* attrs: one short applier for each attribute of a process. */
#include "shim/engine/attrs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/engine/ns.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"

#define CPUS_MAX	 16384 /* more than any kernel has; the mask is 2 KiB */
#define LABEL_MAX	 4096
#define KEY_SESSION_PERM 0x3f130000 /* of a new session keyring, keyctl_setperm(3) */
#define KEY_USR_SEARCH	 0x00080000

/* sched_setattr(2); the kernel's header does not go with libc's <sched.h>. */
struct sched_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int set_oom(const struct plan_proc *p, pid_t pid, int proc, bool rootless, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int fd = -1;
	char path[48], text[16];
	const char *is;
	int64_t value;

	snprintf(path, sizeof(path), "%d/oom_score_adj", pid);
	snprintf(text, sizeof(text), "%d", p->oom_score_adj.v);
	fd = ns_proc_file(proc, path, O_RDWR, e);
	if (fd < 0)
		return err_ctx(e, "process: oomScoreAdj");
	if (write(fd, text, strlen(text)) > 0)
		return 0;
	if (errno != EACCES && errno != EPERM)
		return err_sys(e, "process: oomScoreAdj: set %s", text);
	is = read_file(fd, "", sizeof(text), &a, NULL, e);
	if (is &&
	    !parse_i64(arena_strndup(&a, is, strcspn(is, "\n")), INT32_MIN, INT32_MAX, &value) &&
	    value == p->oom_score_adj.v)
		return 0;
	if (!rootless)
		return err_set(e, EACCES,
			       "process: oomScoreAdj: may not be lowered to %s: the runtime lacks "
			       "CAP_SYS_RESOURCE",
			       text);
	log_msg(LOG_WARN, "process: oomScoreAdj: may not be lowered to %s: ignored", text);
	return 0;
}

static const char *why_not(const struct plan_rlimit *r, int num)
{
	if (num != EPERM)
		return "";
	return r->resource == RLIMIT_NOFILE
		       ? " (needs CAP_SYS_RESOURCE, and at most sysctl fs.nr_open)"
		       : " (needs CAP_SYS_RESOURCE)";
}

int attrs_of_child(const struct plan_proc *p, pid_t pid, int proc, bool rootless, struct err *e)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct plan_rlimit *r = &p->rlimits[i];
		struct rlimit now;

		if (prlimit(pid, (__rlimit_resource_t)r->resource, NULL, &now))
			return err_sys(e, "process: rlimits: %s: read", r->name);
		if (r->value.rlim_max <= now.rlim_max)
			continue;
		now.rlim_max = r->value.rlim_max;
		if (prlimit(pid, (__rlimit_resource_t)r->resource, &now, NULL))
			return err_sys(e, "process: rlimits: %s: raise the hard limit to %llu%s",
				       r->name, (unsigned long long)r->value.rlim_max,
				       why_not(r, errno));
	}
	if (p->oom_score_adj.set)
		return set_oom(p, pid, proc, rootless, e);
	return 0;
}

static bool is_late(const struct plan_rlimit *r)
{
	return r->resource == RLIMIT_NOFILE && r->value.rlim_cur < ATTRS_FILES_ROOM;
}

static int set_rlimits(const struct plan_proc *p, bool late, struct err *e)
{
	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct plan_rlimit *r = &p->rlimits[i];

		if (is_late(r) != late)
			continue;
		if (setrlimit((__rlimit_resource_t)r->resource, &r->value))
			return err_sys(e, "process: rlimits: set %s", r->name);
	}
	return 0;
}

int attrs_rlimits(const struct plan_proc *p, struct err *e)
{
	return set_rlimits(p, false, e);
}

int attrs_late_rlimits(const struct plan_proc *p, struct err *e)
{
	return set_rlimits(p, true, e);
}

static int set_cpus(const cpu_set_t *set, const char *key, struct err *e)
{
	if (set && sched_setaffinity(0, sizeof(*set), set))
		return err_sys(e, "process: execCPUAffinity: %s: set", key);
	return 0;
}

int attrs_cpus_initial(const struct plan_proc *p, struct err *e)
{
	return set_cpus(p->cpus_initial, "initial", e);
}

/* A mask longer than the kernel's is fine (sched_setaffinity(2) cuts it). */
static void all_cpus(void)
{
	unsigned char mask[CPUS_MAX / 8];

	memset(mask, 0xff, sizeof(mask));
	syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask);
}

static int set_scheduler(const struct plan_sched *s, struct err *e)
{
	struct sched_attributes attr = {
		.size = sizeof(attr),
		.policy = s->policy,
		.flags = s->flags,
		.nice = s->nice,
		.priority = s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};

	if (s->set && syscall(SYS_sched_setattr, 0, &attr, 0))
		return err_sys(e, "process: scheduler: set");
	return 0;
}

static int set_memory(const struct plan_mempolicy *m, struct err *e)
{
	unsigned long bits = m->nodes ? CPU_SETSIZE : 0;

	if (m->set && syscall(SYS_set_mempolicy, m->mode, m->nodes, bits))
		return err_sys(e, "linux: memoryPolicy: set");
	return 0;
}

int attrs_schedule(const struct plan_proc *p, struct err *e)
{
	if (p->cpus_final) {
		if (set_cpus(p->cpus_final, "final", e))
			return -1;
	} else if (!p->cpus_initial) {
		all_cpus();
	}
	if (set_scheduler(&p->sched, e) || set_memory(&p->mempolicy, e))
		return -1;
	if (p->ioprio >= 0 && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, p->ioprio))
		return err_sys(e, "process: ioPriority: set");
	if (p->personality >= 0 && personality((unsigned long)p->personality) < 0)
		return err_sys(e, "linux: personality: set");
	return 0;
}

int attrs_keyring(const struct plan_proc *p, const char *id, struct err *e)
{
	char name[300];
	long ring;

	if (!p->new_keyring)
		return 0;
	snprintf(name, sizeof(name), "_ses.%s", id);
	ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
	if (ring < 0 && errno == ENOSYS)
		return 0;
	if (ring < 0)
		return err_sys(e, "join a new session keyring");
	/* what it has by default, and the user may search it without possessing it */
	syscall(SYS_keyctl, KEYCTL_SETPERM, ring, KEY_SESSION_PERM | KEY_USR_SEARCH);
	return 0;
}

static int write_attr(int proc, const char *file, const char *text, struct err *e)
{
	auto_fd int fd = ns_proc_file(proc, file, O_WRONLY, e);

	if (fd < 0)
		return -1;
	if (write(fd, text, strlen(text)) < 0)
		return err_sys(e, "write /proc/%s", file);
	return 0;
}

int attrs_lsm(const struct plan_proc *p, int proc, struct err *e)
{
	char text[LABEL_MAX];
	struct err first;

	if (p->apparmor) {
		if ((size_t)snprintf(text, sizeof(text), "exec %s", p->apparmor) >= sizeof(text))
			return err_set(e, ENAMETOOLONG, "process: apparmorProfile");
		if (write_attr(proc, "self/attr/apparmor/exec", text, &first) &&
		    write_attr(proc, "self/attr/exec", text, e))
			return err_ctx(e, "process: apparmorProfile: '%s'", p->apparmor);
	}
	if (p->selinux) {
		if (write_attr(proc, "self/attr/exec", p->selinux, e) ||
		    (p->new_keyring && write_attr(proc, "self/attr/keycreate", p->selinux, e)))
			return err_ctx(e, "process: selinuxLabel: '%s'", p->selinux);
	}
	return 0;
}
