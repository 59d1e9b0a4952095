/* SPDX-License-Identifier: Apache-2.0 */
/* validate_process: rules about config.process. */
#include "spec/oci/validate.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>

#include "spec/base/str.h"
#include "spec/oci/check.h"
#include "spec/oci/tables.h"

#define OOM_SCORE_MAX	1000 /* proc(5), either sign */
#define UMASK_MAX	0777
#define IO_PRIORITY_MAX 7
#define NICE_MIN	(-20)
#define NICE_MAX	19
#define RT_PRIORITY_MAX 99 /* sched(7) */

static int check_user(const struct oci_user *u, struct err *e)
{
	if (oci_check_id("uid", u->uid, e) || oci_check_id("gid", u->gid, e))
		return -1;
	for (size_t i = 0; i < u->additional_gids.n; i++) {
		if (oci_check_id("additionalGids", u->additional_gids.v[i], e))
			return -1;
	}
	return u->umask.set ? oci_check_range("umask", u->umask.v, 0, UMASK_MAX, e) : 0;
}

static int check_rlimit(const struct oci_process *p, size_t i, struct err *e)
{
	const struct oci_rlimit *r = &p->rlimits.v[i];

	if (oci_check_name("type", r->type, oci_rlimit_names, e))
		return -1;
	if (r->soft > r->hard)
		return err_set(e, EINVAL, "%s: soft %llu is above hard %llu", r->type,
			       (unsigned long long)r->soft, (unsigned long long)r->hard);
	for (size_t j = 0; j < i; j++) {
		if (str_eq(p->rlimits.v[j].type, r->type))
			return err_set(e, EINVAL, "%s: is there twice", r->type);
	}
	return 0;
}

static int check_rlimits(const struct oci_process *p, struct err *e)
{
	for (size_t i = 0; i < p->rlimits.n; i++) {
		if (check_rlimit(p, i, e))
			return err_ctx(e, "rlimits: [%zu]", i);
	}
	return 0;
}

/* sched_setattr(2): which member belongs to which policy. */
static int check_scheduler(const struct oci_scheduler *s, struct err *e)
{
	int policy;

	if (oci_check_name("policy", s->policy, oci_sched_policy_names, e) ||
	    oci_check_names("flags", &s->flags, oci_sched_flag_names, e))
		return -1;
	policy = (int)names_find(oci_sched_policy_names, s->policy)->value;
	if (oci_check_range("nice", s->nice, NICE_MIN, NICE_MAX, e))
		return -1;
	if (policy == SCHED_FIFO || policy == SCHED_RR) {
		if (oci_check_range("priority", s->priority, 1, RT_PRIORITY_MAX, e))
			return -1;
	} else if (s->priority) {
		return err_set(e, EINVAL, "priority: is for SCHED_FIFO and SCHED_RR alone");
	}
	if (policy != SCHED_DEADLINE && (s->runtime || s->deadline || s->period))
		return err_set(e, EINVAL,
			       "runtime, deadline and period: are for SCHED_DEADLINE alone");
	return 0;
}

static int check_io_priority(const struct oci_io_priority *p, struct err *e)
{
	if (oci_check_name("class", p->class_, oci_ioprio_names, e))
		return -1;
	return oci_check_range("priority", p->priority, 0, IO_PRIORITY_MAX, e);
}

static int check_affinity(const struct oci_cpu_affinity *a, struct err *e)
{
	if (oci_check_list("initial", a->initial, OCI_CPU_MAX, e))
		return -1;
	return oci_check_list("final", a->final, OCI_CPU_MAX, e);
}

static int check_scheduling(const struct oci_process *p, struct err *e)
{
	if (p->scheduler && check_scheduler(p->scheduler, e))
		return err_ctx(e, "scheduler");
	if (p->io_priority && check_io_priority(p->io_priority, e))
		return err_ctx(e, "ioPriority");
	if (p->exec_cpu_affinity && check_affinity(p->exec_cpu_affinity, e))
		return err_ctx(e, "execCPUAffinity");
	return 0;
}

int oci_validate_process(const struct oci_process *p, struct err *e)
{
	if (!p->args.n)
		return err_set(e, EINVAL, "args: at least one is required");
	if (!p->cwd)
		return err_set(e, EINVAL, "cwd: required, but absent");
	if (oci_check_absolute("cwd", p->cwd, e) || oci_check_env("env", &p->env, e) ||
	    oci_check_line("apparmorProfile", p->apparmor_profile, e) ||
	    oci_check_line("selinuxLabel", p->selinux_label, e))
		return -1;
	if (p->terminal &&
	    (oci_check_range("consoleSize: height", p->console_size.height, 0, UINT16_MAX, e) ||
	     oci_check_range("consoleSize: width", p->console_size.width, 0, UINT16_MAX, e)))
		return -1;
	if (p->oom_score_adj.set &&
	    oci_check_range("oomScoreAdj", p->oom_score_adj.v, -OOM_SCORE_MAX, OOM_SCORE_MAX, e))
		return -1;
	if (check_user(&p->user, e))
		return err_ctx(e, "user");
	if (check_rlimits(p, e))
		return -1;
	return check_scheduling(p, e);
}
