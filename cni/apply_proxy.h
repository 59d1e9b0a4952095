/* SPDX-License-Identifier: Apache-2.0 */
/* apply_proxy: a host that answers for pods on their bridge, for apply's table. */
#ifndef CNI_APPLY_PROXY_H
#define CNI_APPLY_PROXY_H

#include "cni/lease_file.h"
#include "cni/net.h"
#include "cni/plan.h"
#include "spec/base/err.h"

int do_proxy(struct net *n, const struct op *op, struct err *e);
int is_proxy(struct net *n, const struct op *op, struct err *e);

/* On that bridge, if it is there, nobody answers for the addresses any more. */
int end_proxies(struct net *n, const char *bridge, const struct lease_ips *ips, struct err *e);

/* Take back what this run made. */
void undo_proxies(struct net *n);

#endif
