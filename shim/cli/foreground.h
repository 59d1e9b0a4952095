/* SPDX-License-Identifier: Apache-2.0 */
/* foreground: stay with a container's process: its terminal, its signals, its exit code. */
#ifndef SHIM_CLI_FOREGROUND_H
#define SHIM_CLI_FOREGROUND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "spec/base/err.h"
#include "spec/oci/config.h"

struct notify;

/*
 * foreground_begin() goes before the process is made, so that no signal is lost
 * between its birth and foreground_wait(); foreground_done() undoes it.
 */
struct foreground {
	int signals;	   /* signalfd */
	int console[2];	   /* socket pair; [1] is for the engine to send the pty master to */
	int master;	   /* of the process's terminal, -1: none */
	bool began, reaps; /* signals are blocked; orphans are ours */
	sigset_t old_mask;
};
#define FOREGROUND_INIT                                                                            \
	{                                                                                          \
		.signals = -1, .console = { -1, -1 }, .master = -1                                 \
	}

/* Take over the signals; `terminal`: make .console; `subreaper`: adopt and reap orphans. */
int foreground_begin(struct foreground *fg, bool terminal, bool subreaper, struct err *e);

/*
 * Make the process's terminal as large as the caller's, if that has one: from
 * the start, so that the process is not told of a change that is none.
 */
void foreground_size(struct oci_process *p);

/*
 * Until the child `pid` ends: forward signals to it, and carry bytes and the
 * window size between the caller's terminal (raw meanwhile) and the container's.
 * and its messages to the service manager (unless notify is NULL).
 * Returns its exit code, or 128 + signal. What it wrote before its end is carried.
 */
int foreground_wait(struct foreground *fg, pid_t pid, struct notify *notify, struct err *e);

/* Take the pty master which the engine sent; without a terminal there is nothing to do. */
int foreground_console(struct foreground *fg, struct err *e);

void foreground_done(struct foreground *fg);

#endif
