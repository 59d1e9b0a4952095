/* SPDX-License-Identifier: Apache-2.0 */
/* bridge: from config and addresses to operations. */
#include "cni/bridge.h"

#include <errno.h>
#include <string.h>

#include "cni/ports_plan.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define MTU_MIN 68
#define MTU_MAX 65535

/* ---- config ---- */

struct bridge_doc {
	char *bridge, *ip_masq_backend;
	bool is_gateway, is_default_gateway, force_address, ip_masq, hairpin, promisc, isolated;
	int32_t mtu;
	/* known, but not built */
	int32_t vlan;
	struct json_object *vlan_trunk;
	bool macspoofchk, enabledad, disable_container_interface;
};

static const struct json_field doc_fields[] = {
	F_STR(struct bridge_doc, bridge, "bridge", 0),
	F_BOOL(struct bridge_doc, is_gateway, "isGateway", 0),
	F_BOOL(struct bridge_doc, is_default_gateway, "isDefaultGateway", 0),
	F_BOOL(struct bridge_doc, force_address, "forceAddress", 0),
	F_BOOL(struct bridge_doc, ip_masq, "ipMasq", 0),
	F_STR(struct bridge_doc, ip_masq_backend, "ipMasqBackend", 0),
	F_NUM(JSON_I32, struct bridge_doc, mtu, "mtu", 0),
	F_BOOL(struct bridge_doc, hairpin, "hairpinMode", 0),
	F_BOOL(struct bridge_doc, promisc, "promiscMode", 0),
	F_BOOL(struct bridge_doc, isolated, "portIsolation", 0),
	F_NUM(JSON_I32, struct bridge_doc, vlan, "vlan", 0),
	F_RAW(struct bridge_doc, vlan_trunk, "vlanTrunk", 0),
	F_BOOL(struct bridge_doc, macspoofchk, "macspoofchk", 0),
	F_BOOL(struct bridge_doc, enabledad, "enabledad", 0),
	F_BOOL(struct bridge_doc, disable_container_interface, "disableContainerInterface", 0),
	{ 0 },
};

static bool is_empty_array(struct json_object *val)
{
	return json_object_is_type(val, json_type_array) && !json_object_array_length(val);
}

static int refuse_unbuilt(const struct cni_conf *conf, const struct bridge_doc *d, struct err *e)
{
	const struct {
		const char *key;
		bool asked;
	} keys[] = {
		{ "vlan", d->vlan != 0 },
		{ "vlanTrunk", d->vlan_trunk && !is_empty_array(d->vlan_trunk) },
		{ "macspoofchk", d->macspoofchk },
		{ "enabledad", d->enabledad },
		{ "disableContainerInterface", d->disable_container_interface },
		{ "runtimeConfig: bandwidth", conf->runtime.bandwidth != NULL },
		{ "runtimeConfig: infinibandGUID", conf->runtime.infiniband_guid != NULL },
		{ "runtimeConfig: deviceID", conf->runtime.device_id != NULL },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].asked)
			return cni_err(e, CNI_ERR_FIELD, "%s: not supported", keys[i].key);
	if (d->ip_masq && d->ip_masq_backend && *d->ip_masq_backend &&
	    !str_eq(d->ip_masq_backend, "nftables"))
		return cni_err(e, CNI_ERR_FIELD,
			       "ipMasqBackend: '%.60s' is not supported, only nftables",
			       d->ip_masq_backend);
	return 0;
}

static int check_doc(const struct bridge_doc *d, struct err *e)
{
	const char *wrong = d->bridge ? cni_ifname_error(d->bridge) : NULL;

	if (wrong)
		return cni_err(e, CNI_ERR_CONFIG, "bridge: '%.60s' %s", d->bridge, wrong);
	if (d->mtu && (d->mtu < MTU_MIN || d->mtu > MTU_MAX))
		return cni_err(e, CNI_ERR_CONFIG, "mtu: %d is not in %d..%d", d->mtu, MTU_MIN,
			       MTU_MAX);
	if (d->hairpin && d->promisc)
		return cni_err(e, CNI_ERR_CONFIG,
			       "cannot set hairpinMode and promiscMode at the same time");
	return 0;
}

static int read_mac(const struct cni_conf *conf, const struct cni_args *args, struct bridge_conf *c,
		    struct err *e)
{
	static const char *const known[] = { "MAC", "IP", "GATEWAY", NULL };
	const char *text = conf->runtime.mac;

	if (cni_args_known(args, known, e))
		return -1;
	text = text && *text ? text : conf->args.mac;
	text = text && *text ? text : cni_args_get(args, "MAC");
	if (!text || !*text)
		return 0;
	if (mac_parse(text, &c->mac))
		return cni_err(e, CNI_ERR_CONFIG, "invalid MAC address '%.60s'", text);
	c->has_mac = true;
	return 0;
}

int bridge_conf_make(const struct cni_conf *conf, const struct cni_args *args, struct arena *a,
		     struct bridge_conf *out, struct err *e)
{
	struct bridge_doc d = { 0 };
	struct bridge_conf c;

	if (json_decode(conf->raw, doc_fields, &d, a, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	if (d.bridge && !*d.bridge)
		d.bridge = NULL;
	if (refuse_unbuilt(conf, &d, e) || check_doc(&d, e))
		return -1;
	c = (struct bridge_conf){
		.bridge = d.bridge ? d.bridge : arena_strdup(a, BRIDGE_DEFAULT),
		.is_gateway = d.is_gateway || d.is_default_gateway,
		.is_default_gateway = d.is_default_gateway,
		.force_address = d.force_address,
		.ip_masq = d.ip_masq,
		.hairpin = d.hairpin,
		.promisc = d.promisc,
		.isolated = d.isolated,
		.mtu = (uint32_t)d.mtu,
	};
	if (read_mac(conf, args, &c, e))
		return -1;
	*out = c;
	return 0;
}

/* ---- planning ADD ---- */

static bool has_family(const struct ipam_result *ipam, bool v4)
{
	for (size_t i = 0; i < ipam->ips.n; i++)
		if (ip_is_v4(&ipam->ips.v[i].address.ip) == v4)
			return true;
	return false;
}

static void plan_sysctl(struct plan *p, enum op_where where, char *name, const char *value,
			bool optional)
{
	struct op *op = plan_op(p, OP_SYSCTL, where, NULL);

	op->sysctl.name = name;
	op->sysctl.value = value;
	op->sysctl.optional = optional;
}

/* Addresses of the bridge come before the pair: a conflict there is the likeliest failure. */
static void plan_gateways(const struct bridge_conf *c, const struct ipam_result *ipam,
			  struct plan *p)
{
	for (size_t i = 0; i < ipam->ips.n; i++) {
		const struct ipam_addr *addr = &ipam->ips.v[i];
		struct op *op;

		if (!addr->gateway.len)
			continue;
		op = plan_op(p, OP_GATEWAY, ON_HOST, c->bridge);
		op->gateway.addr = (struct ip_net){ addr->gateway, addr->address.bits };
		op->gateway.force = c->force_address;
		op->gateway.friends = ipam->gateways.v;
		op->gateway.n_friends = ipam->gateways.n;
	}
	if (has_family(ipam, true))
		plan_sysctl(p, ON_HOST, arena_strdup(p->a, "net/ipv4/ip_forward"), "1", false);
	if (has_family(ipam, false))
		plan_sysctl(p, ON_HOST, arena_strdup(p->a, "net/ipv6/conf/all/forwarding"), "1",
			    false);
}

static void plan_pair(const struct bridge_conf *c, const struct attach *at,
		      const struct ipam_result *ipam, const char *host, struct plan *p)
{
	struct ip_net *addrs = arena_array(p->a, ipam->ips.n, sizeof(*addrs));
	struct op *op = plan_op(p, OP_VETH, ON_HOST, host);

	for (size_t i = 0; i < ipam->ips.n; i++)
		addrs[i] = ipam->ips.v[i].address;
	op->veth.peer = at->ifname;
	op->veth.master = c->bridge;
	op->veth.mac = attach_mac(at, "host");
	op->veth.peer_mac = c->has_mac ? c->mac : attach_pod_mac(at, addrs, ipam->ips.n);
	op->veth.mtu = c->mtu;
	op->veth.hairpin = c->hairpin;
	op->veth.isolated = c->isolated;
	plan_sysctl(p, ON_HOST, arena_printf(p->a, "net/ipv6/conf/%s/accept_ra", host), "0", true);
}

/*
 * The addresses before the link is up: then the kernel announces them. The
 * IPv6 switches are for pods whose template namespace has IPv6 off; addresses
 * skip duplicate detection by themselves, accept_dad=0 is for the link-local one.
 */
static void plan_pod(const struct attach *at, const struct ipam_result *ipam, struct plan *p)
{
	const char *dev = at->ifname;

	if (has_family(ipam, false)) {
		plan_sysctl(p, IN_POD, arena_strdup(p->a, "net/ipv6/conf/lo/disable_ipv6"), "0",
			    false);
		plan_sysctl(p, IN_POD, arena_printf(p->a, "net/ipv6/conf/%s/disable_ipv6", dev),
			    "0", false);
		plan_sysctl(p, IN_POD,
			    arena_printf(p->a, "net/ipv6/conf/%s/keep_addr_on_down", dev), "1",
			    true);
		plan_sysctl(p, IN_POD, arena_printf(p->a, "net/ipv6/conf/%s/accept_dad", dev), "0",
			    true);
	}
	plan_op(p, OP_NOTIFY, IN_POD, dev);
	for (size_t i = 0; i < ipam->ips.n; i++)
		plan_op(p, OP_ADDR, IN_POD, dev)->addr = ipam->ips.v[i].address;
	plan_op(p, OP_UP, IN_POD, dev);
}

static int plan_route(const struct cni_route *r, const struct attach *at,
		      const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	struct inet_route route = { .scope = -1 };
	const struct ip_addr *gw;

	if (cni_route_check(r, e) || ip_net_parse(r->dst, &route.dst))
		return -1;
	if (r->gw && *r->gw)
		ip_parse(r->gw, &route.gw);
	else if ((gw = ipam_gateway(ipam, &route.dst.ip)))
		route.gw = *gw;
	if (route.gw.len && route.gw.len != route.dst.ip.len)
		return cni_err(e, CNI_ERR_CONFIG, "gw: '%s' is not of the family of dst '%.60s'",
			       ip_text(&route.gw).s, r->dst);
	route.mtu = r->mtu;
	route.advmss = r->advmss;
	route.priority = r->priority;
	route.table = r->table.set ? r->table.v : 0;
	if (r->scope.set) {
		if (r->scope.v > UINT8_MAX)
			return cni_err(e, CNI_ERR_CONFIG, "scope: %u is not in 0..255", r->scope.v);
		route.scope = (int)r->scope.v;
	}
	plan_op(p, OP_ROUTE, IN_POD, at->ifname)->route = route;
	return 0;
}

/* Is a default route of that family among the operations from `from` on? */
static bool has_default(const struct plan *p, size_t from, const struct ip_addr *gw)
{
	for (size_t i = from; i < p->n; i++)
		if (p->v[i].kind == OP_ROUTE && !p->v[i].route.dst.bits &&
		    p->v[i].route.dst.ip.len == gw->len && !p->v[i].route.table)
			return true;
	return false;
}

static int plan_routes(const struct bridge_conf *c, const struct attach *at,
		       const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	size_t from = p->n;

	for (size_t i = 0; i < ipam->routes.n; i++)
		if (plan_route(&ipam->routes.v[i], at, ipam, p, e))
			return err_ctx(e, "routes: [%zu]", i);
	for (size_t i = 0; c->is_default_gateway && i < ipam->ips.n; i++) {
		const struct ip_addr *gw = &ipam->ips.v[i].gateway;
		struct inet_route route = { .scope = -1 };

		if (!gw->len || has_default(p, from, gw))
			continue;
		route.dst.ip.len = gw->len;
		route.gw = *gw;
		plan_op(p, OP_ROUTE, IN_POD, at->ifname)->route = route;
	}
	return 0;
}

static void plan_masq(const struct attach *at, const struct ipam_result *ipam, struct plan *p)
{
	for (size_t i = 0; i < ipam->ips.n; i++) {
		const struct ip_net *net = &ipam->ips.v[i].address;
		struct op *op = plan_op(p, OP_MASQ, ON_HOST, NULL);

		op->masq.network = at->network;
		op->masq.subnet = (struct ip_net){ ip_net_first(net), net->bits };
	}
}

static void plan_bridge(const struct bridge_conf *c, struct plan *p)
{
	struct op *op = plan_op(p, OP_BRIDGE, ON_HOST, c->bridge);

	op->bridge.mtu = c->mtu;
	op->bridge.promisc = c->promisc;
}

/* All behind the pair. */
static int plan_rest(const struct bridge_conf *c, const struct attach *at,
		     const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	plan_pod(at, ipam, p);
	if (plan_routes(c, at, ipam, p, e))
		return -1;
	if (c->ip_masq)
		plan_masq(at, ipam, p);
	plan_op(p, OP_WAIT, ON_HOST, attach_host_name(at, p->a));
	return 0;
}

int bridge_plan_add(const struct bridge_conf *c, const struct attach *at,
		    const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	plan_bridge(c, p);
	if (c->is_gateway)
		plan_gateways(c, ipam, p);
	plan_pair(c, at, ipam, attach_host_name(at, p->a), p);
	return plan_rest(c, at, ipam, p, e);
}

void bridge_plan_link(const struct bridge_conf *c, const struct attach *at, struct plan *p)
{
	const struct ipam_result none = { .ips = { 0, NULL } };

	plan_bridge(c, p);
	plan_pair(c, at, &none, attach_host_name(at, p->a), p);
}

int bridge_plan_net(const struct bridge_conf *c, const struct attach *at,
		    const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	if (c->is_gateway)
		plan_gateways(c, ipam, p);
	return plan_rest(c, at, ipam, p, e);
}

static const struct ip_addr *first_address(const struct ipam_result *ipam, bool v4)
{
	for (size_t i = 0; i < ipam->ips.n; i++)
		if (ip_is_v4(&ipam->ips.v[i].address.ip) == v4)
			return &ipam->ips.v[i].address.ip;
	return NULL;
}

int bridge_plan_ports(const struct cni_conf *conf, const struct bridge_conf *c,
		      const struct attach *at, const struct ipam_result *ipam, struct plan *p,
		      struct err *e)
{
	const struct ports_place place = { attach_host_name(at, p->a), c->bridge, true };
	const struct ip_addr *v4 = first_address(ipam, true), *v6 = first_address(ipam, false);
	struct ports_conf ports;
	struct port_maps maps;

	if (ports_conf_make(conf, p->a, &ports, e) || ports_make(conf, v4, v6, p->a, &maps, e))
		return -1;
	if (conf->runtime.port_mappings.n && !v4 && !v6)
		return cni_err(e, CNI_ERR_CONFIG, "portMappings: the network gives no address");
	ports_plan_add(&maps, ports.snat, at, &place, p);
	return 0;
}

/*
 * First no packet passes, so what follows may be given out again: host ports,
 * addresses; then the slow part, the end of the pair.
 */
void bridge_plan_del(const struct attach *at, const char *data_dir, bool ports, struct plan *p)
{
	char *host = attach_host_name(at, p->a);
	struct op *op;

	plan_op(p, OP_DETACH, ON_HOST, host);
	if (ports)
		ports_plan_del(at, p);
	if (data_dir) {
		op = plan_op(p, OP_LEASES, ON_HOST, NULL);
		op->leases.data_dir = data_dir;
		op->leases.network = at->network;
		op->leases.container_id = at->container_id;
		op->leases.ifname = at->ifname;
	}
	plan_op(p, OP_DELETE, ON_HOST, host)->delete.pod_dev = at->ifname;
}
