/* SPDX-License-Identifier: Apache-2.0 */
/* plan: growing the list, printing it, and the names derived by hash. */
#include "cni/plan.h"

#include <linux/rtnetlink.h>
#include <string.h>

struct op *plan_op(struct plan *p, enum op_kind kind, enum op_where where, const char *dev)
{
	struct op *op;

	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 32;
		struct op *v = arena_array(p->a, cap, sizeof(*v));

		if (p->n)
			memcpy(v, p->v, p->n * sizeof(*v));
		p->v = v;
		p->cap = cap;
	}
	op = &p->v[p->n++];
	op->kind = kind;
	op->where = where;
	op->dev = dev;
	return op;
}

void plan_sysctl(struct plan *p, enum op_where where, const char *name, const char *value,
		 bool optional)
{
	struct op *op = plan_op(p, OP_SYSCTL, where, NULL);

	op->sysctl.name = name;
	op->sysctl.value = value;
	op->sysctl.optional = optional;
}

/* ---- printing ---- */

static void print_mtu(uint32_t mtu, struct str *out)
{
	if (mtu)
		str_addf(out, " mtu %u", mtu);
}

static void print_bridge(const struct op *op, struct str *out)
{
	print_mtu(op->bridge.mtu, out);
	str_add(out, op->bridge.promisc ? " promisc" : "");
	str_add(out, op->bridge.tagged ? " vlan filtering" : "");
	str_add(out, op->bridge.deaf ? " no multicast snooping" : "");
}

static void print_veth(const struct op *op, struct str *out)
{
	str_addf(out, " mac %s", mac_text(&op->veth.mac).s);
	if (op->veth.master)
		str_addf(out, " master %s", op->veth.master);
	str_add(out, op->veth.hairpin ? " hairpin" : "");
	str_add(out, op->veth.isolated ? " isolated" : "");
	str_addf(out, " peer %s mac %s", op->veth.peer, mac_text(&op->veth.peer_mac).s);
	print_mtu(op->veth.mtu, out);
}

static void print_vlans(const struct op *op, struct str *out)
{
	const struct vlans *v = &op->vlans;

	str_add(out, v->keep ? " beside its own" : "");
	if (v->pvid)
		str_addf(out, " untagged %u", v->pvid);
	for (size_t i = 0; i < v->n; i++)
		str_addf(out, " tagged %u-%u", v->v[i].first, v->v[i].last);
	str_add(out, v->native ? " untagged 1" : "");
}

static void print_vlan_gate(const struct op *op, struct str *out)
{
	str_addf(out, " by %s on %s vlan %u%s", op->vlan_gate.port, op->vlan_gate.bridge,
		 op->vlan_gate.vid, op->vlan_gate.keep ? " beside its own" : "");
}

static void print_spoof(const struct op *op, struct str *out)
{
	str_addf(out, " only mac %s of %s", mac_text(&op->spoof.mac).s, op->spoof.owner);
}

static void print_unspoof(const struct op *op, struct str *out)
{
	str_addf(out, " ports of %s", op->spoof.owner);
}

static void print_sysctl(const struct op *op, struct str *out)
{
	str_addf(out, " %s=%s%s", op->sysctl.name, op->sysctl.value,
		 op->sysctl.optional ? " if there" : "");
}

static void print_addr(const struct op *op, struct str *out)
{
	str_addf(out, " %s%s", ip_net_text(&op->addr.net).s, op->addr.dad ? " tentative" : "");
}

static void print_unroute(const struct op *op, struct str *out)
{
	str_addf(out, " %s", ip_net_text(&op->unroute).s);
}

static void print_gateway(const struct op *op, struct str *out)
{
	str_addf(out, " %s%s", ip_net_text(&op->gateway.addr).s, op->gateway.force ? " force" : "");
}

static void print_route(const struct op *op, struct str *out)
{
	const struct inet_route *r = &op->route;

	str_addf(out, " %s", ip_net_text(&r->dst).s);
	if (r->gw.len)
		str_addf(out, " via %s", ip_text(&r->gw).s);
	print_mtu(r->mtu, out);
	if (r->advmss)
		str_addf(out, " advmss %u", r->advmss);
	if (r->priority)
		str_addf(out, " priority %u", r->priority);
	if (r->table)
		str_addf(out, " table %u", r->table);
	if (r->scope >= 0)
		str_addf(out, " scope %d", r->scope);
	if (r->src.len)
		str_addf(out, " src %s", ip_text(&r->src).s);
}

static void print_masq(const struct op *op, struct str *out)
{
	str_addf(out, " %s network %s", ip_net_text(&op->masq.subnet).s, op->masq.network);
}

static void print_ports(const struct op *op, struct str *out)
{
	static const char *const snat[] = {
		[PORT_SNAT_NONE] = "",
		[PORT_SNAT_LOCAL] = " snat local",
		[PORT_SNAT_ALL] = " snat all",
	};
	const struct portmap *p = &op->ports;

	str_addf(out, " of %s%s%s", p->owner, *p->device ? " on " : "", p->device);
	if (p->bridge)
		str_addf(out, " bridge %s", p->bridge);
	str_add(out, snat[p->snat]);
	for (size_t i = 0; i < p->maps->n; i++) {
		const struct port_map *map = &p->maps->v[i];

		str_addf(out, ", %s to %s port %u", port_text(map).s, ip_text(&map->ip).s,
			 map->port);
	}
}

static void print_admit(const struct op *op, struct str *out)
{
	static const char *const policies[] = {
		[INGRESS_OPEN] = "open",
		[INGRESS_SAME_BRIDGE] = "same-bridge",
		[INGRESS_ISOLATED] = "isolated",
	};

	str_addf(out, " %s%s%s of %s", policies[op->admit.policy], op->admit.bridge ? " " : "",
		 op->admit.bridge ? op->admit.bridge : "", op->admit.owner);
	for (size_t i = 0; i < op->admit.n_ips; i++)
		str_addf(out, ", %s", ip_text(&op->admit.ips[i]).s);
}

static void print_expel(const struct op *op, struct str *out)
{
	str_addf(out, " %s", op->admit.owner);
}

static void print_hosts(const struct op *op, struct str *out)
{
	str_addf(out, " %s", op->hosts.file);
}

static void print_announce(const struct op *op, struct str *out)
{
	str_addf(out, " %s", ip_text(&op->announce.ip).s);
	if (op->announce.gate)
		str_addf(out, " to %s", op->announce.gate);
}

static void print_limit(const struct op *op, struct str *out)
{
	str_addf(out, " %llu bytes a second burst %u queue %u", (unsigned long long)op->limit.rate,
		 op->limit.burst, op->limit.limit);
}

static void print_ifb(const struct op *op, struct str *out)
{
	str_addf(out, " like %s", op->ifb.like);
}

static void print_detour(const struct op *op, struct str *out)
{
	str_addf(out, " by %s", op->detour.by);
}

static void print_tune(const struct op *op, struct str *out)
{
	const struct link_tune *t = &op->tune;

	if (t->has_mac)
		str_addf(out, " mac %s", mac_text(&t->mac).s);
	print_mtu(t->mtu, out);
	if (t->promisc.set)
		str_addf(out, " promisc %s", t->promisc.v ? "on" : "off");
	if (t->allmulti.set)
		str_addf(out, " allmulti %s", t->allmulti.v ? "on" : "off");
	if (t->tx_queue.set)
		str_addf(out, " txqueuelen %u", t->tx_queue.v);
}

static void print_file(const struct op *op, struct str *out)
{
	str_addf(out, " %s", op->save.file);
}

static void print_unmap(const struct op *op, struct str *out)
{
	str_addf(out, " ports of %s", op->unmap);
}

static void print_proxy(const struct op *op, struct str *out)
{
	for (size_t i = 0; i < op->proxy.n_ips; i++)
		str_addf(out, " %s", ip_text(&op->proxy.ips[i]).s);
}

static void print_leases(const struct op *op, struct str *out)
{
	str_addf(out, " %s/%s of %s %s", op->leases.data_dir, op->leases.network,
		 op->leases.container_id, op->leases.ifname);
	if (op->leases.bridge)
		str_addf(out, " proxies on %s", op->leases.bridge);
}

static void print_delete(const struct op *op, struct str *out)
{
	if (op->delete.pod_dev)
		str_addf(out, " or %s in the pod", op->delete.pod_dev);
}

static const struct {
	const char *name;
	void (*print)(const struct op *op, struct str *out);
} kinds[OP_COUNT] = {
	[OP_BRIDGE] = { "bridge", print_bridge },
	[OP_VETH] = { "veth", print_veth },
	[OP_VLANS] = { "vlans", print_vlans },
	[OP_VLAN_GATE] = { "vlan gate", print_vlan_gate },
	[OP_SPOOF] = { "spoof check", print_spoof },
	[OP_SYSCTL] = { "sysctl", print_sysctl },
	[OP_NOTIFY] = { "notify", NULL },
	[OP_ADDR] = { "address", print_addr },
	[OP_UP] = { "up", NULL },
	[OP_SETTLE] = { "settle", NULL },
	[OP_GATEWAY] = { "gateway", print_gateway },
	[OP_ROUTE] = { "route", print_route },
	[OP_UNROUTE] = { "no route", print_unroute },
	[OP_MASQ] = { "masquerade", print_masq },
	[OP_PROXY] = { "proxy", print_proxy },
	[OP_PORTS] = { "map ports", print_ports },
	[OP_ADMIT] = { "admit", print_admit },
	[OP_EXPEL] = { "expel", print_expel },
	[OP_LIMIT] = { "limit", print_limit },
	[OP_IFB] = { "ifb", print_ifb },
	[OP_DETOUR] = { "detour", print_detour },
	[OP_HOSTS] = { "hosts", print_hosts },
	[OP_UNHOSTS] = { "no hosts", print_hosts },
	[OP_SAVE] = { "save", print_file },
	[OP_TUNE] = { "tune", print_tune },
	[OP_RESTORE] = { "restore", print_file },
	[OP_WAIT] = { "wait", NULL },
	[OP_ANNOUNCE] = { "announce", print_announce },
	[OP_DETACH] = { "detach", NULL },
	[OP_UNSPOOF] = { "no spoof check", print_unspoof },
	[OP_UNMAP] = { "unmap", print_unmap },
	[OP_LEASES] = { "leases", print_leases },
	[OP_DELETE] = { "delete", print_delete },
};

void plan_print(const struct plan *p, struct str *out)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct op *op = &p->v[i];

		str_addf(out, "%s %s", op->where == ON_HOST ? "host" : "pod", kinds[op->kind].name);
		if (op->dev)
			str_addf(out, " %s", op->dev);
		if (kinds[op->kind].print)
			kinds[op->kind].print(op, out);
		str_addc(out, '\n');
	}
}

/* ---- names ---- */

/* FNV-1a over the parts with their NULs, then a finaliser that spreads every bit. */
uint64_t plan_hash(const char *const *part, size_t n)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++) {
		const char *p = part[i];

		do {
			h = (h ^ (unsigned char)*p) * 0x100000001b3;
		} while (*p++);
	}
	h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
	h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
	return h ^ (h >> 33);
}

char *attach_host_name(const struct attach *at, struct arena *a)
{
	const char *part[] = { at->network, at->container_id, at->ifname };

	return arena_printf(a, "veth%011llx", (unsigned long long)(plan_hash(part, 3) >> 20));
}

struct mac attach_mac(const struct attach *at, const char *which)
{
	const char *part[] = { at->network, at->container_id, at->ifname, which };
	uint64_t h = plan_hash(part, 4);
	struct mac mac;

	for (int i = 0; i < MAC_LEN; i++)
		mac.b[i] = (uint8_t)(h >> (8 * i));
	mac.b[0] = (uint8_t)((mac.b[0] & ~1U) | 2U); /* one station, chosen locally */
	return mac;
}

struct mac attach_pod_mac(const struct attach *at, const struct ip_net *addrs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *b = addrs[i].ip.b;

		if (ip_is_v4(&addrs[i].ip))
			return (struct mac){ { 0x0a, 0x58, b[0], b[1], b[2], b[3] } };
	}
	return attach_mac(at, "pod");
}
