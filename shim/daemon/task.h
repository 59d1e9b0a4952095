/* SPDX-License-Identifier: Apache-2.0 */
/* task: the table of what this pod runs: tasks, and the execs of each. */
#ifndef SHIM_DAEMON_TASK_H
#define SHIM_DAEMON_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "shim/daemon/io.h"
#include "shim/daemon/link.h"
#include "shim/daemon/oom.h"
#include "shim/daemon/rules.h"
#include "spec/base/err.h"

#define TASKS_MAX 1024 /* of a pod */
#define EXECS_MAX 4096 /* of a task */

struct task;
struct publisher;

/* A container's first process, or an exec. */
struct process {
	struct link link; /* in task->execs; of init unused */
	struct task *task;
	char *id;		  /* exec id; NULL: init */
	enum state state, before; /* before: to go back to when a verb fails */
	pid_t pid;		  /* kept after the exit */
	bool reaped;		  /* has ended, and its end is known to nobody yet */
	uint64_t tell_from;	  /* its end is not told before this ms of CLOCK_MONOTONIC, */
	uint64_t tell_by;	  /* and not after this one; 0: it has not ended */
	bool away;		  /* containerd is, or has not asked for it since it is back */
	bool unheard;		  /* containerd went away before its end was told */
	bool silent;		  /* its start failed, so its end is no event */
	unsigned int status;	  /* exit code, or 128 + signal */
	struct timespec exited_at;
	struct link waiters; /* calls */
	struct io io;
	char *spec; /* of an exec, until its start */
	size_t spec_len;
};

struct task {
	struct link link;
	char *id, *bundle;
	struct process init;
	struct link execs;
	size_t n_execs;
	unsigned int busy;    /* jobs on their way that hold a pointer to this */
	struct link deletes;  /* calls of Delete, while it is busy */
	bool shares_pidns;    /* the kernel does not end its other processes with init */
	bool killing, killed; /* those are being, have been killed */
	char *cgroups;	      /* "controllers\tpath\n" lines; "" for v2 */
	struct oom oom;
	struct publisher *oom_events; /* whom to tell */
	bool no_new_keyring;	      /* for execs */
	unsigned int io_uid, io_gid;
};

struct tasks {
	struct link all;
	size_t n;
	bool any; /* there was one */
};

void tasks_init(struct tasks *ts);

struct task *task_new(struct tasks *ts, const char *id, const char *bundle);
struct process *exec_new(struct task *t, const char *id);

/* What they own is released: the io must be closed, the OOM watch stopped before. */
void task_free(struct tasks *ts, struct task *t);
void exec_free(struct process *p);

/* NULL with ENOENT when there is none; exec_id "" is init. */
struct task *task_find(const struct tasks *ts, const char *id, struct err *e);
struct process *process_find(const struct tasks *ts, const char *id, const char *exec_id,
			     struct err *e);

/* The process that has this pid and has not been reaped, or NULL. */
struct process *process_of_pid(const struct tasks *ts, pid_t pid);

/* Is any exec of the task on its way or running? */
bool task_has_execs(const struct task *t);

#endif
