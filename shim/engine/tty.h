/* SPDX-License-Identifier: Apache-2.0 */
/* tty: a pty of the container's own devpts, its master handed to who asked for it. */
#ifndef SHIM_ENGINE_TTY_H
#define SHIM_ENGINE_TTY_H

#include "shim/engine/plan_proc.h"
#include "spec/base/err.h"

#define TTY_NAME_SIZE 64

struct tty {
	int master, slave;	  /* close-on-exec, owned */
	char name[TTY_NAME_SIZE]; /* "/dev/pts/0", as the container sees it */
};
#define TTY_INIT                                                                                   \
	{                                                                                          \
		.master = -1, .slave = -1                                                          \
	}

/*
 * Parent: connect to the listening unix stream socket at that path, which may be longer
 * than sun_path has room for. One whose queue stays full for TTY_SEND_MS is an error (EAGAIN).
 */
int tty_connect(const char *path, struct err *e);

/*
 * Child, in the container's root: open a pty through /dev/pts/ptmx, checked to be
 * the multiplexer of a devpts, so that an image or a volume cannot offer another.
 * Its size is the plan's. The slave comes by TIOCGPTPEER, never by its name.
 */
int tty_open(const struct plan_proc *p, int root, struct tty *out, struct err *e);

/*
 * Send the master: one message with the name and the one fd (the console-socket
 * protocol of runc). The peer has TTY_SEND_MS to make room for it.
 */
#define TTY_SEND_MS 10000
int tty_send(int sock, const struct tty *t, struct err *e);

/* Make the slave the controlling terminal (after setsid(2)) and stdin, stdout, stderr. */
int tty_attach(const struct tty *t, struct err *e);

void tty_close(struct tty *t);

#endif
