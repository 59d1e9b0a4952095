/* SPDX-License-Identifier: Apache-2.0 */
/* masq: masquerading per network: two set elements for each subnet, no rules per pod. */
#ifndef CNI_MASQ_H
#define CNI_MASQ_H

#include <stddef.h>

#include "cni/nft.h"
#include "spec/base/err.h"
#include "spec/cni/addr.h"

/*
 * table inet peapod {
 *	set masq4 { sources, intervals }	set masq6 ...
 *	set same4 { source . destination }	set same6 ...
 *	chain postrouting { nat hook at 100; ip saddr @masq4 goto masq4; ... }
 *	chain masq4 { ip saddr . ip daddr @same4 return; multicast return; masquerade }
 * }
 * A subnet is one element of masq4 and one of same4; the first has the comment
 * "NETWORK SUBNET", which tells whose it is. Pods come and go without a change
 * here; like the bridge the elements stay when the last pod has gone.
 */
/* Is that subnet in use on this host? 1, 0, -1. */
typedef int masq_used_fn(void *arg, const struct ip_net *subnet, struct err *e);

/*
 * Have packets from the subnet to elsewhere masqueraded. One look-up when that
 * is so already; otherwise all is (re)made in one batch. Subnets that overlap
 * are replaced if they are the same network's, or in use no more; a live one of
 * another network is an error (CNI_ERR_CONFIG).
 */
int masq_ensure(struct nft *n, const char *network, const struct ip_net *subnet, masq_used_fn *used,
		void *arg, struct err *e);

/* 1 when the subnet is masqueraded, 0 when not, -1. */
int masq_present(struct nft *n, const struct ip_net *subnet, struct err *e);

#endif
