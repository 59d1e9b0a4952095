/* SPDX-License-Identifier: Apache-2.0 */
/* dead: what is left of attachments that are no more, on the host and in its tables. */
#ifndef CNI_DEAD_H
#define CNI_DEAD_H

#include <stdbool.h>

#include "cni/lease_file.h"
#include "cni/net.h"
#include "cni/pairs.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"

/* Collected first, removed together: many interfaces cost as much as one. */
struct dead {
	struct net *n;
	struct arena *a;
	struct pairs pairs;
	int bridge; /* index of that on which the host answers for pods; 0: none, or DEAD_ANY */
};
#define DEAD_ANY (-1) /* of a network that only its leases tell of: to be searched */

/* The owner's lease of that address was dropped: its pair goes, nobody answers for the address. */
int dead_lease(struct dead *dead, const char *network, const struct lease_owner *owner,
	       const struct ip_addr *ip, struct err *e);

void dead_pair(struct dead *dead, const struct pair *pair);

/* ifb devices of the network by their aliases, but those of the valid attachments. */
int dead_ifbs_but(struct dead *dead, const char *network, const struct cni_attachment *valid,
		  size_t n, struct err *e);

/* Pairs too. */
int dead_pairs_but(struct dead *dead, const char *network, const struct cni_attachment *valid,
		   size_t n, struct err *e);

int dead_bury(struct dead *dead, struct err *e);

#endif
