/* SPDX-License-Identifier: Apache-2.0 */
/* neighbour: an entry of the kernel's neighbour tables: made, asked for, removed. */
#ifndef CNI_NEIGHBOUR_H
#define CNI_NEIGHBOUR_H

#include <stdint.h>

#include "cni/link.h"
#include "cni/rtnl.h"
#include "spec/base/err.h"
#include "spec/cni/addr.h"

/*
 * Which table it is follows from what is there: with an address the one of its
 * family (or, with NTF_PROXY, that of who answers for others), without one a
 * bridge's forwarding table.
 */
struct neighbour {
	int index;		  /* of the interface */
	const struct ip_addr *ip; /* NULL: none */
	const struct mac *mac;	  /* NULL: none */
	uint16_t state;		  /* NUD_* */
	uint8_t flags;		  /* NTF_* */
	uint8_t protocol;	  /* who made it; 0: not told */
};

/* type: RTM_*NEIGH, flags: NLM_F_*. 0, or -1 with *e as rtnl_do() fills it. */
int neighbour_do(struct rtnl *r, int type, int flags, const struct neighbour *n, struct err *e);

#endif
