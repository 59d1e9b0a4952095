/* SPDX-License-Identifier: Apache-2.0 */
/* result: three shapes on the wire around one struct. */
#include "spec/cni/result.h"

#include <errno.h>

#include "spec/base/auto.h"
#include "spec/cni/addr.h"
#include "spec/cni/error.h"

/* ---- the shapes ---- */

struct wire_1 {
	char *cni_version;
	struct cni_result r;
};

struct wire_ip_03 {
	char *version; /* "4" or "6" */
	struct cni_ip ip;
};
struct wire_03 {
	char *cni_version;
	struct cni_ifaces interfaces;
	json_list(struct wire_ip_03) ips;
	struct cni_routes routes;
	struct cni_dns dns;
};

struct wire_ip_01 {
	char *ip;
	char *gateway;
	struct cni_routes routes;
};
struct wire_01 {
	char *cni_version;
	struct wire_ip_01 *ip4, *ip6;
	struct cni_dns dns;
};

const struct json_field cni_dns_fields[] = {
	F_STRS(struct cni_dns, nameservers, "nameservers", 0),
	F_STR(struct cni_dns, domain, "domain", 0),
	F_STRS(struct cni_dns, search, "search", 0),
	F_STRS(struct cni_dns, options, "options", 0),
	{ 0 },
};

const struct json_field cni_route_fields[] = {
	F_STR(struct cni_route, dst, "dst", JSON_REQUIRED),
	F_STR(struct cni_route, gw, "gw", 0),
	F_NUM(JSON_U32, struct cni_route, mtu, "mtu", 0),
	F_NUM(JSON_U32, struct cni_route, advmss, "advmss", 0),
	F_NUM(JSON_U32, struct cni_route, priority, "priority", 0),
	F_NUM(JSON_OPT_U32, struct cni_route, table, "table", 0),
	F_NUM(JSON_OPT_U32, struct cni_route, scope, "scope", 0),
	{ 0 },
};

static const struct json_field iface_fields[] = {
	F_STR(struct cni_iface, name, "name", JSON_ALWAYS),
	F_STR(struct cni_iface, mac, "mac", 0),
	F_NUM(JSON_U32, struct cni_iface, mtu, "mtu", 0),
	F_STR(struct cni_iface, sandbox, "sandbox", 0),
	F_STR(struct cni_iface, socket_path, "socketPath", 0),
	F_STR(struct cni_iface, pci_id, "pciID", 0),
	{ 0 },
};

static const struct json_field ip_1_fields[] = {
	F_NUM(JSON_OPT_I32, struct cni_ip, interface, "interface", 0),
	F_STR(struct cni_ip, address, "address", JSON_REQUIRED),
	F_STR(struct cni_ip, gateway, "gateway", 0),
	{ 0 },
};

/* 0.3.0 to 0.4.0 */
static const struct json_field ip_03_fields[] = {
	F_STR(struct wire_ip_03, version, "version", 0),
	F_NUM(JSON_OPT_I32, struct wire_ip_03, ip.interface, "interface", 0),
	F_STR(struct wire_ip_03, ip.address, "address", JSON_REQUIRED),
	F_STR(struct wire_ip_03, ip.gateway, "gateway", 0),
	{ 0 },
};

/* 0.1.0 and 0.2.0 */
static const struct json_field ip_01_fields[] = {
	F_STR(struct wire_ip_01, ip, "ip", JSON_REQUIRED),
	F_STR(struct wire_ip_01, gateway, "gateway", 0),
	F_LIST(JSON_OBJS, struct wire_ip_01, routes, "routes", 0, cni_route_fields),
	{ 0 },
};

static const struct json_field wire_1_fields[] = {
	F_STR(struct wire_1, cni_version, "cniVersion", 0),
	F_LIST(JSON_OBJS, struct wire_1, r.interfaces, "interfaces", 0, iface_fields),
	F_LIST(JSON_OBJS, struct wire_1, r.ips, "ips", 0, ip_1_fields),
	F_LIST(JSON_OBJS, struct wire_1, r.routes, "routes", 0, cni_route_fields),
	F_OBJ(struct wire_1, r.dns, "dns", 0, cni_dns_fields),
	{ 0 },
};

static const struct json_field wire_03_fields[] = {
	F_STR(struct wire_03, cni_version, "cniVersion", 0),
	F_LIST(JSON_OBJS, struct wire_03, interfaces, "interfaces", 0, iface_fields),
	F_LIST(JSON_OBJS, struct wire_03, ips, "ips", 0, ip_03_fields),
	F_LIST(JSON_OBJS, struct wire_03, routes, "routes", 0, cni_route_fields),
	F_OBJ(struct wire_03, dns, "dns", JSON_ALWAYS, cni_dns_fields),
	{ 0 },
};

static const struct json_field wire_01_fields[] = {
	F_STR(struct wire_01, cni_version, "cniVersion", 0),
	F_PTR(struct wire_01, ip4, "ip4", 0, ip_01_fields),
	F_PTR(struct wire_01, ip6, "ip6", 0, ip_01_fields),
	F_OBJ(struct wire_01, dns, "dns", JSON_ALWAYS, cni_dns_fields),
	{ 0 },
};

/* ---- reading ---- */

bool cni_dns_empty(const struct cni_dns *dns)
{
	return !dns->nameservers.n && !dns->search.n && !dns->options.n &&
	       !(dns->domain && *dns->domain);
}

int cni_route_check(const struct cni_route *r, struct err *e)
{
	struct ip_net dst;
	struct ip_addr gw;

	if (ip_net_parse(r->dst, &dst))
		return cni_err(e, CNI_ERR_CONFIG, "dst: invalid CIDR address '%.60s'", r->dst);
	if (r->gw && *r->gw && ip_parse(r->gw, &gw))
		return cni_err(e, CNI_ERR_CONFIG, "gw: invalid address '%.60s'", r->gw);
	return 0;
}

static int check_ip(const struct cni_ip *ip, size_t n_interfaces, struct err *e)
{
	struct ip_net net;
	struct ip_addr gw;

	if (ip_net_parse(ip->address, &net))
		return cni_err(e, CNI_ERR_CONFIG, "address: invalid CIDR address '%.60s'",
			       ip->address);
	if (ip->gateway && *ip->gateway && ip_parse(ip->gateway, &gw))
		return cni_err(e, CNI_ERR_CONFIG, "gateway: invalid address '%.60s'", ip->gateway);
	if (ip->interface.set && (ip->interface.v < 0 || (size_t)ip->interface.v >= n_interfaces))
		return cni_err(e, CNI_ERR_CONFIG, "interface: there is no interface %d",
			       ip->interface.v);
	return 0;
}

static int check_result(const struct cni_result *r, struct err *e)
{
	for (size_t i = 0; i < r->ips.n; i++)
		if (check_ip(&r->ips.v[i], r->interfaces.n, e))
			return err_ctx(e, "ips: [%zu]", i);
	for (size_t i = 0; i < r->routes.n; i++)
		if (cni_route_check(&r->routes.v[i], e))
			return err_ctx(e, "routes: [%zu]", i);
	return 0;
}

static int decode_03(struct json_object *obj, struct arena *a, struct cni_result *out,
		     struct err *e)
{
	struct wire_03 w = { 0 };

	if (json_decode(obj, wire_03_fields, &w, a, e))
		return -1;
	out->interfaces = w.interfaces;
	out->routes = w.routes;
	out->dns = w.dns;
	out->ips.n = w.ips.n;
	out->ips.v = arena_array(a, w.ips.n + 1, sizeof(*out->ips.v));
	for (size_t i = 0; i < w.ips.n; i++)
		out->ips.v[i] = w.ips.v[i].ip;
	return 0;
}

static int decode_01(struct json_object *obj, struct arena *a, struct cni_result *out,
		     struct err *e)
{
	struct wire_01 w = { 0 };
	size_t routes = 0;

	if (json_decode(obj, wire_01_fields, &w, a, e))
		return -1;
	const struct wire_ip_01 *both[] = { w.ip4, w.ip6 };

	for (size_t i = 0; i < countof(both); i++)
		routes += both[i] ? both[i]->routes.n : 0;
	out->dns = w.dns;
	out->ips.v = arena_array(a, countof(both) + 1, sizeof(*out->ips.v));
	out->routes.v = arena_array(a, routes + 1, sizeof(*out->routes.v));
	for (size_t i = 0; i < countof(both); i++) {
		if (!both[i])
			continue;
		out->ips.v[out->ips.n++] =
			(struct cni_ip){ .address = both[i]->ip, .gateway = both[i]->gateway };
		for (size_t k = 0; k < both[i]->routes.n; k++)
			out->routes.v[out->routes.n++] = both[i]->routes.v[k];
	}
	return 0;
}

static int decode_1(struct json_object *obj, struct arena *a, struct cni_result *out, struct err *e)
{
	struct wire_1 w = { 0 };

	if (json_decode(obj, wire_1_fields, &w, a, e))
		return -1;
	*out = w.r;
	return 0;
}

int cni_result_decode(struct json_object *obj, enum cni_version assumed, struct arena *a,
		      struct cni_result *out, struct err *e)
{
	struct cni_result r = { 0 };
	enum cni_version v = assumed;
	struct json_object *text;
	int rc;

	if (!json_object_is_type(obj, json_type_object))
		return cni_err(e, CNI_ERR_DECODE, "result is not a JSON object");
	text = json_get(obj, "cniVersion");
	if (text && *json_object_get_string(text))
		v = cni_version_parse(json_object_get_string(text));
	if (v == CNI_V_UNKNOWN)
		return cni_err(e, CNI_ERR_DECODE, "result of unknown cniVersion '%.60s'",
			       text ? json_object_get_string(text) : "");
	if (v >= CNI_1_0_0)
		rc = decode_1(obj, a, &r, e);
	else if (v >= CNI_0_3_0)
		rc = decode_03(obj, a, &r, e);
	else
		rc = decode_01(obj, a, &r, e);
	if (rc || check_result(&r, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	r.version = v;
	*out = r;
	return 0;
}

int cni_result_parse(const char *text, size_t len, enum cni_version assumed, struct arena *a,
		     struct cni_result *out, struct json_object **raw, struct err *e)
{
	struct json_object *obj = json_parse(text, len, e);

	if (!obj)
		return cni_err_as(e, CNI_ERR_DECODE);
	json_own(a, obj);
	if (cni_result_decode(obj, assumed, a, out, e))
		return -1;
	*raw = obj;
	return 0;
}

/* ---- writing ---- */

static bool is_v4(const char *text)
{
	struct ip_net net;

	return !ip_any_parse(text, &net) && ip_is_v4(&net.ip);
}

/* An empty text means the same as none, and an empty list is left out. */
static struct cni_result tidy(const struct cni_result *r)
{
	struct cni_result t = *r;

	if (!t.interfaces.n)
		t.interfaces.v = NULL;
	if (!t.ips.n)
		t.ips.v = NULL;
	if (!t.routes.n)
		t.routes.v = NULL;
	if (!t.dns.nameservers.n)
		t.dns.nameservers.v = NULL;
	if (!t.dns.search.n)
		t.dns.search.v = NULL;
	if (!t.dns.options.n)
		t.dns.options.v = NULL;
	if (t.dns.domain && !*t.dns.domain)
		t.dns.domain = NULL;
	return t;
}

static struct json_object *encode_1(const struct cni_result *r, char *version)
{
	struct wire_1 w = { .cni_version = version, .r = *r };

	return json_encode(&w, wire_1_fields);
}

/* What 1.1.0 added is dropped. */
static struct cni_ifaces older_interfaces(const struct cni_ifaces *in, struct arena *a)
{
	struct cni_ifaces out = { 0 };

	if (!in->n)
		return out;
	out.v = arena_array(a, in->n, sizeof(*out.v));
	for (; out.n < in->n; out.n++) {
		const struct cni_iface *from = &in->v[out.n];

		out.v[out.n] = (struct cni_iface){ .name = from->name,
						   .mac = from->mac,
						   .sandbox = from->sandbox };
	}
	return out;
}

static struct json_object *encode_03(const struct cni_result *r, char *version, struct arena *a)
{
	struct wire_03 w = {
		.cni_version = version,
		.interfaces = older_interfaces(&r->interfaces, a),
		.routes = r->routes,
		.dns = r->dns,
	};

	if (r->ips.n)
		w.ips.v = arena_array(a, r->ips.n, sizeof(*w.ips.v));
	for (; w.ips.n < r->ips.n; w.ips.n++) {
		const struct cni_ip *from = &r->ips.v[w.ips.n];

		w.ips.v[w.ips.n] = (struct wire_ip_03){
			.version = arena_strdup(a, is_v4(from->address) ? "4" : "6"),
			.ip = *from,
		};
	}
	return json_encode(&w, wire_03_fields);
}

/* The first address of a family and the routes of that family; NULL when there is none. */
static struct wire_ip_01 *first_ip(const struct cni_result *r, bool v4, struct arena *a)
{
	struct wire_ip_01 *w = arena_alloc(a, sizeof(*w));

	for (size_t i = 0; i < r->ips.n && !w->ip; i++)
		if (is_v4(r->ips.v[i].address) == v4)
			*w = (struct wire_ip_01){ .ip = r->ips.v[i].address,
						  .gateway = r->ips.v[i].gateway };
	if (!w->ip)
		return NULL;
	w->routes.v = arena_array(a, r->routes.n + 1, sizeof(*w->routes.v));
	for (size_t i = 0; i < r->routes.n; i++)
		if (is_v4(r->routes.v[i].dst) == v4)
			w->routes.v[w->routes.n++] = (struct cni_route){ .dst = r->routes.v[i].dst,
									 .gw = r->routes.v[i].gw };
	if (!w->routes.n)
		w->routes.v = NULL;
	return w;
}

static struct json_object *encode_01(const struct cni_result *r, char *version, struct arena *a,
				     struct err *e)
{
	struct wire_01 w = {
		.cni_version = version,
		.ip4 = first_ip(r, true, a),
		.ip6 = first_ip(r, false, a),
		.dns = r->dns,
	};

	if (!w.ip4 && !w.ip6) {
		cni_err(e, CNI_ERR_CONFIG, "cannot convert the result to %s: no valid IP addresses",
			version);
		return NULL;
	}
	return json_encode(&w, wire_01_fields);
}

struct json_object *cni_result_encode(const struct cni_result *r, enum cni_version v, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct cni_result t = tidy(r);
	char *version = arena_strdup(&a, cni_version_text(v));

	if (v >= CNI_1_0_0)
		return encode_1(&t, version);
	if (v >= CNI_0_3_0)
		return encode_03(&t, version, &a);
	return encode_01(&t, version, &a, e);
}
