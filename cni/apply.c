/* SPDX-License-Identifier: Apache-2.0 */
/* apply: one function per operation, and one table of them. */
#include "cni/apply.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cni/apply_ports.h"
#include "cni/detach.h"
#include "cni/hostlocal.h"
#include "cni/masq.h"
#include "cni/netns.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"

#define WAIT_STEP_NS  20000L	   /* first pause of OP_WAIT; doubles up to WAIT_MAX_NS */
#define WAIT_MAX_NS   10000000L	   /* 10 ms */
#define WAIT_TOTAL_NS 5000000000LL /* 5 s, then it is an error */

/* ---- looking up ---- */

static struct rtnl *side(struct net *n, enum op_where where)
{
	return where == IN_POD ? &n->pod : &n->host;
}

/* The interface has to be there. */
static int must_get(struct net *n, const struct op *op, struct link *link, struct err *e)
{
	int rc;

	if (!side(n, op->where)->sock)
		return err_set(e, ENOENT, "there is no pod namespace");
	rc = link_get(side(n, op->where), op->dev, link, e);
	return rc > 0 ? 0 : rc < 0 ? -1 : err_set(e, ENODEV, "no such interface");
}

/* The index of the interface; in the pod it is one and the same for many operations. */
static int index_of(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	if (op->where == IN_POD && n->pod_dev && str_eq(n->pod_dev, op->dev))
		return n->pod_index;
	if (must_get(n, op, &link, e))
		return -1;
	if (op->where == IN_POD) {
		n->pod_dev = op->dev;
		n->pod_index = link.index;
	}
	return link.index;
}

/* ---- bridge and veth ---- */

static int create_bridge(struct net *n, const struct op *op, struct err *e)
{
	struct mac mac;

	if (getrandom(mac.b, sizeof(mac.b), 0) != sizeof(mac.b))
		return err_sys(e, "get random bytes");
	mac.b[0] = (uint8_t)((mac.b[0] & ~1U) | 2U);
	if (link_add_bridge(&n->host, op->dev, op->bridge.mtu, &mac, e) && e->num != EEXIST)
		return -1;
	return 0; /* or another run was faster */
}

static int do_bridge(struct net *n, const struct op *op, struct err *e)
{
	char *accept_ra = NULL;
	auto_str struct str name = { 0 };
	struct link link;
	uint32_t want = IFF_UP | (op->bridge.promisc ? IFF_PROMISC : 0U);
	int there = link_get(&n->host, op->dev, &link, e);

	if (there < 0)
		return -1;
	if (!there && (create_bridge(n, op, e) || must_get(n, op, &link, e)))
		return -1;
	if (!str_eq(link.kind, "bridge"))
		return err_set(e, EEXIST, "'%s' already exists but is not a bridge", op->dev);
	str_addf(&name, "net/ipv6/conf/%s/accept_ra", op->dev);
	accept_ra = name.s;
	if (net_go(n, false, e) || sysctl_set(accept_ra, "0", true, e))
		return -1;
	if ((link.flags & want) != want)
		return link_set_flags(&n->host, link.index, want, want, e);
	return 0;
}

static int is_bridge(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	if (must_get(n, op, &link, e))
		return -1;
	if (!str_eq(link.kind, "bridge"))
		return err_set(e, EINVAL, "is not a bridge");
	if (op->bridge.promisc && !(link.flags & IFF_PROMISC))
		return err_set(e, EINVAL, "is not in promiscuous mode");
	return 0;
}

static int explain_veth(struct net *n, const struct op *op, struct err *e)
{
	struct link link;
	struct err ignored;

	if (e->num == EXFULL)
		return err_set(e, EXFULL, "bridge '%s' has no free port (the kernel allows 1023)",
			       op->veth.master);
	if (e->num != EEXIST)
		return -1;
	if (link_get(&n->pod, op->veth.peer, &link, &ignored) > 0)
		return err_set(e, EEXIST,
			       "interface '%s' already exists in the container's namespace",
			       op->veth.peer);
	return err_set(e, EEXIST, "host interface already exists: left by an unfinished DEL");
}

static int do_veth(struct net *n, const struct op *op, struct err *e)
{
	struct veth veth = {
		.name = op->dev,
		.mac = op->veth.mac,
		.peer_name = op->veth.peer,
		.peer_mac = op->veth.peer_mac,
		.netns = n->pod_ns,
		.mtu = op->veth.mtu,
	};
	struct link link;
	int there;

	if (op->veth.master) {
		there = link_get(&n->host, op->veth.master, &link, e);
		if (there <= 0)
			return there < 0
				       ? -1
				       : err_set(e, ENODEV, "bridge '%s' is gone", op->veth.master);
		veth.master = link.index;
	}
	if (link_add_veth(&n->host, &veth, e))
		return explain_veth(n, op, e);
	n->made = op->dev;
	if (!op->veth.hairpin && !op->veth.isolated)
		return 0;
	if (must_get(n, op, &link, e))
		return -1;
	return link_set_port(&n->host, link.index, op->veth.hairpin, op->veth.isolated, e);
}

static int is_veth(struct net *n, const struct op *op, struct err *e)
{
	struct link link, master, peer;
	int there;

	if (must_get(n, op, &link, e))
		return -1;
	if (!str_eq(link.kind, "veth"))
		return err_set(e, EINVAL, "is not a veth interface");
	if (op->veth.master) {
		there = link_get(&n->host, op->veth.master, &master, e);
		if (there <= 0 || link.master != master.index)
			return there < 0 ? -1
					 : err_set(e, EINVAL, "is not a port of bridge '%s'",
						   op->veth.master);
	}
	there = link_get(&n->pod, op->veth.peer, &peer, e);
	if (there <= 0)
		return there < 0 ? -1
				 : err_set(e, ENODEV, "no '%s' in the container", op->veth.peer);
	if (!str_eq(peer.kind, "veth"))
		return err_set(e, EINVAL, "'%s' in the container is not a veth interface",
			       op->veth.peer);
	if (memcmp(&peer.mac, &op->veth.peer_mac, sizeof(peer.mac)))
		return err_set(e, EINVAL, "'%s' in the container has MAC %s, not %s", op->veth.peer,
			       mac_text(&peer.mac).s, mac_text(&op->veth.peer_mac).s);
	return 0;
}

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
	int index = index_of(n, op, e);

	return index < 0 ? -1 : link_set_arp_notify(side(n, op->where), index, e);
}

static int do_addr(struct net *n, const struct op *op, struct err *e)
{
	int index = index_of(n, op, e);

	return index < 0 ? -1 : inet_addr_add(side(n, op->where), index, &op->addr, e);
}

static int has_addr(struct net *n, const struct op *op, const struct ip_net *net, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct inet_addrs addrs;
	struct link link;

	if (must_get(n, op, &link, e) ||
	    inet_addr_list(side(n, op->where), link.index, &a, &addrs, e))
		return -1;
	for (size_t i = 0; i < addrs.n; i++)
		if (ip_eq(&addrs.v[i].ip, &net->ip) && addrs.v[i].bits == net->bits)
			return 0;
	return err_set(e, ENOENT, "address %s is missing", ip_net_text(net).s);
}

static int is_addr(struct net *n, const struct op *op, struct err *e)
{
	return has_addr(n, op, &op->addr, e);
}

static int do_up(struct net *n, const struct op *op, struct err *e)
{
	int index = index_of(n, op, e);

	return index < 0 ? -1 : link_set_flags(side(n, op->where), index, IFF_UP, IFF_UP, e);
}

static int is_up(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	if (must_get(n, op, &link, e))
		return -1;
	return link.flags & IFF_UP ? 0 : err_set(e, ENETDOWN, "interface is down");
}

static int do_route(struct net *n, const struct op *op, struct err *e)
{
	int index = index_of(n, op, e);

	return index < 0 ? -1 : inet_route_add(side(n, op->where), index, &op->route, e);
}

static int is_route(struct net *n, const struct op *op, struct err *e)
{
	int index = index_of(n, op, e), found;

	if (index < 0)
		return -1;
	found = inet_route_find(side(n, op->where), index, &op->route, e);
	if (!found)
		return err_set(e, ENOENT, "route %s is missing", ip_net_text(&op->route.dst).s);
	return found < 0 ? -1 : 0;
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
	return 0;
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

	if (must_get(n, op, &link, e) || inet_addr_list(&n->host, link.index, &a, &addrs, e))
		return -1;
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
	if (inet_addr_add(&n->host, link.index, net, e) && e->num != EEXIST)
		return -1;
	return link_keep_mac(&n->host, &link, e); /* others have not fixed it, as we do */
}

static int is_gateway(struct net *n, const struct op *op, struct err *e)
{
	return has_addr(n, op, &op->gateway.addr, e);
}

/* ---- waiting and removing ---- */

static int do_wait(struct net *n, const struct op *op, struct err *e)
{
	struct timespec pause = { 0, WAIT_STEP_NS };
	struct link link;

	for (long long waited = 0; waited < WAIT_TOTAL_NS; waited += pause.tv_nsec) {
		if (must_get(n, op, &link, e))
			return -1;
		if (link.up)
			return 0;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < WAIT_MAX_NS)
			pause.tv_nsec *= 2;
	}
	return err_set(e, ETIMEDOUT, "interface does not come up");
}

static int do_detach(struct net *n, const struct op *op, struct err *e)
{
	struct link link;
	int there = link_get(&n->host, op->dev, &link, e);

	if (there <= 0)
		return there;
	return link_detach(&n->host, link.index, e) && e->num != ENODEV ? -1 : 0;
}

static int do_leases(struct net *n, const struct op *op, struct err *e)
{
	struct hostlocal h = { .network = op->leases.network, .data_dir = op->leases.data_dir };
	struct lease_owner owner = { .container_id = op->leases.container_id,
				     .ifname = op->leases.ifname };

	(void)n;
	return hostlocal_del(&h, &owner, e);
}

/* 1: it was there. */
static int delete_on_host(struct net *n, const char *name, struct err *e)
{
	struct link link;
	int there = link_get(&n->host, name, &link, e);

	if (there <= 0 || net_go(n, false, e))
		return there <= 0 ? there : -1;
	return link_delete_detached(&n->host, name, link.index, e) && e->num != ENODEV ? -1 : 1;
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
	[OP_SYSCTL] = { "sysctl", do_sysctl, is_sysctl },
	[OP_NOTIFY] = { "notify", do_notify, NULL },
	[OP_ADDR] = { "address", do_addr, is_addr },
	[OP_UP] = { "up", do_up, is_up },
	[OP_GATEWAY] = { "gateway", do_gateway, is_gateway },
	[OP_ROUTE] = { "route", do_route, is_route },
	[OP_MASQ] = { "masquerade", do_masq, is_masq },
	[OP_PORTS] = { "port mapping", do_ports, are_ports },
	[OP_WAIT] = { "wait", do_wait, NULL },
	[OP_DETACH] = { "detach", do_detach, NULL },
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
	if (n->made)
		delete_on_host(n, n->made, &ignored);
	n->made = NULL;
}
