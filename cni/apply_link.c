/* SPDX-License-Identifier: Apache-2.0 */
/* apply_link: what is there already is used when it is of the right kind. */
#include "cni/apply_link.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "cni/announce.h"
#include "cni/link.h"
#include "cni/netns.h"
#include "cni/op_link.h"
#include "cni/vlan.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

static int no_vlans(struct err *e)
{
	return cni_err(e, CNI_ERR_FIELD,
		       "vlan, vlanTrunk: not supported: bridges of this kernel cannot filter by "
		       "VLAN");
}

/* One that others made without it is left as it is: all their ports would be filtered too. */
static int check_tagged(const struct link *link, const char *name, struct err *e)
{
	if (!link->can_filter)
		return no_vlans(e);
	if (!link->filters)
		return cni_err(e, CNI_ERR_CONFIG,
			       "vlan: bridge '%s' is there already, and does not filter by VLAN",
			       name);
	return 0;
}

static int create_bridge(struct net *n, const struct op *op, struct err *e)
{
	struct new_bridge bridge = {
		.name = op->dev,
		.mtu = op->bridge.mtu,
		.tagged = op->bridge.tagged,
		.deaf = op->bridge.deaf,
	};

	if (getrandom(bridge.mac.b, MAC_LEN, 0) != MAC_LEN)
		return err_sys(e, "get random bytes");
	bridge.mac.b[0] = (uint8_t)((bridge.mac.b[0] & ~1U) | 2U);
	if (link_add_bridge(&n->host, &bridge, e) && e->num != EEXIST)
		return op->bridge.tagged && e->num == EOPNOTSUPP ? no_vlans(e) : -1;
	return 0; /* or another run was faster */
}

int do_bridge(struct net *n, const struct op *op, struct err *e)
{
	char *accept_ra = NULL;
	auto_str struct str name = { 0 };
	struct link link;
	uint32_t want = IFF_UP | (op->bridge.promisc ? IFF_PROMISC : 0U);
	int there = link_get(&n->host, op->dev, &link, e);

	if (there < 0)
		return -1;
	if (!there && (create_bridge(n, op, e) || op_link(n, op, &link, e)))
		return -1;
	if (!str_eq(link.kind, "bridge"))
		return err_set(e, EEXIST, "'%s' already exists but is not a bridge", op->dev);
	if (op->bridge.tagged && check_tagged(&link, op->dev, e))
		return -1;
	str_addf(&name, "net/ipv6/conf/%s/accept_ra", op->dev);
	accept_ra = name.s;
	if (net_go(n, false, e) || sysctl_set(accept_ra, "0", true, e))
		return -1;
	if ((link.flags & want) != want)
		return link_set_flags(&n->host, link.index, want, want, e);
	return 0;
}

int is_bridge(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	if (op_link(n, op, &link, e))
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
	if (link_get(&n->host, op->dev, &link, &ignored) > 0)
		n->guarded = NULL; /* whose pair that is keeps it */
	if (link_get(&n->pod, op->veth.peer, &link, &ignored) > 0)
		return err_set(e, EEXIST,
			       "interface '%s' already exists in the container's namespace",
			       op->veth.peer);
	return err_set(e, EEXIST, "host interface already exists: left by an unfinished DEL");
}

static int mark(struct net *n, const char *dev, struct link_marks *marks, struct err *e)
{
	if (!*marks->alias && !marks->is_port && !marks->bare)
		return 0;
	if (!link_mark(&n->host, dev, marks, e))
		return 0;
	if (!marks->bare || e->num != EAFNOSUPPORT)
		return -1;
	marks->bare = false; /* a kernel without IPv6: so it is anyway */
	return mark(n, dev, marks, e);
}

/* Before it carries packets: then the kernel makes no routes for it. */
static int no_ipv6(struct net *n, const char *dev, struct err *e)
{
	auto_str struct str name = { 0 };

	str_addf(&name, "net/ipv6/conf/%s/disable_ipv6", dev);
	return net_go(n, false, e) || sysctl_set(name.s, "1", true, e) ? -1 : 0;
}

/*
 * A bridge numbers its ports without gaps: one beyond the number of ports has
 * all others taken. Then it is as with one that the kernel refused.
 */
static int check_port(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	if (!op->veth.ports_max)
		return 0;
	if (op_link(n, op, &link, e))
		return -1;
	if (link.port <= op->veth.ports_max)
		return 0;
	if (link_delete(&n->host, link.index, e) && e->num != ENODEV)
		return -1;
	n->made = NULL;
	return err_set(e, EXFULL, "bridge '%s' has no free port (bridgePorts allows %u)",
		       op->veth.master, op->veth.ports_max);
}

int do_veth(struct net *n, const struct op *op, struct err *e)
{
	struct veth veth = {
		.name = op->dev,
		.mac = op->veth.mac,
		.peer_name = op->veth.peer,
		.peer_mac = op->veth.peer_mac,
		.netns = n->pod_ns,
		.mtu = op->veth.mtu,
	};
	struct link_marks marks = {
		.alias = op->veth.alias ? op->veth.alias : "",
		.hairpin = op->veth.hairpin,
		.isolated = op->veth.isolated,
		.bare = op->veth.bare,
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
	if (link_add_veth(&n->host, &veth, e)) {
		n->made = rtnl_unsure(e) ? op->dev : NULL;
		return explain_veth(n, op, e);
	}
	n->made = op->dev;
	if (check_port(n, op, e))
		return -1;
	marks.is_port = op->veth.hairpin || op->veth.isolated;
	if (mark(n, op->dev, &marks, e))
		return -1;
	return op->veth.bare ? no_ipv6(n, op->dev, e) : 0;
}

int is_veth(struct net *n, const struct op *op, struct err *e)
{
	struct link link, master, peer;
	int there;

	if (op_link(n, op, &link, e))
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

/* Only a comfort: a pod works without it, and neighbours find out. */
int do_announce(struct net *n, const struct op *op, struct err *e)
{
	const char *gate = op->announce.gate;
	const struct ip_addr *ip = &op->announce.ip;
	struct err ignored;
	struct link link;

	if (op_link(n, op, &link, e) || net_go(n, op->where == IN_POD, e))
		return -1;
	if (gate && n->gate && str_eq(gate, n->gate))
		announce_to_host(&n->host, n->gate_index, &link, ip, &ignored);
	else
		announce_to_all(op_side(n, op->where), &link, ip, &ignored);
	return 0;
}

/* ---- VLANs ---- */

static int bridge_of(struct net *n, const char *name, struct link *out, struct err *e)
{
	int there = link_get(&n->host, name, out, e);

	return there > 0 ? 0 : there < 0 ? -1 : err_set(e, ENODEV, "bridge '%s' is gone", name);
}

/* A new port is in the bridge's default VLAN. */
static int set_vlans(struct net *n, int port, uint16_t old, const struct vlans *v, struct err *e)
{
	const struct vlan_span pvid = { v->pvid, v->pvid }, def = { old, old }, one = { 1, 1 };

	if (!v->keep && old && vlan_del(&n->host, port, &def, e) && e->num != ENOENT)
		return -1;
	if (v->pvid && vlan_add(&n->host, port, &pvid, true, e))
		return -1;
	for (size_t i = 0; i < v->n; i++)
		if (vlan_add(&n->host, port, &v->v[i], false, e))
			return -1;
	return v->native ? vlan_add(&n->host, port, &one, true, e) : 0;
}

int do_vlans(struct net *n, const struct op *op, struct err *e)
{
	struct link port, bridge;
	int there;

	if (op_link(n, op, &port, e))
		return -1;
	there = link_by_index(&n->host, port.master, &bridge, e);
	if (there <= 0)
		return there < 0 ? -1 : err_set(e, ENODEV, "is not a port of a bridge");
	return set_vlans(n, port.index, bridge.default_vlan, &op->vlans, e);
}

static int make_gate(struct net *n, const struct op *op, const struct link *bridge, struct err *e)
{
	const struct vlans vlans = { .pvid = op->vlan_gate.vid, .keep = op->vlan_gate.keep };
	struct veth veth = {
		.name = op->vlan_gate.port,
		.master = bridge->index,
		.peer_name = op->dev,
		.netns = n->host_ns,
		.mtu = bridge->mtu,
	};
	const struct op port = { .where = ON_HOST, .dev = op->vlan_gate.port };
	struct link link;

	if (getrandom(veth.mac.b, MAC_LEN, 0) != MAC_LEN ||
	    getrandom(veth.peer_mac.b, MAC_LEN, 0) != MAC_LEN)
		return err_sys(e, "get random bytes");
	veth.mac.b[0] = veth.peer_mac.b[0] = 2;
	if (link_add_veth(&n->host, &veth, e))
		return e->num == EEXIST ? 0 : -1; /* another run was faster */
	return op_link(n, &port, &link, e) ||
			       set_vlans(n, link.index, bridge->default_vlan, &vlans, e)
		       ? -1
		       : 0;
}

int do_vlan_gate(struct net *n, const struct op *op, struct err *e)
{
	struct link bridge, link;
	int there = link_get(&n->host, op->dev, &link, e);

	if (there < 0 || bridge_of(n, op->vlan_gate.bridge, &bridge, e))
		return -1;
	if (!there && make_gate(n, op, &bridge, e))
		return -1;
	if (op_link(n, op, &link, e))
		return -1;
	return link.flags & IFF_UP ? 0 : link_set_flags(&n->host, link.index, IFF_UP, IFF_UP, e);
}

int is_vlan_gate(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	return op_link(n, op, &link, e);
}
