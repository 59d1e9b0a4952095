/* SPDX-License-Identifier: Apache-2.0 */
/* op_link: the interface that an operation is about. */
#ifndef CNI_OP_LINK_H
#define CNI_OP_LINK_H

#include "cni/link.h"
#include "cni/net.h"
#include "cni/plan.h"
#include "spec/base/err.h"

/* The socket of the operation's side. */
struct rtnl *op_side(struct net *n, enum op_where where);

/* The interface has to be there: 0, or -1 (ENODEV; ENOENT without a pod's namespace). */
int op_link(struct net *n, const struct op *op, struct link *link, struct err *e);

/* Its index; in the pod it is one and the same for many operations, and remembered. -1. */
int op_index(struct net *n, const struct op *op, struct err *e);

#endif
