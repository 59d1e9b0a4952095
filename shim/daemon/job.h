/* SPDX-License-Identifier: Apache-2.0 */
/* job: work that may block, in a short-lived child; its result comes back over a socket. */
#ifndef SHIM_DAEMON_JOB_H
#define SHIM_DAEMON_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shim/daemon/home.h"
#include "shim/daemon/link.h"
#include "shim/daemon/server.h"
#include "spec/base/err.h"
#include "spec/base/loop.h"
#include "spec/base/str.h"

#define JOB_DATA_MAX (128 << 10) /* bytes of a result */
#define JOB_FDS_MAX  16

/*
 * The engine's calls wait for the kernel and for hooks, and parse documents
 * that would leave the daemon with a large heap. So they run in a child: a
 * fork, no exec, with everything the daemon knows in its memory, of which it
 * keeps only the fds it needs. What the engine starts there becomes the
 * daemon's child when the helper is gone (PR_SET_CHILD_SUBREAPER).
 */

/* What a job tells. Zeroed by the caller of run(); fds are -1. */
struct job_result {
	struct err err;	  /* num 0: done */
	pid_t pid;	  /* of the process that was started */
	pid_t logger_pid; /* of a binary:// logger, or 0 */
	bool shares_pidns;
	bool lost;   /* the helper ended without an answer, err says so */
	int console; /* pty master, -1: none */
	struct str data;
};

/* The work. 0, or -1 with r->err or *e filled. */
typedef int job_fn(void *work, struct job_result *r, struct err *e);

struct jobs {
	struct loop *loop;
	const struct home *home; /* of the daemon, when it may have left; NULL: never */
	struct link all;
};

struct job {
	struct link link;
	struct loop_source src;
	struct jobs *jobs;
	pid_t pid; /* of the helper */
	/* Called in the daemon, once; owns r->console (and takes it or leaves it to be closed). */
	void (*done)(struct job *job, struct job_result *r);
	void *arg, *arg2;      /* the caller's */
	struct call_slot call; /* whom to answer; may end before the job does */
	job_fn *run;	       /* the work, in the child */
	void *work;	       /* its argument; only needed until job_start() returns */
	int keep[JOB_FDS_MAX]; /* fds that it needs; -1 is skipped */
	size_t n_keep;
	bool away; /* it works in the namespaces where the daemon is, not in the host's */
	/*
	 * It is killed when the daemon ends: what it makes then would come after the delete action,
	 * and stay.
	 */
	bool bound;
	/*
	 * It is killed when the time of its call is up, with the hooks that it is waiting for,
	 * which may wait for ever; the job is lost then.
	 */
	bool timed;
};

void jobs_init(struct jobs *js, struct loop *loop);

/*
 * Fork a child that calls run(work, ...) with no fds but /dev/null on 0-2, the
 * log and `keep`, default signals and an empty signal mask. The job is copied;
 * its call (if any) is kept by the copy. -1 when the child cannot be made.
 */
int job_start(struct jobs *js, const struct job *job, struct call *call, struct err *e);

/*
 * Take all results that are there. To be called before and between waitpid()s:
 * the child of a helper becomes ours only after the result has been sent.
 */
void jobs_drain(struct jobs *js);

/*
 * This child has been reaped. If it was a helper that has not answered, its job
 * ends here: what it has started may hold its end of the socket for ever.
 */
void jobs_reaped(struct jobs *js, pid_t pid);

#endif
