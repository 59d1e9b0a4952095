/* SPDX-License-Identifier: Apache-2.0 */
/* net: the host's and the pod's namespace, and a socket in each. */
#ifndef CNI_NET_H
#define CNI_NET_H

#include <stdbool.h>

#include "cni/link.h"
#include "cni/nft.h"
#include "cni/rtnl.h"
#include "spec/base/err.h"
#include "spec/cni/addr.h"

/*
 * Sockets and namespaces of one run. Sockets stay in the namespace in which
 * they were opened, so messages need no setns(); sysctls do, and the process
 * moves only when the next one is elsewhere.
 */
struct net {
	int host_ns, pod_ns; /* fds; pod_ns -1: no pod */
	bool in_pod;	     /* where this process is now */
	struct rtnl host, pod;
	struct nft nft;	      /* opened when first needed */
	bool handed;	      /* a child has it too, and will close it */
	const char *pod_dev;  /* the interface in the pod that was looked up last, */
	int pod_index;	      /* and its index */
	const char *gate;     /* the host's device with the gateways' addresses, */
	int gate_index;	      /* and its index */
	const char *mapped;   /* owner of the host ports that this run mapped, or NULL */
	const char *guarded;  /* owner of the port whose MAC this run had checked, or NULL */
	const char *admitted; /* owner of the firewall's elements that this run made, or NULL */
	bool freed_port;      /* this run took a port off a bridge */
	const char *hosts;    /* file with names that this run wrote, or NULL */
	const char *ifb;      /* that this run created, or NULL */
	int proxied;	      /* index of the device on which this run made the host answer */
	const struct ip_addr *proxies; /* for the first n_proxies of these */
	size_t n_proxies;
	int limited;	  /* index of the host's end whose queues this run made, or 0 */
	const char *made; /* host end of the veth pair that this run created, or NULL */
};
#define NET_INIT                                                                                   \
	{                                                                                          \
		.host_ns = -1, .pod_ns = -1                                                        \
	}

/* pod_ns is borrowed, -1 for none. */
int net_open(struct net *n, int pod_ns, struct err *e);

/* Back in the host's namespace; where closing the nft socket takes long a child does it. */
void net_close(struct net *n);

#define auto_net __attribute__((cleanup(net_close)))

/* Move the process there, if it is elsewhere. */
int net_go(struct net *n, bool pod, struct err *e);

/* Open n->nft if it is not. */
int net_need_nft(struct net *n, struct err *e);

#endif
