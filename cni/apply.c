/* SPDX-License-Identifier: Apache-2.0 */
/* apply: one function per operation, and one table of them. */
#include "cni/apply.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cni/apply_guard.h"
#include "cni/apply_hosts.h"
#include "cni/apply_link.h"
#include "cni/apply_ports.h"
#include "cni/apply_proxy.h"
#include "cni/apply_tc.h"
#include "cni/apply_tune.h"
#include "cni/detach.h"
#include "cni/hostlocal.h"
#include "cni/masq.h"
#include "cni/netns.h"
#include "cni/op_link.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"

#define WAIT_STEP_NS  20000L	   /* first pause of OP_WAIT; doubles up to WAIT_MAX_NS */
#define WAIT_MAX_NS   10000000L	   /* 10 ms */
#define WAIT_TOTAL_NS 5000000000LL /* 5 s, then it is an error */

/* ---- small ones ---- */

static int do_sysctl(struct net *n, const struct op *op, struct err *e)
{
	if (net_go(n, op->where == IN_POD, e))
		return -1;
	return sysctl_set(op->sysctl.name, op->sysctl.value, op->sysctl.optional, e);
}

static int is_sysctl(struct net *n, const struct op *op, struct err *e)
{
	int same;

	if (net_go(n, op->where == IN_POD, e))
		return -1;
	same = sysctl_is(op->sysctl.name, op->sysctl.value, e);
	if (same < 0 && op->sysctl.optional && e->num == ENOENT)
		return 0;
	if (!same)
		return err_set(e, EINVAL, "sysctl %s is not %s", op->sysctl.name, op->sysctl.value);
	return same < 0 ? -1 : 0;
}

static int do_notify(struct net *n, const struct op *op, struct err *e)
{
	int index = op_index(n, op, e);

	return index < 0 ? -1 : link_set_arp_notify(op_side(n, op->where), index, e);
}

static int do_addr(struct net *n, const struct op *op, struct err *e)
{
	int index = op_index(n, op, e);

	return index < 0 ? -1
			 : inet_addr_add(op_side(n, op->where), index, &op->addr.net, op->addr.dad,
					 e);
}

static int has_addr(struct net *n, const struct op *op, const struct ip_net *net, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct inet_addrs addrs;
	struct link link;

	if (op_link(n, op, &link, e) ||
	    inet_addr_list(op_side(n, op->where), link.index, &a, &addrs, e))
		return -1;
	for (size_t i = 0; i < addrs.n; i++)
		if (ip_eq(&addrs.v[i].ip, &net->ip) && addrs.v[i].bits == net->bits)
			return 0;
	return err_set(e, ENOENT, "address %s is missing", ip_net_text(net).s);
}

static int is_addr(struct net *n, const struct op *op, struct err *e)
{
	return has_addr(n, op, &op->addr.net, e);
}

static int do_up(struct net *n, const struct op *op, struct err *e)
{
	int index = op_index(n, op, e);

	return index < 0 ? -1 : link_set_flags(op_side(n, op->where), index, IFF_UP, IFF_UP, e);
}

static int is_up(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	if (op_link(n, op, &link, e))
		return -1;
	return link.flags & IFF_UP ? 0 : err_set(e, ENETDOWN, "interface is down");
}

static int do_route(struct net *n, const struct op *op, struct err *e)
{
	int index = op_index(n, op, e);

	return index < 0 ? -1 : inet_route_add(op_side(n, op->where), index, &op->route, e);
}

static int is_route(struct net *n, const struct op *op, struct err *e)
{
	int index = op_index(n, op, e), found;

	if (index < 0)
		return -1;
	found = inet_route_find(op_side(n, op->where), index, &op->route, e);
	if (!found)
		return err_set(e, ENOENT, "route %s is missing", ip_net_text(&op->route.dst).s);
	return found < 0 ? -1 : 0;
}

/* It may be gone already, with what it led to. */
static int do_unroute(struct net *n, const struct op *op, struct err *e)
{
	const struct inet_route route = { .dst = op->unroute, .scope = -1 };
	int index = op_index(n, op, e);

	if (index < 0)
		return -1;
	return inet_route_del(op_side(n, op->where), index, &route, e) && e->num != ESRCH ? -1 : 0;
}

/* A network whose pods this host routes has an address of the subnet on the host. */
static int subnet_used(void *arg, const struct ip_net *subnet, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct inet_addrs addrs;
	struct net *n = arg;

	if (inet_addr_list(&n->host, 0, &a, &addrs, e))
		return -1;
	for (size_t i = 0; i < addrs.n; i++)
		if (addrs.v[i].bits == subnet->bits && ip_net_contains(subnet, &addrs.v[i].ip))
			return 1;
	return n->host.torn; /* it may have one that is not in the list */
}

static int do_masq(struct net *n, const struct op *op, struct err *e)
{
	if (net_need_nft(n, e))
		return -1;
	return masq_ensure(&n->nft, op->masq.network, &op->masq.subnet, subnet_used, n, e);
}

static int is_masq(struct net *n, const struct op *op, struct err *e)
{
	int there = net_need_nft(n, e) ? -1 : masq_present(&n->nft, &op->masq.subnet, e);

	if (!there)
		return err_set(e, ENOENT, "%s is not masqueraded", ip_net_text(&op->masq.subnet).s);
	return there < 0 ? -1 : 0;
}

/* ---- the bridge's own addresses ---- */

static bool is_friend(const struct op *op, const struct ip_addr *ip)
{
	for (size_t i = 0; i < op->gateway.n_friends; i++)
		if (ip_eq(&op->gateway.friends[i], ip))
			return true;
	return false;
}

/* Any second IPv4 address is in the way; of IPv6 only one of an overlapping subnet. */
static bool in_the_way(const struct op *op, const struct ip_net *other)
{
	const struct ip_net *net = &op->gateway.addr;

	if (other->ip.len != net->ip.len || is_friend(op, &other->ip))
		return ip_eq(&other->ip, &net->ip); /* same address, other prefix */
	return ip_is_v4(&net->ip) || ip_net_overlaps(other, net);
}

static int do_gateway(struct net *n, const struct op *op, struct err *e)
{
	const struct ip_net *net = &op->gateway.addr;
	auto_arena struct arena a = { 0 };
	struct inet_addrs addrs;
	struct link link;

	if (op_link(n, op, &link, e) || inet_addr_list(&n->host, link.index, &a, &addrs, e))
		return -1;
	n->gate = op->dev;
	n->gate_index = link.index;
	for (size_t i = 0; i < addrs.n; i++)
		if (ip_eq(&addrs.v[i].ip, &net->ip) && addrs.v[i].bits == net->bits)
			return 0;
	for (size_t i = 0; i < addrs.n; i++) {
		if (!in_the_way(op, &addrs.v[i]))
			continue;
		if (!op->gateway.force)
			return err_set(e, EEXIST,
				       "'%s' already has an IP address different from %s (%s)",
				       op->dev, ip_net_text(net).s, ip_net_text(&addrs.v[i]).s);
		if (inet_addr_del(&n->host, link.index, &addrs.v[i], e) && e->num != EADDRNOTAVAIL)
			return -1;
	}
	if (inet_addr_add(&n->host, link.index, net, false, e) && e->num != EEXIST)
		return -1;
	return link_keep_mac(&n->host, &link, e); /* others have not fixed it, as we do */
}

static int is_gateway(struct net *n, const struct op *op, struct err *e)
{
	return has_addr(n, op, &op->gateway.addr, e);
}

/* ---- waiting and removing ---- */

/* Pauses that double: the common case is over at once. */
struct patience {
	struct timespec pause;
	long long waited;
};
#define PATIENCE                                                                                   \
	{                                                                                          \
		{ 0, WAIT_STEP_NS }, 0                                                             \
	}

/* Pause; false: it has been long enough. */
static bool go_on(struct patience *p)
{
	if (p->waited >= WAIT_TOTAL_NS)
		return false;
	nanosleep(&p->pause, NULL);
	p->waited += p->pause.tv_nsec;
	if (p->pause.tv_nsec < WAIT_MAX_NS)
		p->pause.tv_nsec *= 2;
	return true;
}

static int do_wait(struct net *n, const struct op *op, struct err *e)
{
	struct patience p = PATIENCE;
	struct link link;

	do {
		if (op_link(n, op, &link, e))
			return -1;
		if (link.up)
			return 0;
	} while (go_on(&p));
	return err_set(e, ETIMEDOUT, "interface does not come up");
}

static int do_settle(struct net *n, const struct op *op, struct err *e)
{
	int index = op_index(n, op, e), tentative;
	struct patience p = PATIENCE;

	if (index < 0)
		return -1;
	do {
		tentative = inet_addr_tentative(op_side(n, op->where), index, e);
		if (tentative <= 0)
			return tentative;
	} while (go_on(&p));
	return err_set(e, ETIMEDOUT, "an IPv6 address stays tentative");
}

static int do_detach(struct net *n, const struct op *op, struct err *e)
{
	struct link link;
	int there = link_get(&n->host, op->dev, &link, e);

	if (there <= 0)
		return there;
	if (link_detach(&n->host, link.index, e) && e->num != ENODEV)
		return -1;
	n->freed_port = link.master != 0;
	return 0;
}

static int do_leases(struct net *n, const struct op *op, struct err *e)
{
	struct hostlocal h = { .network = op->leases.network, .data_dir = op->leases.data_dir };
	struct lease_owner owner = { .container_id = op->leases.container_id,
				     .ifname = op->leases.ifname };
	struct lease_ips ips = { 0 };

	/* Of a pod on a bridge, as most are, nobody answered for an address. */
	if (op->leases.bridge && !n->freed_port &&
	    (hostlocal_held(&h, &owner, &ips, e) || end_proxies(n, op->leases.bridge, &ips, e)))
		return -1;
	if (n->freed_port)
		lease_mark_full(h.data_dir, h.network, false);
	return hostlocal_del(&h, &owner, e);
}

/* 1: it was there. */
static int delete_on_host(struct net *n, const char *name, struct err *e)
{
	struct link link;
	int there = link_get(&n->host, name, &link, e);

	if (there <= 0 || net_go(n, false, e))
		return there <= 0 ? there : -1;
	if (link_delete_detached(&n->host, name, link.index, nft_fd(&n->nft), e) &&
	    e->num != ENODEV)
		return -1;
	n->handed |= nft_fd(&n->nft) >= 0;
	return 1;
}

/* Waits for the kernel, since a child would keep the pod's namespace alive. */
static int delete_in_pod(struct net *n, const char *name, struct err *e)
{
	struct link link;
	int there = link_get(&n->pod, name, &link, e);

	if (there <= 0)
		return there;
	return link_delete(&n->pod, link.index, e) && e->num != ENODEV ? -1 : 0;
}

static int do_delete(struct net *n, const struct op *op, struct err *e)
{
	int rc = delete_on_host(n, op->dev, e);

	if (!rc && n->pod.sock && op->delete.pod_dev)
		rc = delete_in_pod(n, op->delete.pod_dev, e);
	return rc < 0 ? -1 : 0;
}

/* ---- the table ---- */

typedef int op_fn(struct net *n, const struct op *op, struct err *e);

static const struct {
	const char *what;
	op_fn *run, *holds; /* holds NULL: nothing stays behind, or another operation shows it */
} ops[OP_COUNT] = {
	[OP_BRIDGE] = { "bridge", do_bridge, is_bridge },
	[OP_VETH] = { "veth", do_veth, is_veth },
	[OP_VLANS] = { "vlans", do_vlans, NULL },
	[OP_VLAN_GATE] = { "vlan interface", do_vlan_gate, is_vlan_gate },
	[OP_SPOOF] = { "spoof check", do_spoof, is_spoof },
	[OP_SYSCTL] = { "sysctl", do_sysctl, is_sysctl },
	[OP_NOTIFY] = { "notify", do_notify, NULL },
	[OP_ADDR] = { "address", do_addr, is_addr },
	[OP_UP] = { "up", do_up, is_up },
	[OP_SETTLE] = { "settle", do_settle, NULL },
	[OP_GATEWAY] = { "gateway", do_gateway, is_gateway },
	[OP_ROUTE] = { "route", do_route, is_route },
	[OP_UNROUTE] = { "no route", do_unroute, NULL },
	[OP_MASQ] = { "masquerade", do_masq, is_masq },
	[OP_PROXY] = { "proxy", do_proxy, is_proxy },
	[OP_PORTS] = { "port mapping", do_ports, are_ports },
	[OP_ADMIT] = { "firewall", do_admit, is_admitted },
	[OP_EXPEL] = { "firewall", do_expel, NULL },
	[OP_LIMIT] = { "limit", do_limit, is_limit },
	[OP_IFB] = { "ifb", do_ifb, is_ifb },
	[OP_DETOUR] = { "detour", do_detour, is_detour },
	[OP_HOSTS] = { "hosts", do_hosts, are_hosts },
	[OP_UNHOSTS] = { "hosts", do_unhosts, NULL },
	[OP_SAVE] = { "save", do_save, NULL },
	[OP_TUNE] = { "tune", do_tune, is_tune },
	[OP_RESTORE] = { "restore", do_restore, NULL },
	[OP_WAIT] = { "wait", do_wait, NULL },
	[OP_ANNOUNCE] = { "announce", do_announce, NULL },
	[OP_DETACH] = { "detach", do_detach, NULL },
	[OP_UNSPOOF] = { "spoof check", do_unspoof, NULL },
	[OP_UNMAP] = { "port mapping", do_unmap, NULL },
	[OP_LEASES] = { "leases", do_leases, NULL },
	[OP_DELETE] = { "delete", do_delete, NULL },
};

static int name_op(const struct op *op, struct err *e)
{
	return err_ctx(e, "%s%s%s", ops[op->kind].what, op->dev ? " " : "", op->dev ? op->dev : "");
}

int apply(struct net *n, const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		if (ops[p->v[i].kind].run(n, &p->v[i], e))
			return name_op(&p->v[i], e);
	return 0;
}

int apply_all(struct net *n, const struct plan *p, struct err *e)
{
	struct err later;
	int rc = 0;

	for (size_t i = 0; i < p->n; i++)
		if (ops[p->v[i].kind].run(n, &p->v[i], rc ? &later : e))
			rc = rc ? rc : name_op(&p->v[i], e);
	return rc;
}

int verify(struct net *n, const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		if (ops[p->v[i].kind].holds && ops[p->v[i].kind].holds(n, &p->v[i], e))
			return name_op(&p->v[i], e);
	return 0;
}

void undo(struct net *n)
{
	struct err ignored;

	if (n->mapped)
		unmap_ports(n, n->mapped, &ignored);
	n->mapped = NULL;
	undo_guard(n);
	undo_hosts(n);
	undo_tc(n);
	undo_proxies(n);
	if (n->made)
		delete_on_host(n, n->made, &ignored);
	n->made = NULL;
}
