/* SPDX-License-Identifier: Apache-2.0 */
/* launch: the parent's side of a child: clone it, set it up from outside, tell why it died. */
#ifndef SHIM_ENGINE_LAUNCH_H
#define SHIM_ENGINE_LAUNCH_H

#include <sys/types.h>

#include "shim/engine/child.h"
#include "shim/engine/engine.h"
#include "shim/engine/listener.h"
#include "spec/base/err.h"

/* The process once it is there. */
struct launched {
	pid_t pid; /* our child */
	int pidfd; /* owned */
	uint64_t start_time;
};
#define LAUNCHED_INIT                                                                              \
	{                                                                                          \
		.pidfd = -1                                                                        \
	}

/*
 * What both create and exec open for a child: its end of the sync socket,
 * /proc, /dev/null, the console, our own program's identity. Checks that the fds to be passed on
 * are open. console_fd is borrowed and duplicated.
 */
int launch_prepare(struct child *c, const char *console_socket, int console_fd, struct err *e);

/* Close what launch_prepare() opened, and the arena. */
void launch_done(struct child *c);

/*
 * Clone with these flags, into the v2 cgroup when there is one, and let run() go on in
 * the new process. On failure there is none.
 */
int launch_clone(struct child *c, uint64_t flags, void (*run)(struct child *), struct launched *l,
		 struct err *e);

/*
 * Then, after GO to one that is held: staged, wait for the second process and
 * reap the first; note the start time. On failure no process is left.
 */
int launch_settle(struct child *c, struct launched *l, struct err *e);

/*
 * Wait for a message of the child (sync_expect). When it died instead, reap it
 * and say how; a kill with the OOM killer's mark names the memory limit.
 */
int launch_expect(struct child *c, struct launched *l, int type, struct err *e);

/* After a failure that comes of its end: reap it and say how it died, with *e's text behind. */
int launch_explain(struct child *c, struct launched *l, struct err *e);

/*
 * Wait for the exec of the user's program on `conn`: EXEC, LISTENER where the filter has
 * one (which is served), then the end; or its failure.
 */
int launch_expect_exec(int conn, struct listener *l, struct err *e);
int launch_after_exec(int conn, struct listener *l, struct err *e); /* EXEC was there already */

/* Kill and reap it; nothing when it is not there. */
void launch_kill(struct launched *l);

/* Send the process's pidfd to the listening socket at that path (NULL: nothing to do). */
int launch_send_pidfd(const char *path, const struct launched *l, struct err *e);

#endif
