/* SPDX-License-Identifier: Apache-2.0 */
/* apply_hosts: the operations on files with names, for apply's table. */
#ifndef CNI_APPLY_HOSTS_H
#define CNI_APPLY_HOSTS_H

#include "cni/net.h"
#include "cni/plan.h"
#include "spec/base/err.h"

int do_hosts(struct net *n, const struct op *op, struct err *e);
int are_hosts(struct net *n, const struct op *op, struct err *e);
int do_unhosts(struct net *n, const struct op *op, struct err *e);

/* Take back what this run has done. */
void undo_hosts(struct net *n);

#endif
