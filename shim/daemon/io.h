/* SPDX-License-Identifier: Apache-2.0 */
/* io: the standard streams of a process: pipes that containerd made, log URIs, terminals. */
#ifndef SHIM_DAEMON_IO_H
#define SHIM_DAEMON_IO_H

#include <stdbool.h>
#include <sys/types.h>

#include "shim/daemon/relay.h"
#include "spec/base/err.h"
#include "spec/base/loop.h"

/*
 * Without a terminal nothing is copied: the process gets containerd's FIFOs
 * themselves. The shim holds the other end of each: a reader of stdout and
 * stderr, so that a process neither dies of SIGPIPE nor loses a byte while
 * containerd is away, and a writer of stdin, so that a client may come and go
 * without an end of file. It never holds a writer of stdout or stderr, as
 * containerd waits for their end before it deletes a container.
 */
struct io {
	char *path[3]; /* as containerd gave them, "" for none */
	bool terminal;
	int keep[3];  /* [0] a writer of stdin, [1] and [2] readers of stdout and stderr; -1 */
	int shown[2]; /* writers of stdout and stderr, see io_show_writers(); -1 */
	struct relay *relay; /* of a terminal */
	pid_t logger;	     /* of a binary:// URI, 0: none */
};
#define IO_INIT                                                                                    \
	{                                                                                          \
		.keep = { -1, -1, -1 }, .shown = { -1, -1 }                                        \
	}

/* What goes to the helper that starts the process. */
struct io_child {
	int stdio[3];	    /* for the process; -1: /dev/null */
	int log[2];	    /* read ends for a logger; -1 */
	const char *logger; /* its URI, or NULL; borrowed from io->path */
};
#define IO_CHILD_INIT                                                                              \
	{                                                                                          \
		.stdio = { -1, -1, -1 }, .log = { -1, -1 }                                         \
	}

/* What is asked for. */
struct io_request {
	const char *path[3];
	bool terminal;
	/* If not 0, the new owner of the FIFOs: a user namespace's root may then open them again */
	uid_t uid;
	gid_t gid;
};

/*
 * Open the streams; nothing here blocks. The stdio of *child is the caller's
 * to close once the helper has it.
 */
int io_open(struct io *io, struct loop *loop, const struct io_request *req, struct io_child *child,
	    struct err *e);
void io_child_close(struct io_child *child);
/* All fds of it, for the helper to keep (at most 5); their number. */
size_t io_child_fds(const struct io_child *child, int *fds);

/* The process was started with this terminal (-1: none); console becomes the io's. */
int io_started(struct io *io, int console, struct err *e);

/* The process has ended: containerd shall see the end of its output. */
void io_ended(struct io *io);

/* No more input, as soon as containerd's end is closed too. */
void io_close_stdin(struct io *io);

/*
 * For a process that ended while containerd was away: what it wrote is still
 * in the FIFOs, but containerd's opening of them would wait for a writer. So
 * show it one, until io_hide_writers(). False when everything has been read.
 */
bool io_show_writers(struct io *io);
void io_hide_writers(struct io *io);

/* Release everything; a zeroed or closed one is fine. */
void io_close(struct io *io);

#endif
