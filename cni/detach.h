/* SPDX-License-Identifier: Apache-2.0 */
/* detach: delete an interface, close a socket, and let a child wait for the kernel's grace period.
 */
#ifndef CNI_DETACH_H
#define CNI_DETACH_H

#include "cni/rtnl.h"
#include "spec/base/err.h"

/*
 * Like link_delete(), but it returns as soon as the interface (and a veth's
 * peer) cannot be found any more, under a millisecond. The kernel's request
 * itself takes 15 to 20 ms more, for nothing that a caller could see: memory
 * is freed. A child waits for that. It holds no file of the caller's (whose
 * pipes would not end) but a socket of its own to this network namespace, which
 * has to be one that may live that long: the host's, in which the process is.
 *
 * The child closes `other` too (-1: none), a socket of that namespace that takes long to close.
 * ETIMEDOUT: it is still there after as long as an answer may take (r->wait_ms).
 */
int link_delete_detached(struct rtnl *r, const char *name, int index, int other, struct err *e);

/* Have a child close that socket, which the caller closes at once. Failing, the caller waits. */
void close_detached(int fd);

#endif
