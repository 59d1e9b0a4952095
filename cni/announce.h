/* SPDX-License-Identifier: Apache-2.0 */
/* announce: tell the link's neighbours which MAC an address has now. */
#ifndef CNI_ANNOUNCE_H
#define CNI_ANNOUNCE_H

#include "cni/link.h"
#include "cni/rtnl.h"
#include "spec/base/err.h"
#include "spec/cni/addr.h"

/*
 * The host alone, whose interface `gate` has the gateway's address: its entry of
 * the address, if it has one, gets the MAC of the pod's interface, and so does
 * the bridge's table of MACs. The socket is the host's; 0, or -1 with *e filled.
 */
int announce_to_host(struct rtnl *host, int gate, const struct link *link, const struct ip_addr *ip,
		     struct err *e);

/*
 * All neighbours of a pod's interface, which is up: a gratuitous ARP request (RFC
 * 5227, 3) of each of its IPv4 addresses, which the kernel sends as
 * link_set_arp_notify() told it, or an unsolicited neighbour advertisement (RFC
 * 4861, 7.2.6), from the current network namespace. Who knows the address puts its
 * cache right. The socket is the pod's; 0, or -1 with *e filled.
 */
int announce_to_all(struct rtnl *pod, const struct link *link, const struct ip_addr *ip,
		    struct err *e);

#endif
