/* SPDX-License-Identifier: Apache-2.0 */
/* apply: carry out a plan, or look whether it holds; system calls only, no decisions. */
#ifndef CNI_APPLY_H
#define CNI_APPLY_H

#include "cni/net.h"
#include "cni/plan.h"
#include "spec/base/err.h"

/* All in order, up to the first failure, whose text names the operation and its device. */
int apply(struct net *n, const struct plan *p, struct err *e);

/* All, going on after failures (DEL); the first one is reported at the end. */
int apply_all(struct net *n, const struct plan *p, struct err *e);

/* Look at every operation that leaves something behind; the first thing missing is an error. */
int verify(struct net *n, const struct plan *p, struct err *e);

/* Take back what only this run can have made: the veth pair and host ports. */
void undo(struct net *n);

#endif
