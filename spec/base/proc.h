/* SPDX-License-Identifier: Apache-2.0 */
/* proc: start, watch and signal processes by pidfd. */
#ifndef SPEC_BASE_PROC_H
#define SPEC_BASE_PROC_H

#include <linux/sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/base/err.h"

/*
 * clone3(2) with fork's semantics (no CLONE_VM): returns twice, the pid in the
 * parent and 0 in the child, or -1 with errno. Single-threaded callers only,
 * so that the child may use malloc.
 */
pid_t proc_clone(struct clone_args *args);

int proc_pidfd(pid_t pid);		 /* pidfd_open(2), close-on-exec; -1 with errno */
int proc_signal(int pidfd, int sig);	 /* pidfd_send_signal(2); -1 with errno */
int proc_close_from(unsigned int first); /* close_range(2) up to the end */

/*
 * Wait until the process has ended, at most timeout_ms (-1: for ever). 1 ended,
 * 0 time is up, -1 with errno. It does not reap.
 */
int proc_wait_end(int pidfd, int timeout_ms);

/* Reap a child: its exit code, or 128 + signal; -1 with errno. */
int proc_reap(pid_t pid);

/* What /proc/PID/stat tells. */
struct proc_stat {
	char state;   /* R S D T Z X ... */
	bool exiting; /* past the point of no return, though its fds may still be open */
	pid_t ppid;
	uint64_t start_time; /* clock ticks since boot, proc(5) field 22 */
};
int proc_stat(pid_t pid, struct proc_stat *out, struct err *e);

/* Does /proc show our pid namespace? Where it does not, nothing can be looked up there by pid. */
int proc_check_mount(struct err *e);

/* Is this the process that had this start time, and is it neither a zombie nor dead? */
bool proc_alive(pid_t pid, uint64_t start_time);

#endif
