/* SPDX-License-Identifier: Apache-2.0 */
/* wire: the parts in the order in which they come into effect. */
#include "cni/wire.h"

#include "cni/aliases.h"
#include "cni/owner.h"
#include "cni/pairs.h"
#include "cni/ports_plan.h"
#include "cni/ptp.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

/* ---- config ---- */

struct wire_doc {
	char *mode;
	struct opt_bool spill;
	struct opt_u32 ports;
};

static const struct json_field doc_fields[] = {
	F_STR(struct wire_doc, mode, "mode", JSON_NONEMPTY),
	F_ANY(JSON_OPT_BOOL, struct wire_doc, spill, "spill", 0),
	F_NUM(JSON_OPT_U32, struct wire_doc, ports, "bridgePorts", 0),
	{ 0 },
};

/* What other plugins of a chain do for these. */
static int refuse_chained(const struct cni_conf *conf, const char *plugin, struct err *e)
{
	if (conf->runtime.port_mappings.n)
		return cni_err(e, CNI_ERR_FIELD,
			       "runtimeConfig: portMappings: not supported by %s, only by "
			       "peapod and portmap",
			       plugin);
	if (conf->runtime.bandwidth)
		return cni_err(e, CNI_ERR_FIELD,
			       "runtimeConfig: bandwidth: not supported by %s, only by "
			       "peapod and bandwidth",
			       plugin);
	return 0;
}

/* The MTU is that of both ends from the beginning ("auto" is no number), the MAC the pair's. */
static int make_tuning(const struct cni_conf *conf, const struct cni_args *args, const char *ifname,
		       struct arena *a, struct wire *w, struct err *e)
{
	struct link_tune *t = &w->tuning.tune;

	if (tuning_make(conf, args, ifname, false, a, &w->tuning, e))
		return -1;
	if (t->has_mac && !w->bridge.pod.has_mac) { /* else the same, or from a better place */
		w->bridge.pod.mac = t->mac;
		w->bridge.pod.has_mac = true;
	}
	t->has_mac = false;
	t->mtu = 0;
	return 0;
}

static bool has_policy(const struct cni_conf *conf)
{
	return json_get(conf->raw, "ingressPolicy");
}

static int make_peapod(const struct cni_conf *conf, const struct cni_args *args, const char *ifname,
		       struct arena *a, struct wire *w, struct err *e)
{
	struct wire_doc d = { 0 };
	struct ports_conf ports;

	if (json_decode(conf->raw, doc_fields, &d, a, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	if (d.mode && !str_eq(d.mode, "bridge") && !str_eq(d.mode, "ptp"))
		return cni_err(e, CNI_ERR_CONFIG, "mode: '%.60s' is not one of bridge, ptp",
			       d.mode);
	w->routed = d.mode && str_eq(d.mode, "ptp");
	w->spill = !w->routed && (!d.spill.set || d.spill.v);
	w->ports_max = d.ports.set ? d.ports.v : WIRE_PORTS_DEFAULT;
	if (!w->ports_max || w->ports_max > WIRE_PORTS_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "bridgePorts: %u is not in 1..%d", w->ports_max,
			       WIRE_PORTS_MAX);
	if (bridge_conf_make(conf, args, true, a, &w->bridge, e) ||
	    ports_conf_make(conf, a, &ports, e) || bandwidth_make(conf, a, &w->limits, e) ||
	    make_tuning(conf, args, ifname, a, w, e))
		return -1;
	w->walled = has_policy(conf);
	if (w->walled && firewall_conf_make(conf, a, &w->policy, e))
		return -1;
	if (w->routed && w->policy != INGRESS_OPEN)
		return cni_err(e, CNI_ERR_CONFIG, "ingressPolicy: needs a bridge");
	w->bridge.pod.bare = true;
	w->bridge.pod.quiet = w->bridge.is_gateway && !w->bridge.pod.has_mac;
	/* Where bridged packets pass the rules its own port leads a pod back that way. */
	w->bridge.hairpin |= conf->runtime.port_mappings.n && !w->bridge.promisc;
	return 0;
}

int wire_make(enum wire_kind kind, const struct cni_conf *conf, const struct cni_args *args,
	      const char *ifname, struct arena *a, struct wire *out, struct err *e)
{
	struct wire w = { .kind = kind };
	int rc;

	switch (kind) {
	case WIRE_BRIDGE:
		rc = refuse_chained(conf, "bridge", e)
			     ? -1
			     : bridge_conf_make(conf, args, false, a, &w.bridge, e);
		break;
	case WIRE_PTP:
		w.routed = true;
		rc = refuse_chained(conf, "ptp", e)
			     ? -1
			     : pod_conf_make(conf, args, false, a, &w.bridge.pod, e);
		break;
	case WIRE_PEAPOD:
	default:
		rc = make_peapod(conf, args, ifname, a, &w, e);
	}
	if (!rc)
		*out = w;
	return rc;
}

/* ---- planning ---- */

static bool may_spill(const struct wire *w)
{
	const struct bridge_conf *c = &w->bridge;

	return w->spill && !w->spilled && w->data_dir && c->is_gateway && !c->tagged &&
	       !c->spoof_check && !c->isolated && !c->pod.idle && w->policy == INGRESS_OPEN;
}

bool wire_spill(struct wire *w)
{
	if (!may_spill(w))
		return false;
	w->routed = w->spilled = true;
	return true;
}

static const struct ip_addr *addresses_of(const struct ipam_result *ipam, struct arena *a)
{
	struct ip_addr *ips = arena_array(a, ipam->ips.n + 1, sizeof(*ips));

	for (size_t i = 0; i < ipam->ips.n; i++)
		ips[i] = ipam->ips.v[i].address.ip;
	return ips;
}

/* Bridged pods ask on their link for one that is not there: the host answers, at once. */
static void plan_proxies(const struct wire *w, const struct ipam_result *ipam, struct plan *p)
{
	const char *bridge = w->bridge.bridge;
	struct op *op;

	if (pod_has_family(ipam, true))
		plan_sysctl(p, ON_HOST, arena_printf(p->a, "net/ipv4/neigh/%s/proxy_delay", bridge),
			    "0", true);
	if (pod_has_family(ipam, false)) {
		plan_sysctl(p, ON_HOST, arena_printf(p->a, "net/ipv6/neigh/%s/proxy_delay", bridge),
			    "0", true);
		plan_sysctl(p, ON_HOST, arena_printf(p->a, "net/ipv6/conf/%s/proxy_ndp", bridge),
			    "1", false);
	}
	op = plan_op(p, OP_PROXY, ON_HOST, bridge);
	op->proxy.ips = addresses_of(ipam, p->a);
	op->proxy.n_ips = ipam->ips.n;
}

void wire_complete(const struct wire *w, struct arena *a, struct ipam_result *ipam)
{
	if (!w->routed || w->spilled)
		bridge_complete(&w->bridge, a, ipam);
}

/* Whose they are is written on them, and where it may be otherwise not all ports are taken. */
static void mark_pairs(const struct wire *w, const struct attach *at, struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct op *op = &p->v[i];

		if (op->kind != OP_VETH || !str_eq(op->veth.peer, at->ifname))
			continue;
		op->veth.alias = pair_alias(owner_of(at, p->a), w->data_dir, p->a);
		op->veth.ports_max = may_spill(w) ? w->ports_max : 0;
	}
}

void wire_plan_link(const struct wire *w, const struct attach *at, struct plan *p)
{
	if (w->routed)
		ptp_plan_link(&w->bridge.pod, at, p);
	else
		bridge_plan_link(&w->bridge, at, p);
	mark_pairs(w, at, p);
}

static int plan_net(const struct wire *w, const struct attach *at, const struct ipam_result *ipam,
		    bool linked, struct plan *p, struct err *e)
{
	if (w->routed)
		return linked ? ptp_plan_net(&w->bridge.pod, at, ipam, p, e)
			      : ptp_plan_add(&w->bridge.pod, at, ipam, p, e);
	return linked ? bridge_plan_net(&w->bridge, at, ipam, p, e)
		      : bridge_plan_add(&w->bridge, at, ipam, p, e);
}

static int plan_ports(const struct wire *w, const struct cni_conf *conf, const struct attach *at,
		      const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	const char *host = attach_host_name(at, p->a);
	const struct ports_place place = { host, w->routed ? host : w->bridge.bridge, !w->routed };
	const struct ip_addr *v4 = pod_address(ipam, true), *v6 = pod_address(ipam, false);
	struct ports_conf ports;
	struct port_maps maps;

	if (ports_conf_make(conf, p->a, &ports, e) || ports_make(conf, v4, v6, p->a, &maps, e))
		return -1;
	if (conf->runtime.port_mappings.n && !v4 && !v6)
		return cni_err(e, CNI_ERR_CONFIG, "portMappings: the network gives no address");
	ports_plan_add(&maps, ports.snat, at, &place, p);
	return 0;
}

static void plan_walls(const struct wire *w, const struct attach *at,
		       const struct ipam_result *ipam, struct plan *p)
{
	firewall_plan_add(at, w->policy, w->routed ? NULL : w->bridge.bridge,
			  addresses_of(ipam, p->a), ipam->ips.n, p);
}

int wire_plan_add(const struct wire *w, const struct cni_conf *conf, const struct attach *at,
		  const struct ipam_result *ipam, bool linked, struct plan *p, struct err *e)
{
	if (plan_net(w, at, ipam, linked, p, e))
		return -1;
	mark_pairs(w, at, p);
	if (w->spilled)
		plan_proxies(w, ipam, p);
	if (w->kind != WIRE_PEAPOD)
		return 0;
	tuning_plan_add(&w->tuning, at, false, p);
	if (aliases_plan_add(conf, at, ipam, p, e))
		return -1;
	if (w->walled)
		plan_walls(w, at, ipam, p);
	bandwidth_plan_add(&w->limits, at, attach_host_name(at, p->a),
			   bandwidth_ifb(at, true, p->a), p);
	return plan_ports(w, conf, at, ipam, p, e);
}

static bool is_true(const struct cni_conf *conf, const char *key)
{
	struct json_object *val = json_get(conf->raw, key);

	return val && json_object_is_type(val, json_type_boolean) && json_object_get_boolean(val);
}

static const char *text_of(const struct cni_conf *conf, const char *key)
{
	struct json_object *val = json_get(conf->raw, key);

	return val && json_object_is_type(val, json_type_string) ? json_object_get_string(val) : "";
}

const char *wire_proxy_bridge(enum wire_kind kind, const struct cni_conf *conf)
{
	const char *bridge = text_of(conf, "bridge");

	if (kind != WIRE_PEAPOD || str_eq(text_of(conf, "mode"), "ptp"))
		return NULL;
	if (!*bridge)
		return BRIDGE_DEFAULT;
	return cni_ifname_error(bridge) ? NULL : bridge;
}

/*
 * First no packet passes, so what follows may be given out again: host ports,
 * addresses; then the slow part, the end of the pair.
 */
void wire_plan_del(enum wire_kind kind, const struct cni_conf *conf, const struct attach *at,
		   const char *data_dir, struct plan *p)
{
	char *host = attach_host_name(at, p->a);
	struct op *op;

	plan_op(p, OP_DETACH, ON_HOST, host);
	if (kind == WIRE_PEAPOD)
		ports_plan_del(at, p);
	if (kind != WIRE_PTP && is_true(conf, "macspoofchk"))
		plan_op(p, OP_UNSPOOF, ON_HOST, NULL)->spoof.owner = owner_of(at, p->a);
	if (kind == WIRE_PEAPOD && has_policy(conf))
		firewall_plan_del(at, p);
	if (data_dir) {
		op = plan_op(p, OP_LEASES, ON_HOST, NULL);
		op->leases.data_dir = data_dir;
		op->leases.network = at->network;
		op->leases.container_id = at->container_id;
		op->leases.ifname = at->ifname;
		op->leases.bridge = wire_proxy_bridge(kind, conf);
	}
	if (kind == WIRE_PEAPOD) {
		aliases_plan_del(conf, at, p);
		bandwidth_plan_del(bandwidth_ifb(at, true, p->a), p);
	}
	plan_op(p, OP_DELETE, ON_HOST, host)->delete.pod_dev = at->ifname;
}

int wire_pod_iface(const struct wire *w)
{
	return w->routed ? 1 : 2;
}
