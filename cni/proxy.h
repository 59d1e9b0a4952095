/* SPDX-License-Identifier: Apache-2.0 */
/* proxy: a host that answers, on one link, for addresses that are behind another. */
#ifndef CNI_PROXY_H
#define CNI_PROXY_H

#include "cni/rtnl.h"
#include "spec/base/err.h"
#include "spec/cni/addr.h"

/*
 * Answer ARP requests and neighbour solicitations for the address on the
 * interface. It stays until proxy_del(): the address' own interface may go
 * before it does. The interface has to forward, and for IPv6 to have proxy_ndp on.
 */
int proxy_add(struct rtnl *r, int index, const struct ip_addr *ip, struct err *e);

/* 1, 0, -1 */
int proxy_present(struct rtnl *r, int index, const struct ip_addr *ip, struct err *e);

/*
 * No more, on the interface by which the address is reached now that its own
 * one is gone or down; nothing to do is no error.
 */
int proxy_del(struct rtnl *r, const struct ip_addr *ip, struct err *e);

#endif
