/* SPDX-License-Identifier: Apache-2.0 */
/* proxy: a host that answers, on one link, for addresses that are behind another. */
#ifndef CNI_PROXY_H
#define CNI_PROXY_H

#include "cni/rtnl.h"
#include "spec/base/err.h"
#include "spec/cni/addr.h"

/* As whose our entries are marked, of the numbers in rt_protos that nobody has. */
#define PROXY_PROTOCOL 112

/*
 * Answer ARP requests and neighbour solicitations for the address on the
 * interface. It stays until proxy_del(): the address' own interface may go
 * before it does. The interface has to forward, and for IPv6 to have proxy_ndp on.
 */
int proxy_add(struct rtnl *r, int index, const struct ip_addr *ip, struct err *e);

/* 1, 0, -1 */
int proxy_present(struct rtnl *r, int index, const struct ip_addr *ip, struct err *e);

/*
 * The index of an interface with such an entry of ours, 0: there is none, -1.
 * All entries of the family are read: for who does not know the interface.
 * With r->torn a 0 may be wrong, even after some tries.
 */
int proxy_find(struct rtnl *r, const struct ip_addr *ip, struct err *e);

/* No more; nothing to do is no error. */
int proxy_del(struct rtnl *r, int index, const struct ip_addr *ip, struct err *e);

#endif
