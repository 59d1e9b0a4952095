/* SPDX-License-Identifier: Apache-2.0 */
/* life: how processes end: reaping, the order of exits, who is told. */
#ifndef SHIM_DAEMON_LIFE_H
#define SHIM_DAEMON_LIFE_H

#include "shim/daemon/daemon.h"

/* Reap every child that has ended, and tell. */
void life_reap(struct daemon *d);

/* The same for one process only; to be called from the end of a job. */
void life_reap_one(struct daemon *d, struct process *p);

/*
 * The start of a process is over, so its end, if it came meanwhile, may be told
 * now. To be called after every start, with the new state set.
 */
void life_settle(struct daemon *d, struct process *p);

/*
 * State or (`waits`) Wait was asked of a process. If it ended while containerd was away,
 * that is back now and about to open the FIFOs, where the last output is.
 */
void life_asked(struct daemon *d, struct process *p, bool waits);

/* One of the jobs that make the task busy is over. */
void life_less_busy(struct daemon *d, struct task *t);

/* Answer everybody who waits for the process, which is over. */
void life_release(struct process *p);

/* The reply of Wait. */
void life_reply_wait(struct call *c, const struct process *p);

#endif
