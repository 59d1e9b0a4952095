/* SPDX-License-Identifier: Apache-2.0 */
/* bridge_verbs: addresses, plan, apply, result: the verbs of the bridge and peapod plugins. */
#include <errno.h>

#include "cni/addresses.h"
#include "cni/apply.h"
#include "cni/apply_ports.h"
#include "cni/bridge.h"
#include "cni/plugin.h"
#include "cni/ports.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define auto_net __attribute__((cleanup(net_close)))

/* What a verb works with, all from the config. */
struct bridge_call {
	struct attach at;
	struct bridge_conf c;
	struct addresses s;
};

/* Host ports are part of what peapod does; for a bridge the portmap plugin is chained behind it. */
static bool has_ports(const struct request *req)
{
	return str_eq(req->plugin, plugin_peapod.name);
}

/* The config, as far as it can be checked without addresses. */
static int read_conf(struct request *req, struct bridge_conf *c, struct err *e)
{
	struct ports_conf ports;

	if (bridge_conf_make(&req->conf, &req->args, req->a, c, e))
		return -1;
	if (has_ports(req)) {
		/* Where bridged packets pass the rules its own port leads a pod back that way. */
		c->hairpin |= req->conf.runtime.port_mappings.n && !c->promisc;
		return ports_conf_make(&req->conf, req->a, &ports, e);
	}
	if (req->conf.runtime.port_mappings.n)
		return cni_err(e, CNI_ERR_FIELD,
			       "runtimeConfig: portMappings: not supported by bridge, only by "
			       "peapod and portmap");
	return 0;
}

static int start_call(struct request *req, struct bridge_call *call, struct err *e)
{
	call->at = (struct attach){ req->conf.name, req->env.container_id, req->env.ifname };
	return read_conf(req, &call->c, e) || addresses_choose(req, &call->s, e) ? -1 : 0;
}

/* Behind address management: all, or what is left if the link is there already. */
static int plan_add(struct request *req, const struct bridge_call *call, bool linked,
		    const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	int rc = linked ? bridge_plan_net(&call->c, &call->at, ipam, p, e)
			: bridge_plan_add(&call->c, &call->at, ipam, p, e);

	if (rc || !has_ports(req))
		return rc;
	return bridge_plan_ports(&req->conf, &call->c, &call->at, ipam, p, e);
}

/* The three interfaces with the MACs that the plan says, the bridge's as it is. */
static int fill_interfaces(struct net *n, const struct plan *p, const struct request *req,
			   struct cni_result *out, struct err *e)
{
	struct cni_iface *v = arena_array(req->a, BRIDGE_IFACES, sizeof(*v));
	struct link bridge;

	for (size_t i = 0; i < p->n; i++) {
		const struct op *op = &p->v[i];
		int there;

		if (op->kind != OP_VETH)
			continue;
		there = link_get(&n->host, op->veth.master, &bridge, e);
		if (there <= 0)
			return there < 0
				       ? -1
				       : err_set(e, ENODEV, "bridge '%s' is gone", op->veth.master);
		v[BRIDGE_IFACE_BRIDGE].name = arena_strdup(req->a, op->veth.master);
		v[BRIDGE_IFACE_BRIDGE].mac = arena_strdup(req->a, mac_text(&bridge.mac).s);
		v[BRIDGE_IFACE_HOST].name = arena_strdup(req->a, op->dev);
		v[BRIDGE_IFACE_HOST].mac = arena_strdup(req->a, mac_text(&op->veth.mac).s);
		v[BRIDGE_IFACE_POD].name = arena_strdup(req->a, op->veth.peer);
		v[BRIDGE_IFACE_POD].mac = arena_strdup(req->a, mac_text(&op->veth.peer_mac).s);
		v[BRIDGE_IFACE_POD].sandbox = req->env.netns;
	}
	out->interfaces.n = BRIDGE_IFACES;
	out->interfaces.v = v;
	return 0;
}

/* Addresses were first: so a full range costs no interface. */
static int wire_at_once(struct request *req, struct bridge_call *call, struct net *n,
			struct ipam_result *ipam, struct cni_result *out, struct err *e)
{
	struct plan p = { .a = req->a };

	if (plan_add(req, call, false, ipam, &p, e))
		return -1;
	return apply(n, &p, e) || fill_interfaces(n, &p, req, out, e) ? -1 : 0;
}

/* The pair; then the addresses, given back on failure; then what comes with them. */
static int wire_in_two(struct request *req, struct bridge_call *call, struct net *n,
		       struct ipam_result *ipam, struct cni_result *out, struct err *e)
{
	struct plan link = { .a = req->a }, rest = { .a = req->a };
	struct err ignored;

	bridge_plan_link(&call->c, &call->at, &link);
	if (apply(n, &link, e) || net_go(n, false, e) || addresses_add(req, &call->s, ipam, e))
		return -1;
	if (!plan_add(req, call, true, ipam, &rest, e) && !apply(n, &rest, e) &&
	    !fill_interfaces(n, &link, req, out, e))
		return 0;
	if (!net_go(n, false, &ignored))
		addresses_undo(req, &call->s);
	return -1;
}

static int wire(struct request *req, struct bridge_call *call, struct ipam_result *ipam,
		struct cni_result *out, struct err *e)
{
	auto_net struct net n = NET_INIT;

	if (net_open(&n, req->netns, e))
		return -1;
	if (addresses_other(&call->s) ? wire_in_two(req, call, &n, ipam, out, e)
				      : wire_at_once(req, call, &n, ipam, out, e)) {
		undo(&n);
		return -1;
	}
	ipam_to_result(ipam, BRIDGE_IFACE_POD, req->a, out);
	if (!cni_dns_empty(&req->conf.dns))
		out->dns = req->conf.dns;
	return 0;
}

static int bridge_add(struct request *req, struct cni_result *out, struct err *e)
{
	struct ipam_result ipam = { .ips = { 0, NULL } };
	struct bridge_call call;

	if (start_call(req, &call, e))
		return -1;
	if (addresses_none(&call.s) && req->conf.version < CNI_0_3_0)
		return cni_err(e, CNI_ERR_CONFIG, "a result of version %s needs an IP address",
			       cni_version_text(req->conf.version));
	if (addresses_other(&call.s))
		return wire(req, &call, &ipam, out, e);
	if (addresses_add(req, &call.s, &ipam, e))
		return -1;
	if (wire(req, &call, &ipam, out, e)) {
		addresses_undo(req, &call.s);
		return -1;
	}
	return 0;
}

static int remove_all(const struct request *req, const struct plan *p, struct err *e)
{
	auto_net struct net n = NET_INIT;

	return net_open(&n, req->netns, e) || apply_all(&n, p, e) ? -1 : 0;
}

/* The link goes whatever is wrong with address management; that is told at the end. */
static int bridge_del(struct request *req, struct err *e)
{
	struct attach at = { req->conf.name, req->env.container_id, req->env.ifname };
	struct plan p = { .a = req->a };
	struct addresses s;
	struct err later;
	int rc;

	if (addresses_choose(req, &s, e) || addresses_place(req, &s, e))
		return -1;
	bridge_plan_del(&at, s.h.data_dir, has_ports(req), &p);
	rc = remove_all(req, &p, e);
	return addresses_del(req, &s, rc ? &later : e) ? -1 : rc;
}

static int bridge_check(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct plan p = { .a = req->a };
	struct bridge_call call;
	struct ipam_result ipam;
	struct cni_result prev;
	bool in_two;
	int got;

	if (start_call(req, &call, e))
		return -1;
	got = cni_conf_prev(&req->conf, req->a, &prev, e);
	if (got <= 0)
		return got < 0 ? -1 : cni_err(e, CNI_ERR_CONFIG, "required prevResult missing");
	if (ipam_from_result(&prev, call.at.ifname, req->a, &ipam, e) ||
	    addresses_check(req, &call.s, &ipam, e))
		return -1;
	in_two = addresses_other(&call.s);
	if (in_two)
		bridge_plan_link(&call.c, &call.at, &p);
	if (plan_add(req, &call, in_two, &ipam, &p, e) || net_open(&n, req->netns, e))
		return -1;
	return verify(&n, &p, e);
}

static int gc_ports(const struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;

	if (net_open(&n, -1, e))
		return -1;
	return unmap_stale(&n, req->conf.name, req->conf.valid_attachments.v,
			   req->conf.valid_attachments.n, e);
}

/* Both parts, whatever becomes of the first. */
static int bridge_gc(struct request *req, struct err *e)
{
	struct addresses s;
	struct err later;
	int rc = 0;

	if (!req->conf.valid_attachments.v)
		return 0;
	if (has_ports(req))
		rc = gc_ports(req, e);
	if (addresses_choose(req, &s, rc ? &later : e) || addresses_gc(req, &s, rc ? &later : e))
		rc = -1;
	return rc;
}

static int bridge_status(struct request *req, struct err *e)
{
	struct bridge_call call;

	return start_call(req, &call, e) || addresses_status(req, &call.s, e) ? -1 : 0;
}

const struct plugin plugin_bridge = {
	.name = "bridge",
	.about = "connects a container to a bridge of the host by a veth pair",
	.add = bridge_add,
	.del = bridge_del,
	.check = bridge_check,
	.gc = bridge_gc,
	.status = bridge_status,
};

const struct plugin plugin_peapod = {
	.name = "peapod",
	.about = "wires a pod in one call: bridge, addresses, masquerading, host ports",
	.add = bridge_add,
	.del = bridge_del,
	.check = bridge_check,
	.gc = bridge_gc,
	.status = bridge_status,
};
