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
 * without an end of file.
 *
 * What is in a FIFO lasts as long as somebody has it open, and who opens it for
 * reading waits for a writer. So when the process has ended the shim turns its
 * readers into writers, and holds them until all has been read (io_unread()).
 * Then it lets go: containerd waits for the end of output before it deletes a
 * container.
 */
struct io {
	char *path[3]; /* as containerd gave them, "" for none */
	bool terminal;
	int keep[3];	     /* [0] a writer of stdin; of stdout and stderr as above; -1 */
	bool met[2];	     /* somebody was seen to read stdout, stderr */
	bool writers[2];     /* keep[1], keep[2] are */
	bool logged;	     /* the outputs are a logger's pipes, which nobody else can open */
	struct relay *relay; /* of a terminal */
	pid_t logger;	     /* of a binary:// URI, 0: none */
};
#define IO_INIT                                                                                    \
	{                                                                                          \
		.keep = { -1, -1, -1 }                                                             \
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
	/* If not 0, the new owner of FIFOs and pipes, for a user namespace's root to open again */
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
/* All fds of it, for the helper to keep; their number. */
#define IO_CHILD_FDS 5
size_t io_child_fds(const struct io_child *child, int *fds);

/* The process was started with this terminal (-1: none); console becomes the io's. */
int io_started(struct io *io, int console, struct err *e);

/* The process has ended, its input too. */
void io_ended(struct io *io);

/*
 * After io_ended(): is there output that has not been read, but will be?
 * `expected`: a reader may still come, as containerd is on its way to open the
 * FIFO, or will be when it is started again. A reader that has gone does not count,
 * and what a logger has left nobody will read.
 */
bool io_unread(struct io *io, bool expected);

/* Somebody reads the output now. */
bool io_has_reader(struct io *io);

/* Let the end of the output be seen. */
void io_let_go(struct io *io);

/* No more input, as soon as containerd's end is closed too. */
void io_close_stdin(struct io *io);

/* Release everything; a zeroed or closed one is fine. */
void io_close(struct io *io);

#endif
