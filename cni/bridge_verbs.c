/* SPDX-License-Identifier: Apache-2.0 */
/* bridge_verbs: addresses, plan, apply, result: the verbs of the bridge and peapod plugins. */
#include <errno.h>

#include "cni/apply.h"
#include "cni/apply_ports.h"
#include "cni/bridge.h"
#include "cni/hostlocal.h"
#include "cni/plugin.h"
#include "cni/ports.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define auto_net __attribute__((cleanup(net_close)))

/*
 * Which address management: none (an L2 network), or ours. "ipam" without a
 * type is none for the bridge plugin, and ours for peapod if it has ranges.
 */
static int ipam_type(const struct request *req, bool *ours, struct err *e)
{
	struct json_object *ipam = req->conf.ipam, *type;
	const char *text;

	*ours = false;
	if (!ipam)
		return 0;
	if (!json_object_is_type(ipam, json_type_object))
		return cni_err(e, CNI_ERR_DECODE, "ipam: expected object");
	type = json_get(ipam, "type");
	text = type ? json_object_get_string(type) : "";
	if (!*text) {
		*ours = str_eq(req->plugin, plugin_peapod.name) &&
			(json_get(ipam, "ranges") || json_get(ipam, "subnet"));
		return 0;
	}
	if (!str_eq(text, plugin_host_local.name))
		return cni_err(e, CNI_ERR_FIELD,
			       "ipam: type: '%.60s' is not supported, only host-local", text);
	*ours = true;
	return 0;
}

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

/* All of ADD behind address management. */
static int plan_add(struct request *req, const struct bridge_conf *c, const struct attach *at,
		    const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	if (bridge_plan_add(c, at, ipam, p, e))
		return -1;
	return has_ports(req) ? bridge_plan_ports(&req->conf, c, at, ipam, p, e) : 0;
}

static struct attach attach_of(const struct request *req)
{
	return (struct attach){ req->conf.name, req->env.container_id, req->env.ifname };
}

static struct lease_owner owner_of(const struct request *req)
{
	return (struct lease_owner){ req->env.container_id, req->env.ifname };
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

static int wire(struct request *req, const struct bridge_conf *c, const struct ipam_result *ipam,
		struct cni_result *out, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct attach at = attach_of(req);
	struct plan p = { .a = req->a };

	if (plan_add(req, c, &at, ipam, &p, e) || net_open(&n, req->netns, e))
		return -1;
	if (apply(&n, &p, e) || fill_interfaces(&n, &p, req, out, e)) {
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
	struct lease_owner owner = owner_of(req);
	struct ipam_result ipam = { 0 };
	struct lease_ips taken = { 0 };
	struct bridge_conf c;
	struct hostlocal h;
	struct err ignored;
	bool ours;

	if (read_conf(req, &c, e) || ipam_type(req, &ours, e))
		return -1;
	if (!ours && req->conf.version < CNI_0_3_0)
		return cni_err(e, CNI_ERR_CONFIG, "a result of version %s needs an IP address",
			       cni_version_text(req->conf.version));
	if (ours && (hostlocal_make(&req->conf, &req->args, req->a, &h, e) ||
		     hostlocal_add(&h, &owner, req->a, &ipam, &taken, e)))
		return -1;
	if (wire(req, &c, &ipam, out, e)) {
		if (ours)
			hostlocal_undo(&h, &owner, &taken, &ignored);
		return -1;
	}
	return 0;
}

static int bridge_del(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct attach at = attach_of(req);
	struct plan p = { .a = req->a };
	struct hostlocal h = { 0 };

	if (req->conf.ipam && hostlocal_place(&req->conf, req->a, &h, e))
		return -1;
	bridge_plan_del(&at, h.data_dir, has_ports(req), &p);
	if (net_open(&n, req->netns, e))
		return -1;
	return apply_all(&n, &p, e);
}

static int bridge_check(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct lease_owner owner = owner_of(req);
	struct attach at = attach_of(req);
	struct plan p = { .a = req->a };
	struct ipam_result ipam;
	struct cni_result prev;
	struct bridge_conf c;
	struct hostlocal h;
	bool ours;
	int got;

	if (read_conf(req, &c, e) || ipam_type(req, &ours, e))
		return -1;
	got = cni_conf_prev(&req->conf, req->a, &prev, e);
	if (got <= 0)
		return got < 0 ? -1 : cni_err(e, CNI_ERR_CONFIG, "required prevResult missing");
	if (ipam_from_result(&prev, at.ifname, req->a, &ipam, e))
		return -1;
	if (ours && (hostlocal_make(&req->conf, &req->args, req->a, &h, e) ||
		     hostlocal_check(&h, &owner, &ipam, e)))
		return -1;
	if (plan_add(req, &c, &at, &ipam, &p, e) || net_open(&n, req->netns, e))
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
	struct hostlocal h;
	struct err later;
	int rc = 0;

	if (!req->conf.valid_attachments.v)
		return 0;
	if (has_ports(req))
		rc = gc_ports(req, e);
	if (req->conf.ipam && (hostlocal_place(&req->conf, req->a, &h, rc ? &later : e) ||
			       hostlocal_gc(&h, req->conf.valid_attachments.v,
					    req->conf.valid_attachments.n, rc ? &later : e)))
		rc = -1;
	return rc;
}

static int bridge_status(struct request *req, struct err *e)
{
	struct bridge_conf c;
	struct hostlocal h;
	bool ours;

	if (read_conf(req, &c, e) || ipam_type(req, &ours, e))
		return -1;
	if (!ours)
		return 0;
	if (hostlocal_make(&req->conf, &req->args, req->a, &h, e))
		return -1;
	return hostlocal_status(&h, e);
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
