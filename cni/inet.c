/* SPDX-License-Identifier: Apache-2.0 */
/* inet: one message to change, one dump that the kernel filters to look. */
#include "cni/inet.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define ADDRS_MAX 4096 /* that one list may have */

uint8_t inet_family(const struct ip_addr *ip)
{
	return ip_is_v4(ip) ? AF_INET : AF_INET6;
}

static struct rtnl_req addr_req(int type, int flags, int index, const struct ip_net *net)
{
	struct ifaddrmsg ifa = {
		.ifa_family = inet_family(&net->ip),
		.ifa_prefixlen = net->bits,
		.ifa_index = (uint32_t)index,
	};
	struct rtnl_req q = rtnl_req(type, flags, &ifa, sizeof(ifa));

	rtnl_put(&q, IFA_LOCAL, net->ip.b, net->ip.len);
	rtnl_put(&q, IFA_ADDRESS, net->ip.b, net->ip.len);
	return q;
}

int inet_addr_add(struct rtnl *r, int index, const struct ip_net *net, bool dad, struct err *e)
{
	struct rtnl_req q = addr_req(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, net);

	if (ip_is_v4(&net->ip)) {
		struct ip_addr broadcast = ip_net_last(net);

		if (net->bits < 31)
			rtnl_put(&q, IFA_BROADCAST, broadcast.b, broadcast.len);
	} else if (!dad) {
		rtnl_put_u32(&q, IFA_FLAGS, IFA_F_NODAD);
	}
	return rtnl_do(r, &q, e) ? err_ctx(e, "add address %s", ip_net_text(net).s) : 0;
}

int inet_addr_del(struct rtnl *r, int index, const struct ip_net *net, struct err *e)
{
	struct rtnl_req q = addr_req(RTM_DELADDR, 0, index, net);

	return rtnl_do(r, &q, e) ? err_ctx(e, "remove address %s", ip_net_text(net).s) : 0;
}

struct addr_sink {
	struct inet_addrs addrs;
	int index;
};

static int read_addr(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	const struct ifaddrmsg *ifa = NLMSG_DATA(nlh);
	struct addr_sink *sink = arg;
	const struct nlattr *attr, *local;
	struct ip_net net = { .bits = ifa->ifa_prefixlen };
	int left = (int)NLMSG_PAYLOAD(nlh, sizeof(*ifa));

	if (nlh->nlmsg_type != RTM_NEWADDR || (sink->index && (int)ifa->ifa_index != sink->index))
		return 0;
	attr = nla_find((struct nlattr *)(void *)IFA_RTA(ifa), left, IFA_ADDRESS);
	local = nla_find((struct nlattr *)(void *)IFA_RTA(ifa), left, IFA_LOCAL);
	attr = local ? local : attr;
	if (!attr || (nla_len(attr) != 4 && nla_len(attr) != 16))
		return 0;
	net.ip.len = (uint8_t)nla_len(attr);
	memcpy(net.ip.b, nla_data(attr), net.ip.len);
	if (net.ip.len == 16 && net.ip.b[0] == 0xfe && (net.ip.b[1] & 0xc0) == 0x80)
		return 0;
	if (sink->addrs.n == ADDRS_MAX)
		return err_set(e, E2BIG, "more than %d addresses", ADDRS_MAX);
	sink->addrs.v[sink->addrs.n++] = net;
	return 0;
}

int inet_addr_list(struct rtnl *r, int index, struct arena *a, struct inet_addrs *out,
		   struct err *e)
{
	struct addr_sink sink = { .index = index };
	struct ifaddrmsg ifa = { .ifa_family = AF_UNSPEC, .ifa_index = (uint32_t)index };
	int tries = 0;

	sink.addrs.v = arena_array(a, ADDRS_MAX, sizeof(*sink.addrs.v));
	do {
		struct rtnl_req q = rtnl_req(RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa));

		sink.addrs.n = 0;
		if (rtnl_ask(r, &q, read_addr, &sink, e))
			return err_ctx(e, "list addresses");
	} while (rtnl_again(r, &tries));
	*out = sink.addrs;
	return 0;
}

static int read_tentative(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	const struct ifaddrmsg *ifa = NLMSG_DATA(nlh);
	const struct nlattr *attr = nla_find((struct nlattr *)(void *)IFA_RTA(ifa),
					     (int)NLMSG_PAYLOAD(nlh, sizeof(*ifa)), IFA_FLAGS);
	uint32_t flags = attr ? nla_get_u32(attr) : ifa->ifa_flags;

	if (nlh->nlmsg_type != RTM_NEWADDR)
		return 0;
	if (flags & IFA_F_DADFAILED)
		return err_set(e, EADDRINUSE, "an IPv6 address is used by somebody else");
	*(bool *)arg |= (flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC);
	return 0;
}

int inet_addr_tentative(struct rtnl *r, int index, struct err *e)
{
	struct ifaddrmsg ifa = { .ifa_family = AF_INET6, .ifa_index = (uint32_t)index };
	struct rtnl_req q = rtnl_req(RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa));
	bool tentative = false;

	return rtnl_ask(r, &q, read_tentative, &tentative, e) ? -1 : tentative || r->torn;
}

static struct rtnl_req route_req(int type, int flags, const struct inet_route *route)
{
	struct ip_addr first = ip_net_first(&route->dst);
	bool link_scope = !route->gw.len && ip_is_v4(&route->dst.ip);
	uint32_t table = route->table ? route->table : RT_TABLE_MAIN;
	struct rtmsg rtm = {
		.rtm_family = inet_family(&route->dst.ip),
		.rtm_dst_len = route->dst.bits,
		.rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = link_scope ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};
	struct rtnl_req q;

	if (route->scope >= 0)
		rtm.rtm_scope = (uint8_t)route->scope;
	q = rtnl_req(type, flags, &rtm, sizeof(rtm));
	if (route->dst.bits)
		rtnl_put(&q, RTA_DST, first.b, first.len);
	if (table >= 256)
		rtnl_put_u32(&q, RTA_TABLE, table);
	return q;
}

int inet_route_add(struct rtnl *r, int index, const struct inet_route *route, struct err *e)
{
	/* Without NLM_F_EXCL: a second interface may have a route to the same place. */
	struct rtnl_req q = route_req(RTM_NEWROUTE, NLM_F_CREATE, route);

	rtnl_put_u32(&q, RTA_OIF, (uint32_t)index);
	if (route->gw.len)
		rtnl_put(&q, RTA_GATEWAY, route->gw.b, route->gw.len);
	if (route->src.len)
		rtnl_put(&q, RTA_PREFSRC, route->src.b, route->src.len);
	if (route->priority)
		rtnl_put_u32(&q, RTA_PRIORITY, route->priority);
	if (route->mtu || route->advmss) {
		struct nlattr *metrics = rtnl_nest(&q, RTA_METRICS);

		if (route->mtu)
			rtnl_put_u32(&q, RTAX_MTU, route->mtu);
		if (route->advmss)
			rtnl_put_u32(&q, RTAX_ADVMSS, route->advmss);
		rtnl_end(&q, metrics);
	}
	return rtnl_do(r, &q, e) ? err_ctx(e, "add route %s", ip_net_text(&route->dst).s) : 0;
}

int inet_route_del(struct rtnl *r, int index, const struct inet_route *route, struct err *e)
{
	struct ip_addr first = ip_net_first(&route->dst);
	struct rtmsg rtm = {
		.rtm_family = inet_family(&route->dst.ip),
		.rtm_dst_len = route->dst.bits,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_scope = RT_SCOPE_NOWHERE,
		.rtm_type = RTN_UNICAST,
	};
	struct rtnl_req q = rtnl_req(RTM_DELROUTE, 0, &rtm, sizeof(rtm));

	rtnl_put(&q, RTA_DST, first.b, first.len);
	rtnl_put_u32(&q, RTA_OIF, (uint32_t)index);
	return rtnl_do(r, &q, e) ? err_ctx(e, "remove route %s", ip_net_text(&route->dst).s) : 0;
}

struct route_sink {
	const struct inet_route *want;
	struct ip_addr first;
	int index;
	bool found;
};

static bool same_addr(const struct nlattr *attr, const struct ip_addr *ip)
{
	return attr && nla_len(attr) == ip->len && !memcmp(nla_data(attr), ip->b, ip->len);
}

static bool same_hop(const struct route_sink *sink, int oif, const struct nlattr *attrs, int len)
{
	const struct ip_addr *gw = &sink->want->gw;

	return oif == sink->index && (!gw->len || same_addr(nla_find(attrs, len, RTA_GATEWAY), gw));
}

const struct rtnexthop *inet_hop(const struct nlattr *hops, const struct rtnexthop *last)
{
	const struct rtnexthop *hop = last ? RTNH_NEXT(last) : nla_data(hops);
	int left = (int)((const char *)nla_data(hops) + nla_len(hops) - (const char *)hop);

	return left >= (int)sizeof(*hop) && RTNH_OK(hop, left) ? hop : NULL;
}

/* Of a route with many. */
static bool has_hop(const struct route_sink *sink, const struct nlattr *hops)
{
	for (const struct rtnexthop *hop = NULL; (hop = inet_hop(hops, hop));)
		if (same_hop(sink, hop->rtnh_ifindex, (struct nlattr *)(void *)RTNH_DATA(hop),
			     (int)(hop->rtnh_len - sizeof(*hop))))
			return true;
	return false;
}

/* IPv6 routes through several gateways to the same place are one to the kernel, with many hops. */
static int read_route(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	const struct rtmsg *rtm = NLMSG_DATA(nlh);
	struct nlattr *head = (struct nlattr *)(void *)RTM_RTA(rtm), *oif, *hops;
	struct route_sink *sink = arg;
	int left = (int)NLMSG_PAYLOAD(nlh, sizeof(*rtm));

	(void)e;
	if (nlh->nlmsg_type != RTM_NEWROUTE || rtm->rtm_dst_len != sink->want->dst.bits)
		return 0;
	if (sink->want->dst.bits && !same_addr(nla_find(head, left, RTA_DST), &sink->first))
		return 0;
	oif = nla_find(head, left, RTA_OIF);
	hops = nla_find(head, left, RTA_MULTIPATH);
	sink->found |= oif && same_hop(sink, (int)nla_get_u32(oif), head, left);
	sink->found |= hops && has_hop(sink, hops);
	return 0;
}

int inet_route_find(struct rtnl *r, int index, const struct inet_route *route, struct err *e)
{
	struct rtmsg rtm = { .rtm_family = inet_family(&route->dst.ip) };
	struct route_sink sink = { .want = route,
				   .first = ip_net_first(&route->dst),
				   .index = index };
	int tries = 0;

	do {
		struct rtnl_req q = rtnl_req(RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm));

		rtnl_put_u32(&q, RTA_OIF, (uint32_t)index);
		rtnl_put_u32(&q, RTA_TABLE, route->table ? route->table : RT_TABLE_MAIN);
		if (rtnl_ask(r, &q, read_route, &sink, e))
			return err_ctx(e, "look for route %s", ip_net_text(&route->dst).s);
	} while (!sink.found && rtnl_again(r, &tries));
	return sink.found;
}

static int read_oif(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	const struct rtmsg *rtm = NLMSG_DATA(nlh);
	const struct nlattr *oif = nla_find((struct nlattr *)(void *)RTM_RTA(rtm),
					    (int)NLMSG_PAYLOAD(nlh, sizeof(*rtm)), RTA_OIF);

	(void)e;
	if (nlh->nlmsg_type == RTM_NEWROUTE && oif)
		*(int *)arg = (int)nla_get_u32(oif);
	return 0;
}

bool inet_no_route(int num)
{
	switch (num) {
	case ENETUNREACH: /* none at all */
	case EHOSTUNREACH:
	case EINVAL:	   /* blackhole */
	case EACCES:	   /* prohibit */
	case EAGAIN:	   /* throw */
	case EAFNOSUPPORT: /* no IPv6 in the kernel */
		return true;
	default:
		return false;
	}
}

int inet_oif(struct rtnl *r, const struct ip_addr *ip, struct err *e)
{
	struct rtmsg rtm = { .rtm_family = inet_family(ip), .rtm_dst_len = ip_width(ip) };
	struct rtnl_req q = rtnl_req(RTM_GETROUTE, 0, &rtm, sizeof(rtm));
	int index = 0;

	rtnl_put(&q, RTA_DST, ip->b, ip->len);
	if (!rtnl_ask(r, &q, read_oif, &index, e))
		return index;
	return inet_no_route(e->num) ? 0 : err_ctx(e, "look for the route to %s", ip_text(ip).s);
}
