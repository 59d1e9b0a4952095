/* SPDX-License-Identifier: Apache-2.0 */
/* apply_ports: the operations on host ports, for apply's table. */
#ifndef CNI_APPLY_PORTS_H
#define CNI_APPLY_PORTS_H

#include "cni/net.h"
#include "cni/plan.h"
#include "spec/base/err.h"

int do_ports(struct net *n, const struct op *op, struct err *e);
int are_ports(struct net *n, const struct op *op, struct err *e);
int do_unmap(struct net *n, const struct op *op, struct err *e);

/* What do_unmap() does for its owner. */
int unmap_ports(struct net *n, const char *owner, struct err *e);

/* The same for all owners of the network that are not among the valid ones (GC). */
int unmap_stale(struct net *n, const char *network, const struct cni_attachment *valid,
		size_t n_valid, struct err *e);

#endif
