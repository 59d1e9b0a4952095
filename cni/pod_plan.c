/* SPDX-License-Identifier: Apache-2.0 */
/* pod_plan: the pod's end of the pair, and what is the same whatever the other end is on. */
#include "cni/pod_plan.h"

#include "spec/base/str.h"
#include "spec/cni/error.h"

#define MTU_MIN	 68
#define MTU_MAX	 65535
#define MTU_AUTO "auto"

/* ---- config ---- */

struct pod_doc {
	bool ip_masq;
	char *ip_masq_backend;
	struct json_object *mtu;
};

static const struct json_field doc_fields[] = {
	F_BOOL(struct pod_doc, ip_masq, "ipMasq", 0),
	F_STR(struct pod_doc, ip_masq_backend, "ipMasqBackend", 0),
	F_RAW(struct pod_doc, mtu, "mtu", 0),
	{ 0 },
};

struct mtu_doc {
	int32_t mtu;
};

static const struct json_field mtu_fields[] = {
	F_NUM(JSON_I32, struct mtu_doc, mtu, "mtu", 0),
	{ 0 },
};

static int read_mtu(const struct cni_conf *conf, struct json_object *raw, bool allow_auto,
		    struct arena *a, struct pod_conf *c, struct err *e)
{
	struct mtu_doc d = { 0 };

	if (allow_auto && raw && json_object_is_type(raw, json_type_string) &&
	    str_eq(json_object_get_string(raw), MTU_AUTO)) {
		c->mtu_auto = true;
		return 0;
	}
	if (json_decode(conf->raw, mtu_fields, &d, a, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	if (d.mtu && (d.mtu < MTU_MIN || d.mtu > MTU_MAX))
		return cni_err(e, CNI_ERR_CONFIG, "mtu: %d is not in %d..%d", d.mtu, MTU_MIN,
			       MTU_MAX);
	c->mtu = (uint32_t)d.mtu;
	return 0;
}

static int read_mac(const struct cni_conf *conf, const struct cni_args *args, struct pod_conf *c,
		    struct err *e)
{
	const char *text = conf->runtime.mac;

	text = text && *text ? text : conf->args.mac;
	text = text && *text ? text : cni_args_get(args, "MAC");
	if (!text || !*text)
		return 0;
	if (mac_parse(text, &c->mac))
		return cni_err(e, CNI_ERR_CONFIG, "invalid MAC address '%.60s'", text);
	c->has_mac = true;
	return 0;
}

int pod_conf_make(const struct cni_conf *conf, const struct cni_args *args, bool allow_auto,
		  struct arena *a, struct pod_conf *out, struct err *e)
{
	struct pod_conf c = { .mtu = 0 };
	struct pod_doc d = { 0 };

	if (json_decode(conf->raw, doc_fields, &d, a, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	if (conf->runtime.infiniband_guid)
		return cni_err(e, CNI_ERR_FIELD, "runtimeConfig: infinibandGUID: not supported");
	if (conf->runtime.device_id)
		return cni_err(e, CNI_ERR_FIELD, "runtimeConfig: deviceID: not supported");
	if (d.ip_masq && d.ip_masq_backend && *d.ip_masq_backend &&
	    !str_eq(d.ip_masq_backend, "nftables") && !str_eq(d.ip_masq_backend, "iptables"))
		return cni_err(e, CNI_ERR_CONFIG,
			       "ipMasqBackend: '%.60s' is not one of nftables, iptables",
			       d.ip_masq_backend);
	c.ip_masq = d.ip_masq;
	if (read_mtu(conf, d.mtu, allow_auto, a, &c, e) || read_mac(conf, args, &c, e))
		return -1;
	*out = c;
	return 0;
}

/* ---- what address management gave ---- */

const struct ip_addr *pod_address(const struct ipam_result *ipam, bool v4)
{
	for (size_t i = 0; i < ipam->ips.n; i++)
		if (ip_is_v4(&ipam->ips.v[i].address.ip) == v4)
			return &ipam->ips.v[i].address.ip;
	return NULL;
}

bool pod_has_family(const struct ipam_result *ipam, bool v4)
{
	return pod_address(ipam, v4);
}

struct mac pod_mac(const struct pod_conf *c, const struct attach *at,
		   const struct ipam_result *ipam, struct arena *a)
{
	struct ip_net *addrs = arena_array(a, ipam->ips.n + 1, sizeof(*addrs));

	for (size_t i = 0; i < ipam->ips.n; i++)
		addrs[i] = ipam->ips.v[i].address;
	return c->has_mac ? c->mac : attach_pod_mac(at, addrs, ipam->ips.n);
}

/* ---- planning ---- */

void pod_plan_forwarding(const struct ipam_result *ipam, struct plan *p)
{
	if (pod_has_family(ipam, true))
		plan_sysctl(p, ON_HOST, arena_strdup(p->a, "net/ipv4/ip_forward"), "1", false);
	if (pod_has_family(ipam, false))
		plan_sysctl(p, ON_HOST, arena_strdup(p->a, "net/ipv6/conf/all/forwarding"), "1",
			    false);
}

/*
 * The switches are for pods whose template namespace has IPv6 off. Without
 * duplicate detection addresses skip it by themselves; accept_dad=0 is for the
 * link-local one.
 */
static void plan_ipv6(const struct pod_conf *c, const char *dev, struct plan *p)
{
	plan_sysctl(p, IN_POD, arena_strdup(p->a, "net/ipv6/conf/lo/disable_ipv6"), "0", false);
	plan_sysctl(p, IN_POD, arena_printf(p->a, "net/ipv6/conf/%s/disable_ipv6", dev), "0",
		    false);
	plan_sysctl(p, IN_POD, arena_printf(p->a, "net/ipv6/conf/%s/keep_addr_on_down", dev), "1",
		    true);
	if (c->dad)
		plan_sysctl(p, IN_POD, arena_printf(p->a, "net/ipv6/conf/%s/enhanced_dad", dev),
			    "1", true);
	plan_sysctl(p, IN_POD, arena_printf(p->a, "net/ipv6/conf/%s/accept_dad", dev),
		    c->dad ? "1" : "0", true);
}

/* The addresses before the link is up: then the kernel announces them, unless told so later. */
void pod_plan_addresses(const struct pod_conf *c, const struct attach *at,
			const struct ipam_result *ipam, struct plan *p)
{
	bool v6 = pod_has_family(ipam, false);
	bool quiet = c->quiet && pod_has_family(ipam, true);

	if (c->idle)
		return;
	if (v6)
		plan_ipv6(c, at->ifname, p);
	if (!quiet)
		plan_op(p, OP_NOTIFY, IN_POD, at->ifname);
	for (size_t i = 0; i < ipam->ips.n; i++) {
		struct op *op = plan_op(p, OP_ADDR, IN_POD, at->ifname);

		op->addr.net = ipam->ips.v[i].address;
		op->addr.dad = c->dad && !ip_is_v4(&op->addr.net.ip);
	}
	plan_op(p, OP_UP, IN_POD, at->ifname);
	if (quiet)
		plan_op(p, OP_NOTIFY, IN_POD, at->ifname);
	if (v6 && c->dad)
		plan_op(p, OP_SETTLE, IN_POD, at->ifname);
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

int pod_plan_routes(const struct attach *at, const struct ipam_result *ipam, struct plan *p,
		    struct err *e)
{
	for (size_t i = 0; i < ipam->routes.n; i++)
		if (plan_route(&ipam->routes.v[i], at, ipam, p, e))
			return err_ctx(e, "routes: [%zu]", i);
	return 0;
}

void pod_plan_masq(const struct pod_conf *c, const struct attach *at,
		   const struct ipam_result *ipam, struct plan *p)
{
	for (size_t i = 0; c->ip_masq && i < ipam->ips.n; i++) {
		const struct ip_net *net = &ipam->ips.v[i].address;
		struct op *op = plan_op(p, OP_MASQ, ON_HOST, NULL);

		op->masq.network = at->network;
		op->masq.subnet = (struct ip_net){ ip_net_first(net), net->bits };
	}
}
