/* SPDX-License-Identifier: Apache-2.0 */
/* sync: what the runtime and a container's first process say to each other. */
#ifndef SHIM_ENGINE_SYNC_H
#define SHIM_ENGINE_SYNC_H

#include <stdint.h>
#include <sys/types.h>

#include "spec/base/err.h"

/*
 * Packets over a SEQPACKET socket (unix(7)): each is whole, and the end of the
 * stream means that the other side is gone. Both sides run the same program image, so the
 * structure is sent as it is. Nothing here raises SIGPIPE.
 *
 *   create:  [parent] GO        it is in its cgroups (when held)
 *            [child] STAGED     pid of the process that goes on in the child's place
 *            [parent] GO        maps and limits are set (with STAGED or a user namespace)
 *            [child] MOUNTED    the parent runs its hooks, sets the limits
 *            [parent] GO
 *            [child] READY      all is done but the exec
 *   start:   [starter] GO
 *            [child] EXEC       hooks are done, execve comes; then the end of the stream
 *            [child] LISTENER   .pid is the number of the filter's notification fd, if it has one
 *            [starter] GO       the fd is where it belongs
 *   exec:    [child] STAGED, [parent] GO, [child] EXEC, LISTENER, [parent] GO
 *   any:     [child] WARNING    .err.msg is for the log
 *            [child] FAILED     .err says why; the child is about to exit
 */
enum sync_type {
	SYNC_FAILED = 1,
	SYNC_WARNING,
	SYNC_STAGED,
	SYNC_MOUNTED,
	SYNC_READY,
	SYNC_GO,
	SYNC_EXEC,
	SYNC_LISTENER,
};

struct sync_msg {
	uint32_t type; /* enum sync_type */
	int32_t pid;
	struct err err;
};

/* A connected pair, both close-on-exec: [0] parent, [1] child. */
int sync_pair(int out[2], struct err *e);

/* Send a message; err may be NULL. -1 with errno (EPIPE: the other side is gone). */
int sync_send(int fd, enum sync_type type, pid_t pid, const struct err *err);

/*
 * The child behind its filter: tell LISTENER and wait for GO, by read(2) and write(2), for
 * these two no profile of a program that can work forbids. -1 with errno.
 */
int sync_listener(int fd, int number);

/* A warning to the other side; a lost one is no failure. */
void sync_warn(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Receive one: 1, or 0 at the end of the stream, or -1 with errno (EPROTO: not ours). */
int sync_recv(int fd, struct sync_msg *m);

/* Log a WARNING. */
void sync_log(const struct sync_msg *m);

/*
 * Wait for a message of that type, logging warnings on the way. -1: FAILED came
 * (its error is *e), or the other side is gone (ESRCH), or something else came (EPROTO).
 */
int sync_expect(int fd, enum sync_type type, struct sync_msg *m, struct err *e);

#endif
