/* SPDX-License-Identifier: Apache-2.0 */
/* net: open in the right namespace, close in the right order. */
#include "cni/net.h"

#include <errno.h>

#include "cni/detach.h"
#include "cni/netns.h"
#include "spec/base/auto.h"

int net_go(struct net *n, bool pod, struct err *e)
{
	if (n->in_pod == pod)
		return 0;
	if (pod && n->pod_ns < 0)
		return err_set(e, ENOENT, "there is no pod namespace");
	if (netns_enter(pod ? n->pod_ns : n->host_ns, e))
		return -1;
	n->in_pod = pod;
	return 0;
}

int net_open(struct net *n, int pod_ns, struct err *e)
{
	*n = (struct net)NET_INIT;
	n->host_ns = netns_self(e);
	n->pod_ns = pod_ns;
	if (n->host_ns < 0 || rtnl_open(&n->host, e))
		return -1;
	if (pod_ns < 0)
		return 0;
	return net_go(n, true, e) || rtnl_open(&n->pod, e) ? -1 : 0;
}

void net_close(struct net *n)
{
	struct err ignored;

	if (n->in_pod)
		net_go(n, false, &ignored);
	rtnl_close(&n->pod);
	rtnl_close(&n->host);
	if (n->nft.sock && n->nft.slow && !n->handed)
		close_detached(nft_fd(&n->nft));
	nft_close(&n->nft);
	close_fd(&n->host_ns);
}

int net_need_nft(struct net *n, struct err *e)
{
	if (n->nft.sock)
		return 0;
	return net_go(n, false, e) || nft_open(&n->nft, e) ? -1 : 0;
}
