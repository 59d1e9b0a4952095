/* SPDX-License-Identifier: Apache-2.0 */
/* apply_tune: the operations on an interface's properties, for apply's table. */
#ifndef CNI_APPLY_TUNE_H
#define CNI_APPLY_TUNE_H

#include "cni/net.h"
#include "cni/plan.h"
#include "spec/base/err.h"

int do_save(struct net *n, const struct op *op, struct err *e);
int do_tune(struct net *n, const struct op *op, struct err *e);
int is_tune(struct net *n, const struct op *op, struct err *e);
int do_restore(struct net *n, const struct op *op, struct err *e);

#endif
