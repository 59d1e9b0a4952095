/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: the one process per pod, and everything it holds. */
#ifndef SHIM_DAEMON_DAEMON_H
#define SHIM_DAEMON_DAEMON_H

#include <stdbool.h>

#include "shim/daemon/job.h"
#include "shim/daemon/publish.h"
#include "shim/daemon/sandbox.h"
#include "shim/daemon/server.h"
#include "shim/daemon/task.h"
#include "shim/daemon/work.h"
#include "spec/base/err.h"
#include "spec/base/loop.h"

struct daemon {
	struct place place;
	const char *socket; /* where it is found */
	struct loop loop;
	struct server server;
	struct publisher events;
	struct jobs jobs;
	struct tasks tasks;
	struct sandbox sandbox;
	void (*idle)(struct daemon *d, struct task *t); /* a task is not busy any more */
	struct loop_source signals, leave_timer, drain_timer, alone_timer;
	bool leaving;	       /* Shutdown was accepted */
	unsigned int leave_ms; /* since then */
	uint64_t lonely_ms;    /* how long to wait for the first call */
	uint64_t drain_step;   /* ms between two looks at output that is being read */
};

/*
 * Shutdown: nobody finds it any more, so that a start of the same pod makes a new
 * one; end the loop when replies and events are delivered. To be called before
 * the reply of Shutdown.
 */
void daemon_leave(struct daemon *d);

#endif
