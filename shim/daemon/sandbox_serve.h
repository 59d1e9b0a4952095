/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_serve: the Sandbox service: its method table, and what changes a pod. */
#ifndef SHIM_DAEMON_SANDBOX_SERVE_H
#define SHIM_DAEMON_SANDBOX_SERVE_H

#include "shim/daemon/daemon.h"
#include "shim/daemon/sandbox_join.h"

extern const struct method sandbox_methods[];

/*
 * What a task that is created now is joined to; dir is NULL when it is none of such a pod.
 * *out owns its fds, and has to be given to sandbox_join_done() even after a failure.
 */
int sandbox_join_of(const struct daemon *d, struct sandbox_join *out, struct err *e);
void sandbox_join_done(struct sandbox_join *j);

/* Those fds, for the helper; fds has room for OCI_NS_COUNT. Their number. */
size_t sandbox_join_fds(const struct sandbox_join *j, int *fds);

/* A child has been reaped: was it the holder? status as of waitpid(2). */
bool sandbox_reaped(struct daemon *d, pid_t pid, int status);

/*
 * Task.Shutdown of an id, when no task is left. False: there is no such pod, so
 * the caller decides. True: the call is answered, and if the id is the pod's
 * own, everything goes as by ShutdownSandbox.
 */
bool sandbox_task_shutdown(struct daemon *d, struct call *c, const char *id);

/* Is there a pod whose bundle, which containerd removes last, is there still? */
bool sandbox_holds(const struct daemon *d);

/*
 * containerd has forgotten the pod: remove it, and leave. False: there is none.
 */
bool sandbox_forget(struct daemon *d);

#endif
