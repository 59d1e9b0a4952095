/* SPDX-License-Identifier: Apache-2.0 */
/* neighbour: one message. */
#include "cni/neighbour.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "cni/inet.h"

int neighbour_do(struct rtnl *r, int type, int flags, const struct neighbour *n, struct err *e)
{
	const struct ndmsg head = {
		.ndm_family = n->ip ? inet_family(n->ip) : AF_BRIDGE,
		.ndm_ifindex = n->index,
		.ndm_state = n->state,
		.ndm_flags = n->flags,
	};
	struct rtnl_req q = rtnl_req(type, flags, &head, sizeof(head));

	if (n->ip)
		rtnl_put(&q, NDA_DST, n->ip->b, n->ip->len);
	if (n->mac)
		rtnl_put(&q, NDA_LLADDR, n->mac->b, MAC_LEN);
	if (n->protocol)
		rtnl_put_u8(&q, NDA_PROTOCOL, n->protocol);
	return rtnl_do(r, &q, e);
}
