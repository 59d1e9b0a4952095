/* SPDX-License-Identifier: Apache-2.0 */
/* apply: carry out a plan, or look whether it holds; system calls only, no decisions. */
#ifndef CNI_APPLY_H
#define CNI_APPLY_H

#include <stdbool.h>

#include "cni/nft.h"
#include "cni/plan.h"
#include "cni/rtnl.h"
#include "spec/base/err.h"

/*
 * Sockets and namespaces of one run. Sockets stay in the namespace in which
 * they were opened, so messages need no setns(); sysctls do, and the process
 * moves only when the next one is elsewhere.
 */
struct net {
	int host_ns, pod_ns; /* fds; pod_ns -1: no pod */
	bool in_pod;	     /* where this process is now */
	struct rtnl host, pod;
	struct nft nft;	  /* opened when first needed */
	const char *made; /* host end of the veth pair that this run created, or NULL */
};
#define NET_INIT                                                                                   \
	{                                                                                          \
		.host_ns = -1, .pod_ns = -1                                                        \
	}

/* pod_ns is borrowed, -1 for none. */
int net_open(struct net *n, int pod_ns, struct err *e);

/* Back in the host's namespace; the nft socket is closed last, since that may take long. */
void net_close(struct net *n);

/* All in order, up to the first failure, whose text names the operation and its device. */
int apply(struct net *n, const struct plan *p, struct err *e);

/* All, going on after failures (DEL); the first one is reported at the end. */
int apply_all(struct net *n, const struct plan *p, struct err *e);

/* Look at every operation that leaves something behind; the first thing missing is an error. */
int verify(struct net *n, const struct plan *p, struct err *e);

/* Take back what only this run can have made: the veth pair. */
void undo(struct net *n);

#endif
