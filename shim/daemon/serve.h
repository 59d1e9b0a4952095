/* SPDX-License-Identifier: Apache-2.0 */
/* serve: the life of the daemon, from the first connection to the last. */
#ifndef SHIM_DAEMON_SERVE_H
#define SHIM_DAEMON_SERVE_H

#include "shim/daemon/work.h"
#include "spec/base/err.h"

/* What the starter gives to the daemon; borrowed. */
struct daemon_args {
	struct place place;
	const char *ttrpc;  /* containerd's socket for events, or NULL */
	const char *socket; /* where the listener is */
	int listener;	    /* owned from now on */
};

/*
 * Serve until Shutdown or SIGTERM. 0 after Shutdown (nothing of the pod is
 * left), 1 after a signal (its containers go on), -1 when it cannot start:
 * before *ready_fd, if not -1, is closed, which says that all is well.
 */
int daemon_run(const struct daemon_args *args, int *ready_fd, struct err *e);

#endif
