/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox: a pod by containerd's Sandbox API: the shim, or a holder, is its infra container. */
#ifndef SHIM_DAEMON_SANDBOX_H
#define SHIM_DAEMON_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "shim/daemon/home.h"
#include "shim/daemon/link.h"
#include "shim/daemon/sandbox_plan.h"
#include "shim/daemon/sandbox_rules.h"
#include "spec/base/err.h"
#include "spec/base/loop.h"

/*
 * How a pod lives (the tables are sandbox_rules.h, the parts sandbox_plan.h):
 *
 *   Create    plan; without a holder the daemon enters the pod's namespaces itself
 *             (home.h); a helper makes the files and sets names and sysctls there,
 *             or starts the holder
 *   Start     tells the pid whose /proc/PID/ns is the pod, and the spec
 *   (tasks)   each one's config is joined to the pod (sandbox_join.h), whose namespaces are held
 *             by fd: a Stop meanwhile must not lead it to the host
 *   Stop      a helper kills what runs and the holder; the daemon goes home, so
 *             that the network namespace ends; who waits for the pod is told
 *   Shutdown  a helper removes all that is left; then the daemon ends
 *
 * The end of the holder is the end of the pod, as that of a pause container is:
 * Stop and Shutdown still come. If the daemon dies, the delete action finds
 * everything by the pod's directory.
 *
 * Two contracts about the pid, behind one switch. Today's containerd makes
 * paths up from the pid that it is told. What is planned there takes pid 0 for
 * "none" and the paths from the spec. PEAPOD_SANDBOX=paths in containerd's
 * environment chooses the second; containers are joined alike.
 */
#define SANDBOX_SWITCH "PEAPOD_SANDBOX"

/*
 * A pod that is made and never started is one that containerd has forgotten (2.3
 * does so when it finds no pause image, which it wants although none is needed): it
 * removes itself after so many seconds, SANDBOX_PATIENCE or what the environment says.
 */
#define SANDBOX_PATIENCE	600
#define SANDBOX_PATIENCE_SWITCH "PEAPOD_SANDBOX_PATIENCE"

struct sandbox {
	enum sandbox_state state;
	bool tells_paths; /* the switch */
	unsigned int patience;
	char *id;
	struct sandbox_modes modes;
	pid_t holder; /* 0: none, or it has ended */
	struct timespec created_at, exited_at;
	unsigned int status; /* exit code, when stopped */
	struct home home;
	struct link waits, stops, shutdowns; /* calls */
	struct loop_source forgotten;	     /* timer */
};

#define SANDBOX_SERVICE "containerd.runtime.sandbox.v1.Sandbox"

/* Read the switches. */
int sandbox_init(struct sandbox *s, struct err *e);

/* May a task be created now? It may where there is no such pod at all. */
int sandbox_check_task(const struct sandbox *s, struct err *e);

/* Is it this pod's id? ENOENT. */
bool sandbox_is(const struct sandbox *s, const char *id, struct err *e);

#endif
