/* SPDX-License-Identifier: Apache-2.0 */
/* apply_guard: the operations on who may send what, for apply's table. */
#ifndef CNI_APPLY_GUARD_H
#define CNI_APPLY_GUARD_H

#include "cni/net.h"
#include "cni/plan.h"
#include "spec/base/err.h"

int do_spoof(struct net *n, const struct op *op, struct err *e);
int is_spoof(struct net *n, const struct op *op, struct err *e);
int do_unspoof(struct net *n, const struct op *op, struct err *e);
int do_admit(struct net *n, const struct op *op, struct err *e);
int is_admitted(struct net *n, const struct op *op, struct err *e);
int do_expel(struct net *n, const struct op *op, struct err *e);

/* Take back what this run has done. */
void undo_guard(struct net *n);

#endif
