/* SPDX-License-Identifier: Apache-2.0 */
/* apply_tc: the operations on queues, for apply's table. */
#ifndef CNI_APPLY_TC_H
#define CNI_APPLY_TC_H

#include "cni/net.h"
#include "cni/plan.h"
#include "spec/base/err.h"

int do_limit(struct net *n, const struct op *op, struct err *e);
int is_limit(struct net *n, const struct op *op, struct err *e);
int do_ifb(struct net *n, const struct op *op, struct err *e);
int is_ifb(struct net *n, const struct op *op, struct err *e);
int do_detour(struct net *n, const struct op *op, struct err *e);
int is_detour(struct net *n, const struct op *op, struct err *e);

/* Take back what this run has done. */
void undo_tc(struct net *n);

#endif
