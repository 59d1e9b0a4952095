/* SPDX-License-Identifier: Apache-2.0 */
/* bridge: from config and addresses to operations. */
#include "cni/bridge.h"

#include <string.h>

#include "cni/owner.h"
#include "spec/base/str.h"

/* ---- what is not said ---- */

/* Is there a default route of that family (in the main table)? */
static bool has_default(const struct ipam_result *ipam, const struct ip_addr *gw)
{
	for (size_t i = 0; i < ipam->routes.n; i++) {
		const struct cni_route *r = &ipam->routes.v[i];
		struct ip_net dst;

		if (!ip_net_parse(r->dst, &dst) && !dst.bits && dst.ip.len == gw->len &&
		    !(r->table.set && r->table.v))
			return true;
	}
	return false;
}

static void add_default(struct ipam_result *ipam, const struct ip_addr *gw, struct arena *a)
{
	struct cni_route *v = arena_array(a, ipam->routes.n + 1, sizeof(*v));

	if (ipam->routes.n)
		memcpy(v, ipam->routes.v, ipam->routes.n * sizeof(*v));
	v[ipam->routes.n++] = (struct cni_route){
		.dst = arena_strdup(a, ip_is_v4(gw) ? "0.0.0.0/0" : "::/0"),
		.gw = arena_strdup(a, ip_text(gw).s),
	};
	ipam->routes.v = v;
}

void bridge_complete(const struct bridge_conf *c, struct arena *a, struct ipam_result *ipam)
{
	if (!c->is_gateway)
		return;
	for (size_t i = 0; i < ipam->ips.n; i++) {
		struct ipam_addr *addr = &ipam->ips.v[i];
		struct ip_addr first = ip_net_first(&addr->address);

		if (!addr->gateway.len)
			addr->gateway = ip_next(&first);
		if (c->is_default_gateway && !has_default(ipam, &addr->gateway))
			add_default(ipam, &addr->gateway, a);
	}
}

/* ---- planning ADD ---- */

static void plan_bridge(const struct bridge_conf *c, struct plan *p)
{
	struct op *op = plan_op(p, OP_BRIDGE, ON_HOST, c->bridge);

	op->bridge.mtu = c->pod.mtu;
	op->bridge.promisc = c->promisc;
	op->bridge.tagged = c->tagged;
	op->bridge.deaf = c->pod.bare;
}

/* With a VLAN the gateway's address is on an interface of its own, plugged into the bridge. */
static void plan_vlan_gate(const struct bridge_conf *c, struct plan *p)
{
	const char *part[] = { c->bridge, c->vlan_dev };
	struct op *op = plan_op(p, OP_VLAN_GATE, ON_HOST, c->vlan_dev);

	op->vlan_gate.bridge = c->bridge;
	op->vlan_gate.port =
		arena_printf(p->a, "veth%011llx", (unsigned long long)(plan_hash(part, 2) >> 20));
	op->vlan_gate.vid = c->vlans.pvid;
	op->vlan_gate.keep = c->vlans.keep;
}

/* Addresses of the bridge come before the pair: a conflict there is the likeliest failure. */
static void plan_gateways(const struct bridge_conf *c, const struct ipam_result *ipam,
			  struct plan *p)
{
	if (!c->is_gateway)
		return;
	if (c->vlan_dev && ipam->ips.n)
		plan_vlan_gate(c, p);
	for (size_t i = 0; i < ipam->ips.n; i++) {
		const struct ipam_addr *addr = &ipam->ips.v[i];
		struct op *op;

		if (!addr->gateway.len)
			continue;
		op = plan_op(p, OP_GATEWAY, ON_HOST, c->vlan_dev ? c->vlan_dev : c->bridge);
		op->gateway.addr = (struct ip_net){ addr->gateway, addr->address.bits };
		op->gateway.force = c->force_address;
		op->gateway.friends = ipam->gateways.v;
		op->gateway.n_friends = ipam->gateways.n;
	}
	pod_plan_forwarding(ipam, p);
}

static void plan_spoof(const struct attach *at, const char *host, const struct mac *mac,
		       struct plan *p)
{
	struct op *op = plan_op(p, OP_SPOOF, ON_HOST, host);

	op->spoof.owner = owner_of(at, p->a);
	op->spoof.mac = *mac;
}

static void plan_pair(const struct bridge_conf *c, const struct attach *at,
		      const struct ipam_result *ipam, struct plan *p)
{
	const char *host = attach_host_name(at, p->a);
	struct mac mac = pod_mac(&c->pod, at, ipam, p->a);
	struct op *op;

	if (c->spoof_check) /* before the first packet */
		plan_spoof(at, host, &mac, p);
	op = plan_op(p, OP_VETH, ON_HOST, host);
	op->veth.peer = at->ifname;
	op->veth.master = c->bridge;
	op->veth.mac = attach_mac(at, "host");
	op->veth.peer_mac = mac;
	op->veth.mtu = c->pod.mtu;
	op->veth.hairpin = c->hairpin;
	op->veth.isolated = c->isolated;
	op->veth.bare = c->pod.bare;
	if (c->vlans.pvid || c->vlans.n) {
		op = plan_op(p, OP_VLANS, ON_HOST, host);
		op->vlans = c->vlans;
	}
	if (!c->pod.bare)
		plan_sysctl(p, ON_HOST, arena_printf(p->a, "net/ipv6/conf/%s/accept_ra", host), "0",
			    true);
}

/*
 * Where all pods have the MACs of their addresses only the host is told: what is
 * for all goes to every port, a thousand copies for a thousand pods.
 */
static void plan_announcements(const struct bridge_conf *c, const struct attach *at,
			       const struct ipam_result *ipam, struct plan *p)
{
	const struct ip_addr *v4 = pod_address(ipam, true);

	for (size_t i = 0; i < ipam->ips.n; i++) {
		struct op *op = plan_op(p, OP_ANNOUNCE, IN_POD, at->ifname);

		op->announce.ip = ipam->ips.v[i].address.ip;
		if (c->pod.quiet && v4 && ip_eq(&op->announce.ip, v4)) /* the MAC follows from it */
			op->announce.gate = c->vlan_dev ? c->vlan_dev : c->bridge;
	}
}

/* All behind the pair. */
static int plan_rest(const struct bridge_conf *c, const struct attach *at,
		     const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	pod_plan_addresses(&c->pod, at, ipam, p);
	if (pod_plan_routes(at, ipam, p, e))
		return -1;
	pod_plan_masq(&c->pod, at, ipam, p);
	if (c->pod.idle)
		return 0;
	plan_op(p, OP_WAIT, ON_HOST, attach_host_name(at, p->a));
	plan_announcements(c, at, ipam, p);
	return 0;
}

int bridge_plan_add(const struct bridge_conf *c, const struct attach *at,
		    const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	plan_bridge(c, p);
	plan_gateways(c, ipam, p);
	plan_pair(c, at, ipam, p);
	return plan_rest(c, at, ipam, p, e);
}

void bridge_plan_link(const struct bridge_conf *c, const struct attach *at, struct plan *p)
{
	const struct ipam_result none = { .ips = { 0, NULL } };

	plan_bridge(c, p);
	plan_pair(c, at, &none, p);
}

int bridge_plan_net(const struct bridge_conf *c, const struct attach *at,
		    const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	struct bridge_conf heard = *c;

	heard.pod.quiet = false; /* its MAC is older than its address */
	plan_gateways(c, ipam, p);
	return plan_rest(&heard, at, ipam, p, e);
}
