/* SPDX-License-Identifier: Apache-2.0 */
/* ctl: one question, one answer over the supervisor's socket. */
#ifndef SHIM_POD_CTL_H
#define SHIM_POD_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

#define CTL_SOCKET "ctl" /* below the pod's directory */
#define CTL_MAX	   8192	 /* bytes of a packet */

enum ctl_op {
	CTL_STOP = 1,
	CTL_ADD
};

/* A packet of JSON either way; the answer has the error's number and text. */
struct ctl_request {
	int op;		       /* enum ctl_op */
	uint32_t seconds;      /* between TERM and KILL */
	char *member, *bundle; /* ADD: name, absolute path */
	bool replace;	       /* ADD */
};

/* The listening socket (non-blocking, close-on-exec). A stale one is replaced. */
int ctl_listen(int dirfd, struct err *e);

/*
 * Ask, and wait for the answer. -1 with the supervisor's own error, or
 * ECONNREFUSED when nobody listens or the other end died without an answer, or
 * ETIMEDOUT.
 */
int ctl_call(int dirfd, const struct ctl_request *req, uint32_t timeout_seconds, struct err *e);

/* The server's half: read a request, answer it (NULL: it went well). */
int ctl_read(int conn, struct arena *a, struct ctl_request *out, struct err *e);
void ctl_answer(int conn, const struct err *failure);

#endif
