/* SPDX-License-Identifier: Apache-2.0 */
/* result_encode: one result as the document of the version that was asked for. */
#include "spec/cni/addr.h"
#include "spec/cni/error.h"
#include "spec/cni/result.h"
#include "spec/cni/result_wire.h"

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

static struct json_object *encode_03(const struct cni_result *r, char *version, struct arena *a)
{
	struct wire_03 w = {
		.cni_version = version,
		.routes = r->routes,
		.dns = r->dns,
	};

	w.interfaces.n = r->interfaces.n;
	w.interfaces.v = r->interfaces.v ? arena_memdup(a, r->interfaces.v,
							r->interfaces.n * sizeof(*r->interfaces.v))
					 : NULL;
	for (size_t i = 0; i < w.interfaces.n; i++) {
		w.interfaces.v[i].mtu = 0;
		w.interfaces.v[i].socket_path = NULL;
		w.interfaces.v[i].pci_id = NULL;
	}
	w.ips.n = r->ips.n;
	w.ips.v = r->ips.v ? arena_array(a, r->ips.n, sizeof(*w.ips.v)) : NULL;
	for (size_t i = 0; i < w.ips.n; i++) {
		w.ips.v[i].ip = r->ips.v[i];
		w.ips.v[i].version = arena_strdup(a, is_v4(r->ips.v[i].address) ? "4" : "6");
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
