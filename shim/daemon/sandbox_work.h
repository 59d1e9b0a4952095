/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_work: what helper processes do for a pod without a pause container. */
#ifndef SHIM_DAEMON_SANDBOX_WORK_H
#define SHIM_DAEMON_SANDBOX_WORK_H

#include "shim/daemon/sandbox_plan.h"
#include "shim/daemon/work.h"

struct work_sandbox {
	struct work work; /* its id is the pod's */
	const char *bundle;
	const struct sandbox_plan *plan;
};

/*
 * Make files and mounts, then either start the holder, or give the name and the
 * sysctls to the namespaces that the daemon has just entered, where the helper
 * of this work is too (job.away). What StartSandbox and SandboxMetrics will tell
 * is written down. On failure nothing is left. r: pid of the holder.
 */
int work_sandbox_make(void *arg, struct job_result *r, struct err *e);

/* Kill every container, see each one's end, end the holder. arg: struct work. */
int work_sandbox_stop(void *arg, struct job_result *r, struct err *e);

/* Remove everything that the pod has, in whatever state it is. arg: struct work. */
int work_sandbox_remove(void *arg, struct job_result *r, struct err *e);

#endif
