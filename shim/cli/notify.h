/* SPDX-License-Identifier: Apache-2.0 */
/* notify: carry sd_notify(3) messages from a container to the caller's service manager. */
#ifndef SHIM_CLI_NOTIFY_H
#define SHIM_CLI_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shim/engine/engine.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

#define NOTIFY_MESSAGE_MAX 4096	 /* bytes; what is behind is cut off */
#define NOTIFY_BARRIER_MS  30000 /* how long the manager may take to take note */

struct notify {
	int container; /* where the container's messages come in; -1: nothing is to be carried */
	int manager;   /* connected to the caller's NOTIFY_SOCKET */
	pid_t main;    /* told as MAINPID beside READY=1 */
};
#define NOTIFY_INIT                                                                                \
	{                                                                                          \
		.container = -1, .manager = -1                                                     \
	}

/*
 * Between create and start: listen where the container was made to look (engine_create.notify).
 * Without NOTIFY_SOCKET, or for a container that was made without, nothing is carried.
 */
int notify_open(struct notify *n, const struct engine *en, const char *id, struct err *e);
void notify_done(struct notify *n);

/*
 * Carry the one message that has come. True when it said READY=1. A manager
 * that does not take it is no failure of the container's: a warning.
 */
bool notify_carry(struct notify *n);

/* After the process's end: carry what it said before. */
void notify_drain(struct notify *n);

/*
 * Carry until READY=1 or the end of the process, and then wait until the
 * manager has taken note, since it asks who we are when it reads.
 */
int notify_wait(struct notify *n, pid_t pid, struct err *e);

/*
 * Pure: the lines of a message that a container may say to the manager: about
 * its own progress, not about processes, fds or who may notify. True: READY=1 is among them.
 */
bool notify_filter(const char *text, size_t len, struct str *out);

#endif
