/* SPDX-License-Identifier: Apache-2.0 */
/* static: config to addresses, and the plugin that gives them out. */
#include "cni/static.h"

#include <string.h>

#include "cni/plugin.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define ADDRS_MAX 64 /* of one interface */

struct static_addr {
	char *address, *gateway;
};

struct static_doc {
	json_list(struct static_addr) addresses;
	struct cni_routes routes;
	struct cni_dns dns;
};

static const struct json_field addr_fields[] = {
	F_STR(struct static_addr, address, "address", JSON_REQUIRED),
	F_STR(struct static_addr, gateway, "gateway", 0),
	{ 0 },
};

static const struct json_field doc_fields[] = {
	F_LIST(JSON_OBJS, struct static_doc, addresses, "addresses", 0, addr_fields),
	F_LIST(JSON_OBJS, struct static_doc, routes, "routes", 0, cni_route_fields),
	F_OBJ(struct static_doc, dns, "dns", 0, cni_dns_fields),
	{ 0 },
};

static int add(struct ipam_result *r, const char *address, const char *gateway, struct err *e)
{
	struct ipam_addr addr = { 0 };

	if (r->ips.n == ADDRS_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "more than %d addresses", ADDRS_MAX);
	if (ip_net_parse(address, &addr.address))
		return cni_err(e, CNI_ERR_CONFIG, "address: '%.60s' is not ADDRESS/PREFIX",
			       address);
	if (gateway && *gateway && ip_parse(gateway, &addr.gateway))
		return cni_err(e, CNI_ERR_CONFIG, "gateway: '%.60s' is not an address", gateway);
	if (addr.gateway.len && addr.gateway.len != addr.address.ip.len)
		return cni_err(e, CNI_ERR_CONFIG, "gateway: '%.60s' is not of the family of %s",
			       gateway, ip_net_text(&addr.address).s);
	r->ips.v[r->ips.n++] = addr;
	return 0;
}

static int add_list(struct ipam_result *r, const struct json_strs *list, struct err *e)
{
	for (size_t i = 0; i < list->n; i++)
		if (add(r, list->v[i], NULL, e))
			return err_ctx(e, "[%zu]", i);
	return 0;
}

/* The gateway of the addresses in whose subnet it is. */
static int set_gateway(struct ipam_result *r, const char *text, struct err *e)
{
	struct ip_addr gw;

	if (ip_parse(text, &gw))
		return cni_err(e, CNI_ERR_CONFIG, "GATEWAY: '%.60s' is not an address", text);
	for (size_t i = 0; i < r->ips.n; i++)
		if (ip_net_contains(&r->ips.v[i].address, &gw))
			r->ips.v[i].gateway = gw;
	return 0;
}

static int read_args(const struct cni_args *args, struct ipam_result *r, struct arena *a,
		     struct err *e)
{
	static const char *const known[] = { "IP", "GATEWAY", "MAC", NULL };
	char *ips = arena_strdup(a, cni_args_get(args, "IP"));
	char *gateways = arena_strdup(a, cni_args_get(args, "GATEWAY"));
	char *save = NULL;

	if (cni_args_known(args, known, e))
		return -1;
	for (char *s = ips ? strtok_r(ips, ",", &save) : NULL; s; s = strtok_r(NULL, ",", &save))
		if (add(r, s, NULL, e))
			return err_ctx(e, "CNI_ARGS: IP");
	for (char *s = gateways ? strtok_r(gateways, ",", &save) : NULL; s;
	     s = strtok_r(NULL, ",", &save))
		if (set_gateway(r, s, e))
			return err_ctx(e, "CNI_ARGS");
	return 0;
}

static int read_addresses(const struct cni_conf *conf, const struct cni_args *args,
			  const struct static_doc *d, struct ipam_result *r, struct arena *a,
			  struct err *e)
{
	if (conf->runtime.ips.n)
		return add_list(r, &conf->runtime.ips, e) ? err_ctx(e, "runtimeConfig: ips") : 0;
	if (conf->args.ips.n)
		return add_list(r, &conf->args.ips, e) ? err_ctx(e, "args: cni: ips") : 0;
	for (size_t i = 0; i < d->addresses.n; i++)
		if (add(r, d->addresses.v[i].address, d->addresses.v[i].gateway, e))
			return err_ctx(e, "ipam: addresses: [%zu]", i);
	return read_args(args, r, a, e);
}

static int check_count(const struct cni_conf *conf, const struct ipam_result *r, struct err *e)
{
	size_t v4 = 0;

	if (!r->ips.n)
		return cni_err(e, CNI_ERR_CONFIG, "ipam: addresses: none is given");
	for (size_t i = 0; i < r->ips.n; i++)
		v4 += ip_is_v4(&r->ips.v[i].address.ip);
	if (conf->version < CNI_0_3_0 && (v4 > 1 || r->ips.n - v4 > 1))
		return cni_err(e, CNI_ERR_CONFIG,
			       "version %s does not support more than one address per family",
			       cni_version_text(conf->version));
	return 0;
}

int static_make(const struct cni_conf *conf, const struct cni_args *args, struct arena *a,
		struct ipam_result *out, struct err *e)
{
	struct static_doc d = { 0 };
	struct ipam_result r = { 0 };

	if (!conf->ipam)
		return cni_err(e, CNI_ERR_CONFIG, "ipam: required, but absent");
	if (json_decode(conf->ipam, doc_fields, &d, a, e)) {
		err_ctx(e, "ipam");
		return cni_err_as(e, CNI_ERR_DECODE);
	}
	for (size_t i = 0; i < d.routes.n; i++)
		if (cni_route_check(&d.routes.v[i], e))
			return err_ctx(e, "ipam: routes: [%zu]", i);
	r.ips.v = arena_array(a, ADDRS_MAX, sizeof(*r.ips.v));
	if (read_addresses(conf, args, &d, &r, a, e) || check_count(conf, &r, e))
		return -1;
	r.routes = d.routes;
	r.dns = d.dns;
	*out = r;
	return 0;
}

static int static_add(struct request *req, struct cni_result *out, struct err *e)
{
	struct ipam_result r;

	if (static_make(&req->conf, &req->args, req->a, &r, e))
		return -1;
	ipam_to_result(&r, -1, req->a, out);
	return 0;
}

/* That the addresses stand on the interface is for who put them there to check. */
static int static_check(struct request *req, struct err *e)
{
	struct ipam_result r;

	return static_make(&req->conf, &req->args, req->a, &r, e);
}

const struct plugin plugin_static = {
	.name = "static",
	.about = "gives out the addresses that its configuration names",
	.add = static_add,
	.check = static_check,
};
