/* SPDX-License-Identifier: Apache-2.0 */
/* home: the daemon as infra container: it leaves the host's namespaces for those of the pod. */
#ifndef SHIM_DAEMON_HOME_H
#define SHIM_DAEMON_HOME_H

#include <stdbool.h>

#include "spec/base/err.h"

/*
 * A pod without a pause container lives in the namespaces of the shim itself, so
 * that /proc/PID/ns of the shim is what containerd, NRI and nsenter take it for.
 * Only net, ipc and uts: the daemon's file system, processes and rights stay the
 * host's. What it does itself there (unix sockets by path, cgroup files, FIFOs)
 * does not depend on those three; its helpers, which run hooks and the engine,
 * go home first.
 */
enum {
	HOME_NET,
	HOME_IPC,
	HOME_UTS,
	HOME_KINDS
};

/* The host's namespaces that were left; -1: never left. */
struct home {
	int fd[HOME_KINDS];
};
#define HOME_INIT                                                                                  \
	{                                                                                          \
		.fd = { -1, -1, -1 }                                                               \
	}

/*
 * Enter the network namespace at the path (NULL: stay), and make new ipc and uts
 * namespaces. On failure everything is as before. Nothing here blocks.
 */
int home_leave(struct home *h, const char *netns, bool ipc, bool uts, struct err *e);

/* In a helper process: into the host's namespaces. The fds are left alone. */
int home_enter(const struct home *h, struct err *e);

/* Back for good: the pod's namespaces end with their last process. */
int home_return(struct home *h, struct err *e);

#endif
