/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: the one process per pod, and everything it holds. */
#ifndef SHIM_DAEMON_DAEMON_H
#define SHIM_DAEMON_DAEMON_H

#include <stdbool.h>

#include "shim/daemon/job.h"
#include "shim/daemon/publish.h"
#include "shim/daemon/server.h"
#include "shim/daemon/task.h"
#include "shim/daemon/work.h"
#include "spec/base/err.h"
#include "spec/base/loop.h"

struct daemon {
	struct place place;
	struct loop loop;
	struct server server;
	struct publisher events;
	struct jobs jobs;
	struct tasks tasks;
	struct loop_source signals, leave_timer, nudge_timer;
	bool leaving;	       /* Shutdown was accepted */
	unsigned int leave_ms; /* since then */
};

/* What the starter gives to the daemon; borrowed. */
struct daemon_args {
	struct place place;
	const char *ttrpc; /* containerd's socket for events, or NULL */
	int listener;	   /* owned from now on */
};

/*
 * Serve until Shutdown or SIGTERM. 0 after Shutdown (nothing of the pod is
 * left), 1 after a signal (its containers go on), -1 when it cannot start:
 * before *ready_fd, if not -1, is closed, which says that all is well.
 */
int daemon_run(const struct daemon_args *args, int *ready_fd, struct err *e);

/* Shutdown: end the loop when replies and events are delivered. */
void daemon_leave(struct daemon *d);

#endif
