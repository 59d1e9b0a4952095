/* SPDX-License-Identifier: Apache-2.0 */
/* child: a process on its way into a container; the steps that create and exec share. */
#ifndef SHIM_ENGINE_CHILD_H
#define SHIM_ENGINE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/exe.h"
#include "shim/engine/ns.h"
#include "shim/engine/plan.h"
#include "shim/engine/seccomp.h"
#include "shim/engine/tty.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/state.h"

/*
 * Filled by the parent before the clone, so the child decides nothing and looks
 * nothing up on the host. Both have it: what the child changes, only it sees.
 * The fds are close-on-exec.
 */
struct child {
	const char *id;
	const struct oci_config *config;
	const struct oci_state *record;
	struct plan *plan; /* exec: only .proc is filled */
	const struct seccomp_prog *seccomp;
	const struct cgroup *cgroup;
	const struct ns_fds *ns; /* create: namespaces to join */
	struct exe_self self;
	bool staged; /* the cloned process clones the one that goes on */
	bool held; /* it waits for GO before all else: the parent (or systemd) puts it into cgroups
		    */
	bool rootless;
	bool late;	 /* create: it joins the cgroups only when their limits are set */
	bool limited;	 /* the runtime has said that the limits are set */
	bool runs;	 /* create: on to the program, at a word of the runtime... */
	bool straight;	 /* ... which is that same word: the child itself ends "creating" */
	int sync;	 /* child's end */
	int parent_sync; /* parent's end; closed in the child */
	int dir;     /* state directory, with its lock; closed in a child that is not .straight */
	int start;   /* create: the listening start socket, else -1 */
	int proc;    /* host's /proc */
	int console; /* connected console socket, -1: none */
	int null;    /* host's /dev/null, for want of the container's */
	int stdio[3];
	int init_pidfd;	 /* exec: whose namespaces to enter */
	int init_root;	 /* exec: its root where it has no mount namespace, -1 */
	int enter_flags; /* exec: CLONE_NEW* of them */

	/* The child's own notes. */
	struct arena arena;
	int rootfs;  /* create: the new root mount */
	int root;    /* "/" of the container, O_PATH */
	bool in_cwd; /* before the change of user */
	struct tty tty;
	char **env;
	char *exe;
	char *exe_hint; /* what may be wrong with it, or NULL */
};
#define CHILD_INIT                                                                                 \
	{                                                                                          \
		.sync = -1, .parent_sync = -1, .dir = -1, .start = -1, .proc = -1, .console = -1,  \
		.null = -1, .stdio = { -1, -1, -1 }, .init_pidfd = -1, .init_root = -1,            \
		.rootfs = -1, .root = -1, .tty = TTY_INIT                                          \
	}

/* One step; its name is what the error starts with, unless the inner text names a field itself. */
struct child_step {
	const char *name;
	int (*run)(struct child *c, struct err *e);
};

/* Run the table (which ends with a NULL run) in order; a failure is sent and ends the process. */
void child_run(struct child *c, const struct child_step *steps);

/*
 * First thing in a cloned process: default signals, not dumpable (see exe.h),
 * the parent's fds closed.
 */
void child_begin(struct child *c);

/* First step: wait for GO where the child is held. */
int child_wait_placed(struct child *c, struct err *e);

/*
 * Staged: clone the process that goes on, as a child of our parent, tell its pid,
 * and end. Returns in the new process, after the parent's GO.
 */
int child_clone_again(struct child *c, uint64_t flags, struct err *e);

/* Wait for the parent's GO. */
int child_wait_go(struct child *c, struct err *e);

/* From the container's root on; in this order. */
int child_root(struct child *c, struct err *e);	    /* .root */
int child_session(struct child *c, struct err *e);  /* setsid */
int child_terminal(struct child *c, struct err *e); /* .tty, when there is to be one */
int child_stdio(struct child *c, struct err *e);    /* 0, 1, 2; sends the master */
int child_attrs(struct child *c, struct err *e);    /* labels, keyring, scheduling, rlimits */
int child_rights(struct child *c, struct err *e);   /* no_new_privs, bounding set */
int child_chdir(struct child *c, struct err *e);
int child_user(struct child *c, struct err *e); /* ids, capabilities, directory again */
int child_find(struct child *c, struct err *e); /* .env, .exe; umask */

/*
 * The end: tell EXEC on `report` (then its own close-on-exec is the message),
 * load the seccomp filter, execve. Never returns: a failure is sent there.
 */
_Noreturn void child_exec(struct child *c, int report);

/* Send the error and end. */
_Noreturn void child_fail(int report, const struct err *e);

#endif
