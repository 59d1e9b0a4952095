/* SPDX-License-Identifier: Apache-2.0 */
/* wire_verbs: addresses, plan, apply, result: the verbs of the bridge, ptp and peapod plugins. */
#include <errno.h>

#include "cni/addresses.h"
#include "cni/alias_files.h"
#include "cni/aliases.h"
#include "cni/allow.h"
#include "cni/apply.h"
#include "cni/apply_ports.h"
#include "cni/dead.h"
#include "cni/owner.h"
#include "cni/plugin.h"
#include "cni/spoof.h"
#include "cni/wire.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

/* What a verb works with, all from the config. */
struct wire_call {
	struct attach at;
	struct wire w;
	struct addresses s;
};

static enum wire_kind kind_of(const struct request *req)
{
	return str_eq(req->plugin, plugin_peapod.name) ? WIRE_PEAPOD
	       : str_eq(req->plugin, plugin_ptp.name)  ? WIRE_PTP
						       : WIRE_BRIDGE;
}

/* Host ports are part of what peapod does; for others the portmap plugin is chained behind them. */
static bool has_ports(const struct request *req)
{
	return kind_of(req) == WIRE_PEAPOD;
}

static int start_call(struct request *req, struct wire_call *call, struct err *e)
{
	call->at = attach_of(req);
	return wire_make(kind_of(req), &req->conf, &req->args, req->env.ifname, req->a, &call->w,
			 e) || tuning_allowed(&call->w.tuning, req->a, e) ||
			       addresses_choose(req, &call->s, e)
		       ? -1
		       : 0;
}

/* ---- the result ---- */

#define IFACES_MAX 5 /* bridge, host's and pod's end, VLAN interface, ifb */

static struct cni_iface *add_iface(struct cni_result *out, const char *name, const struct mac *mac,
				   struct arena *a)
{
	struct cni_iface *iface = &out->interfaces.v[out->interfaces.n++];

	*iface = (struct cni_iface){
		.name = arena_strdup(a, name),
		.mac = arena_strdup(a, mac_text(mac).s),
	};
	return iface;
}

/* An interface that others may have made: its MAC is what it has. */
static int add_found(struct net *n, const char *name, const struct request *req,
		     struct cni_result *out, struct err *e)
{
	struct link link;
	int there = link_get(&n->host, name, &link, e);

	if (there <= 0)
		return there < 0 ? -1 : err_set(e, ENODEV, "interface '%s' is gone", name);
	add_iface(out, name, &link.mac, req->a);
	return 0;
}

/* The bridge, if there is one, and both ends with the MACs that the plan says. */
static int add_pair(struct net *n, const struct plan *p, const struct request *req,
		    struct cni_result *out, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct op *op = &p->v[i];

		if (op->kind != OP_VETH)
			continue;
		if (op->veth.master && add_found(n, op->veth.master, req, out, e))
			return -1;
		add_iface(out, op->dev, &op->veth.mac, req->a);
		add_iface(out, op->veth.peer, &op->veth.peer_mac, req->a)->sandbox = req->env.netns;
	}
	return 0;
}

/* What is on the host besides. */
static int add_others(struct net *n, const struct plan *p, const struct request *req,
		      struct cni_result *out, struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		if ((p->v[i].kind == OP_VLAN_GATE || p->v[i].kind == OP_IFB) &&
		    add_found(n, p->v[i].dev, req, out, e))
			return -1;
	return 0;
}

static int fill_interfaces(struct net *n, const struct plan *pair, const struct plan *rest,
			   const struct request *req, struct cni_result *out, struct err *e)
{
	out->interfaces.n = 0;
	out->interfaces.v = arena_array(req->a, IFACES_MAX, sizeof(*out->interfaces.v));
	return add_pair(n, pair, req, out, e) || add_others(n, rest, req, out, e) ? -1 : 0;
}

/* ---- ADD ---- */

/* Addresses were first: so a full range costs no interface. */
static int wire_at_once(struct request *req, struct wire_call *call, struct net *n,
			struct ipam_result *ipam, struct cni_result *out, struct err *e)
{
	struct plan p = { .a = req->a };

	wire_complete(&call->w, req->a, ipam);
	if (wire_plan_add(&call->w, &req->conf, &call->at, ipam, false, &p, e))
		return -1;
	return apply(n, &p, e) || fill_interfaces(n, &p, &p, req, out, e) ? -1 : 0;
}

/* The same; a bridge that is full costs a failed try, so that it is remembered. */
static int wire_or_spill(struct request *req, struct wire_call *call, struct net *n,
			 struct ipam_result *ipam, struct cni_result *out, struct err *e)
{
	struct wire *w = &call->w;

	if (w->data_dir && lease_is_full(w->data_dir, call->at.network))
		wire_spill(w);
	if (!wire_at_once(req, call, n, ipam, out, e))
		return 0;
	if (e->num != EXFULL || !wire_spill(w))
		return -1;
	lease_mark_full(w->data_dir, call->at.network, true);
	return wire_at_once(req, call, n, ipam, out, e);
}

/* Behind the pair and its addresses. */
static int wire_rest(struct request *req, struct wire_call *call, struct net *n,
		     const struct plan *link, const struct ipam_result *ipam,
		     struct cni_result *out, struct err *e)
{
	struct plan rest = { .a = req->a };

	return wire_plan_add(&call->w, &req->conf, &call->at, ipam, true, &rest, e) ||
			       apply(n, &rest, e) || fill_interfaces(n, link, &rest, req, out, e)
		       ? -1
		       : 0;
}

/* The pair; then the addresses, given back on failure; then what comes with them. */
static int wire_in_two(struct request *req, struct wire_call *call, struct net *n,
		       struct ipam_result *ipam, struct cni_result *out, struct err *e)
{
	struct plan link = { .a = req->a };
	struct err ignored;

	wire_plan_link(&call->w, &call->at, &link);
	if (apply(n, &link, e) || net_go(n, false, e) || addresses_add(req, &call->s, ipam, e))
		return -1;
	wire_complete(&call->w, req->a, ipam);
	if (!wire_rest(req, call, n, &link, ipam, out, e))
		return 0;
	if (!net_go(n, false, &ignored))
		addresses_undo(req, &call->s);
	return -1;
}

static void fill_dns(const struct request *req, struct cni_result *out)
{
	const struct cni_runtime_dns *asked = req->conf.runtime.dns;

	if (!cni_dns_empty(&req->conf.dns))
		out->dns = req->conf.dns;
	if (kind_of(req) != WIRE_PEAPOD || !asked ||
	    !(asked->servers.n || asked->searches.n || asked->options.n))
		return;
	out->dns = (struct cni_dns){
		.nameservers = asked->servers,
		.search = asked->searches,
		.options = asked->options,
	};
}

static int wire(struct request *req, struct wire_call *call, struct ipam_result *ipam,
		struct cni_result *out, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct pod_conf *pod = &call->w.bridge.pod;

	if (net_open(&n, req->netns, e) ||
	    (pod->mtu_auto && inet_uplink_mtu(&n.host, &pod->mtu, e)))
		return -1;
	if (addresses_other(&call->s) ? wire_in_two(req, call, &n, ipam, out, e)
				      : wire_or_spill(req, call, &n, ipam, out, e)) {
		undo(&n);
		return -1;
	}
	ipam_to_result(ipam, wire_pod_iface(&call->w), req->a, out);
	fill_dns(req, out);
	return 0;
}

static int wire_add(struct request *req, struct cni_result *out, struct err *e)
{
	struct ipam_result ipam = { .ips = { 0, NULL } };
	struct wire_call call;

	if (start_call(req, &call, e))
		return -1;
	if (addresses_none(&call.s) && req->conf.version < CNI_0_3_0)
		return cni_err(e, CNI_ERR_CONFIG, "a result of version %s needs an IP address",
			       cni_version_text(req->conf.version));
	if (addresses_other(&call.s))
		return wire(req, &call, &ipam, out, e);
	if (addresses_add(req, &call.s, &ipam, e))
		return -1;
	call.w.data_dir = call.s.h.data_dir;
	if (wire(req, &call, &ipam, out, e)) {
		addresses_undo(req, &call.s);
		return -1;
	}
	return 0;
}

/* ---- the others ---- */

static int remove_all(const struct request *req, const struct plan *p, struct err *e)
{
	auto_net struct net n = NET_INIT;

	return net_open(&n, req->netns, e) || apply_all(&n, p, e) ? -1 : 0;
}

/* The link goes whatever is wrong with address management; that is told at the end. */
static int wire_del(struct request *req, struct err *e)
{
	struct attach at = attach_of(req);
	struct plan p = { .a = req->a };
	struct addresses s;
	struct err later;
	int rc;

	if (addresses_choose(req, &s, e) || addresses_place(req, &s, e))
		return -1;
	wire_plan_del(kind_of(req), &req->conf, &at, s.h.data_dir, &p);
	rc = remove_all(req, &p, e);
	return addresses_del(req, &s, rc ? &later : e) ? -1 : rc;
}

/*
 * The pod's end has the MAC that was told last: a plugin behind this one may have
 * set another. The spoof check's is the one that ADD gave, as its rules are.
 */
static void expect_mac(const struct cni_result *prev, struct op *veth)
{
	for (size_t i = 0; i < prev->interfaces.n; i++) {
		const struct cni_iface *iface = &prev->interfaces.v[i];

		if (iface->sandbox && *iface->sandbox && iface->mac &&
		    str_eq(iface->name, veth->veth.peer))
			mac_parse(iface->mac, &veth->veth.peer_mac);
	}
}

static int wire_check(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct plan p = { .a = req->a };
	struct wire_call call;
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
	call.w.data_dir = call.s.h.data_dir;
	if (prev.interfaces.n &&
	    str_eq(prev.interfaces.v[0].name, attach_host_name(&call.at, req->a)))
		wire_spill(&call.w); /* its bridge was full then */
	in_two = addresses_other(&call.s);
	if (in_two)
		wire_plan_link(&call.w, &call.at, &p);
	wire_complete(&call.w, req->a, &ipam);
	if (wire_plan_add(&call.w, &req->conf, &call.at, &ipam, in_two, &p, e) ||
	    net_open(&n, req->netns, e))
		return -1;
	for (size_t i = 0; i < p.n; i++)
		if (p.v[i].kind == OP_VETH)
			expect_mac(&prev, &p.v[i]);
	return verify(&n, &p, e);
}

/* Whatever it was that pods had: each part, whatever becomes of those before. */
static int gc_elements(const struct request *req, struct net *n, struct err *e)
{
	const struct cni_conf *conf = &req->conf;
	const struct cni_attachment *v = conf->valid_attachments.v;
	size_t count = conf->valid_attachments.n;
	const struct owner_valid valid = { conf->name, owners_of(conf->name, v, count, req->a) };
	struct err later;
	int rc = 0;

	if (kind_of(req) == WIRE_PTP)
		return 0;
	if (net_need_nft(n, e))
		return -1;
	if (has_ports(req))
		rc = unmap_stale(n, conf->name, v, count, e);
	if (spoof_drop(&n->nft, owner_is_stale, &valid, rc ? &later : e))
		rc = -1;
	if (has_ports(req) && firewall_drop(&n->nft, owner_is_stale, &valid, rc ? &later : e))
		rc = -1;
	return rc;
}

static int is_no_valid_file(void *arg, const char *file, struct err *e)
{
	(void)e;
	return !owners_have(arg, file);
}

/* Files with names, but those of the valid attachments. */
static int gc_aliases(const struct request *req, struct err *e)
{
	const struct cni_conf *conf = &req->conf;
	const struct cni_attachment *v = conf->valid_attachments.v;
	struct owners files = { .n = conf->valid_attachments.n };

	if (kind_of(req) != WIRE_PEAPOD)
		return 0;
	files.v = arena_array(req->a, files.n + 1, sizeof(*files.v));
	for (size_t i = 0; i < files.n; i++)
		files.v[i] =
			arena_printf(req->a, "%s_%s", v[i].container_id ? v[i].container_id : "",
				     v[i].ifname ? v[i].ifname : "");
	owners_sort(&files);
	return alias_files_sweep(aliases_dir(conf, req->a), false, is_no_valid_file, &files, e);
}

struct graves {
	struct dead dead;
	const char *network;
};

static int lease_gone(void *arg, const struct lease_owner *owner, const struct ip_addr *ip,
		      struct err *e)
{
	struct graves *g = arg;

	return dead_lease(&g->dead, g->network, owner, ip, e);
}

static int find_bridge(const struct request *req, struct dead *dead, struct err *e)
{
	const char *bridge = wire_proxy_bridge(kind_of(req), &req->conf);
	struct link link;
	int there = bridge ? link_get(&dead->n->host, bridge, &link, e) : 0;

	if (there > 0)
		dead->bridge = link.index;
	return there < 0 ? -1 : 0;
}

/* As DEL does: first what is given out again, then pairs, all at once. */
static int wire_gc(struct request *req, struct err *e)
{
	const struct cni_conf *conf = &req->conf;
	auto_net struct net n = NET_INIT;
	struct graves g = { { .n = &n, .a = req->a }, conf->name };
	struct addresses s;
	struct err later;
	int rc;

	if (!conf->valid_attachments.v)
		return 0;
	if (net_open(&n, -1, e))
		return -1;
	rc = gc_elements(req, &n, e);
	if (gc_aliases(req, rc ? &later : e))
		rc = -1;
	if (find_bridge(req, &g.dead, rc ? &later : e))
		rc = -1;
	if (addresses_choose(req, &s, rc ? &later : e) ||
	    addresses_gc(req, &s, lease_gone, &g, rc ? &later : e))
		rc = -1;
	if (dead_pairs_but(&g.dead, conf->name, conf->valid_attachments.v,
			   conf->valid_attachments.n, rc ? &later : e) ||
	    dead_bury(&g.dead, rc ? &later : e))
		rc = -1;
	return rc;
}

static int wire_status(struct request *req, struct err *e)
{
	struct wire_call call;

	return start_call(req, &call, e) || addresses_status(req, &call.s, e) ? -1 : 0;
}

const struct plugin plugin_bridge = {
	.name = "bridge",
	.about = "connects a container to a bridge of the host by a veth pair",
	.add = wire_add,
	.del = wire_del,
	.check = wire_check,
	.gc = wire_gc,
	.status = wire_status,
};

const struct plugin plugin_ptp = {
	.name = "ptp",
	.about = "connects a container to the host by a veth pair, and routes to it",
	.add = wire_add,
	.del = wire_del,
	.check = wire_check,
	.gc = wire_gc,
	.status = wire_status,
};

const struct plugin plugin_peapod = {
	.name = "peapod",
	.about = "wires a pod in one call: pair, addresses, masquerading, host ports, limits",
	.add = wire_add,
	.del = wire_del,
	.check = wire_check,
	.gc = wire_gc,
	.status = wire_status,
};
