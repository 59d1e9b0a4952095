/* SPDX-License-Identifier: Apache-2.0 */
/* uplink: the default route, found without reading a routing table that may be a whole internet's.
 */
#include <linux/rtnetlink.h>
#include <string.h>

#include "cni/inet.h"
#include "cni/link.h"

/* Of documentation's networks: nobody has a better route to all of them. */
static const struct ip_addr probes[] = {
	{ 4, { 192, 0, 2, 1 } },	  { 4, { 198, 51, 100, 1 } },
	{ 4, { 203, 0, 113, 1 } },	  { 16, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
	{ 16, { 0x3f, 0xff, [15] = 1 } },
};

#define HOPS_MAX 64 /* that are looked at */

struct uplink {
	int hops[HOPS_MAX]; /* interfaces */
	size_t n;	    /* 0: no default route */
	uint32_t mtu;
};

static int read_uplink(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	const struct rtmsg *rtm = NLMSG_DATA(nlh);
	struct nlattr *head = (struct nlattr *)(void *)RTM_RTA(rtm), *oif, *hops, *metrics, *mtu;
	int left = (int)NLMSG_PAYLOAD(nlh, sizeof(*rtm));
	const struct rtnexthop *hop = NULL;
	struct uplink *u = arg;

	(void)e;
	if (nlh->nlmsg_type != RTM_NEWROUTE || rtm->rtm_dst_len || rtm->rtm_type != RTN_UNICAST)
		return 0;
	oif = nla_find(head, left, RTA_OIF);
	hops = nla_find(head, left, RTA_MULTIPATH);
	metrics = nla_find(head, left, RTA_METRICS);
	mtu = metrics ? nla_find(nla_data(metrics), nla_len(metrics), RTAX_MTU) : NULL;
	if (oif)
		u->hops[u->n++] = (int)nla_get_u32(oif);
	while (hops && u->n < HOPS_MAX && (hop = inet_hop(hops, hop)))
		u->hops[u->n++] = hop->rtnh_ifindex;
	u->mtu = mtu ? nla_get_u32(mtu) : 0;
	return 0;
}

/* The route itself (RTM_F_FIB_MATCH), not what comes out for the one address. */
static int probe(struct rtnl *r, const struct ip_addr *ip, struct uplink *u, struct err *e)
{
	struct rtmsg rtm = {
		.rtm_family = inet_family(ip),
		.rtm_dst_len = ip_width(ip),
		.rtm_flags = RTM_F_FIB_MATCH,
	};
	struct rtnl_req q = rtnl_req(RTM_GETROUTE, 0, &rtm, sizeof(rtm));

	rtnl_put(&q, RTA_DST, ip->b, ip->len);
	return rtnl_ask(r, &q, read_uplink, u, e) && !inet_no_route(e->num) ? -1 : 0;
}

int inet_uplink_mtu(struct rtnl *r, uint32_t *mtu, struct err *e)
{
	struct uplink u = { .n = 0 };
	uint32_t least = 0;
	struct link link;

	for (size_t i = 0; i < sizeof(probes) / sizeof(*probes) && !u.n; i++)
		if (probe(r, &probes[i], &u, e))
			return err_ctx(e, "look for the default route");
	for (size_t i = 0; i < u.n && !u.mtu; i++) {
		int there = link_by_index(r, u.hops[i], &link, e);

		if (there < 0)
			return -1;
		if (there && (!least || link.mtu < least))
			least = link.mtu;
	}
	*mtu = u.mtu ? u.mtu : least;
	return 0;
}
