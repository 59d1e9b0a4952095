/* SPDX-License-Identifier: Apache-2.0 */
/* ptp: addresses and routes at both ends of the pair. */
#include "cni/ptp.h"

#include <linux/rtnetlink.h>

#include "spec/cni/error.h"

static int check(const struct ipam_result *ipam, struct err *e)
{
	if (!ipam->ips.n)
		return cni_err(e, CNI_ERR_CONFIG, "ipam: a routed pod needs an address");
	for (size_t i = 0; i < ipam->ips.n; i++)
		if (ipam->ips.v[i].gateway.len != ipam->ips.v[i].address.ip.len)
			return cni_err(e, CNI_ERR_CONFIG,
				       "ipam: a routed pod needs a gateway, %s has none",
				       ip_net_text(&ipam->ips.v[i].address).s);
	return 0;
}

static struct ip_net whole(const struct ip_addr *ip)
{
	return (struct ip_net){ *ip, ip_width(ip) };
}

static struct op *plan_route(enum op_where where, const char *dev, const struct ip_net *dst,
			     struct plan *p)
{
	struct op *op = plan_op(p, OP_ROUTE, where, dev);

	op->route = (struct inet_route){ .dst = *dst, .scope = -1 };
	return op;
}

/*
 * In place of the route that the kernel makes for the subnet: the gateway is on
 * the link, all else behind it.
 */
static void plan_pod_side(const struct attach *at, const struct ipam_addr *addr, struct plan *p)
{
	struct ip_net gw = whole(&addr->gateway),
		      subnet = { ip_net_first(&addr->address), addr->address.bits };
	bool has_subnet = subnet.bits < ip_width(&subnet.ip);
	struct op *op;

	if (has_subnet)
		plan_op(p, OP_UNROUTE, IN_POD, at->ifname)->unroute = subnet;
	op = plan_route(IN_POD, at->ifname, &gw, p);
	op->route.src = addr->address.ip;
	if (!has_subnet)
		return;
	op = plan_route(IN_POD, at->ifname, &subnet, p);
	op->route.gw = addr->gateway;
	op->route.src = addr->address.ip;
}

static void plan_host_side(const char *host, const struct ipam_addr *addr, struct plan *p)
{
	struct ip_net gw = whole(&addr->gateway), pod = whole(&addr->address.ip);

	plan_op(p, OP_ADDR, ON_HOST, host)->addr.net = gw;
	plan_route(ON_HOST, host, &pod, p)->route.scope = RT_SCOPE_HOST;
}

static void plan_pair(const struct pod_conf *c, const struct attach *at,
		      const struct ipam_result *ipam, struct plan *p)
{
	char *host = attach_host_name(at, p->a);
	struct op *op = plan_op(p, OP_VETH, ON_HOST, host);

	op->veth.peer = at->ifname;
	op->veth.mac = attach_mac(at, "host");
	op->veth.peer_mac = pod_mac(c, at, ipam, p->a);
	op->veth.mtu = c->mtu;
	/* Addresses and routes of IPv6 on every pair are what the kernel walks for the next one. */
	op->veth.bare = c->bare && ipam->ips.n && !pod_has_family(ipam, false);
	if (!op->veth.bare)
		plan_sysctl(p, ON_HOST, arena_printf(p->a, "net/ipv6/conf/%s/accept_ra", host), "0",
			    true);
}

static int plan_rest(const struct pod_conf *c, const struct attach *at,
		     const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	char *host = attach_host_name(at, p->a);

	pod_plan_forwarding(ipam, p);
	pod_plan_addresses(c, at, ipam, p);
	for (size_t i = 0; i < ipam->ips.n; i++)
		plan_pod_side(at, &ipam->ips.v[i], p);
	if (pod_plan_routes(at, ipam, p, e))
		return -1;
	for (size_t i = 0; i < ipam->ips.n; i++)
		plan_host_side(host, &ipam->ips.v[i], p);
	pod_plan_masq(c, at, ipam, p);
	plan_op(p, OP_WAIT, ON_HOST, host);
	return 0;
}

int ptp_plan_add(const struct pod_conf *c, const struct attach *at, const struct ipam_result *ipam,
		 struct plan *p, struct err *e)
{
	if (check(ipam, e))
		return -1;
	plan_pair(c, at, ipam, p);
	return plan_rest(c, at, ipam, p, e);
}

void ptp_plan_link(const struct pod_conf *c, const struct attach *at, struct plan *p)
{
	const struct ipam_result none = { .ips = { 0, NULL } };

	plan_pair(c, at, &none, p);
}

int ptp_plan_net(const struct pod_conf *c, const struct attach *at, const struct ipam_result *ipam,
		 struct plan *p, struct err *e)
{
	return check(ipam, e) ? -1 : plan_rest(c, at, ipam, p, e);
}
