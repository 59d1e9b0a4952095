/* SPDX-License-Identifier: Apache-2.0 */
/* launch: the actions of the program: start, delete, -info. */
#ifndef SHIM_DAEMON_LAUNCH_H
#define SHIM_DAEMON_LAUNCH_H

#include "shim/daemon/bootstrap.h"

/*
 * Find or start the daemon of the pod and print its address on stdout, and
 * nothing else anywhere, as containerd takes stdout and stderr together for
 * the answer. The current directory is the bundle. Returns in the starter and,
 * when the pod is gone, in the daemon.
 */
int launch_start(struct bootstrap *b, struct arena *a, struct err *e);

/*
 * Remove all that is left of a container, or of the whole pod when its daemon
 * is dead; print the DeleteResponse. Idempotent, several at once are fine.
 */
int launch_delete(struct bootstrap *b, struct arena *a, struct err *e);

/* Print what this runtime is and can. */
int launch_info(struct arena *a, struct err *e);

#endif
