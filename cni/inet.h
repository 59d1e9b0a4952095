/* SPDX-License-Identifier: Apache-2.0 */
/* inet: addresses and routes of an interface, over rtnetlink. */
#ifndef CNI_INET_H
#define CNI_INET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cni/rtnl.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/addr.h"

/* AF_INET or AF_INET6. */
uint8_t inet_family(const struct ip_addr *ip);

struct inet_addrs {
	size_t n;
	struct ip_net *v;
};

/*
 * Add an address; an IPv6 one is usable at once (IFA_F_NODAD: addresses come
 * from one allocator, so there are no duplicates to detect), or with dad when
 * the kernel has found no duplicate. EEXIST when the interface has it already.
 */
int inet_addr_add(struct rtnl *r, int index, const struct ip_net *net, bool dad, struct err *e);
int inet_addr_del(struct rtnl *r, int index, const struct ip_net *net, struct err *e);

/*
 * All addresses of the interface (0: of all) but IPv6 link-local ones; the
 * kernel filters. In the arena. r->torn: one may be missing, even after some tries.
 */
int inet_addr_list(struct rtnl *r, int index, struct arena *a, struct inet_addrs *out,
		   struct err *e);

/*
 * 1 when an IPv6 address of the interface is still tentative, or may be (r->torn), 0; a
 * duplicate is an error.
 */
int inet_addr_tentative(struct rtnl *r, int index, struct err *e);

struct inet_route {
	struct ip_net dst;
	struct ip_addr gw;  /* none: directly on the interface */
	struct ip_addr src; /* none: the kernel chooses */
	uint32_t mtu, advmss, priority;
	uint32_t table; /* 0: main */
	int scope;	/* RT_SCOPE_*, -1: what the gateway implies */
};

/*
 * Add a route through the interface; one to the same place through another
 * interface or gateway stays. EEXIST when this very route is there.
 */
int inet_route_add(struct rtnl *r, int index, const struct inet_route *route, struct err *e);

/* Remove the one to exactly that dst on the interface, whoever made it. ESRCH: there is none. */
int inet_route_del(struct rtnl *r, int index, const struct inet_route *route, struct err *e);

/*
 * Is there a route to exactly that dst (through that gw, if it has one) on the interface? 1, 0, -1.
 * r->torn: 0 may be wrong, even after some tries.
 */
int inet_route_find(struct rtnl *r, int index, const struct inet_route *route, struct err *e);

/* The next hop behind `last` (NULL: the first) in a route's RTA_MULTIPATH, or NULL. */
const struct rtnexthop *inet_hop(const struct nlattr *hops, const struct rtnexthop *last);

/* Does a look-up refused with that errno tell of no route, or of one that leads nowhere? */
bool inet_no_route(int num);

/* The index of the interface by which this host sends to an address. 0: no route, -1. */
int inet_oif(struct rtnl *r, const struct ip_addr *ip, struct err *e);

/*
 * What fits through the host's default route: the MTU that the route has, or its
 * interface; where it has several, the smallest. 0 in *mtu: there is no default route.
 */
int inet_uplink_mtu(struct rtnl *r, uint32_t *mtu, struct err *e);

#endif
