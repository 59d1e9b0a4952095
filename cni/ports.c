/* SPDX-License-Identifier: Apache-2.0 */
/* ports: checks, and one entry for each family. */
#include "cni/ports.h"

#include <netinet/in.h>
#include <stdio.h>

#include "spec/base/json.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define MARK_BIT_MAX 31

const struct name port_protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "sctp", IPPROTO_SCTP },
	{ 0 },
};

/* ---- config ---- */

struct ports_doc {
	struct opt_bool snat;
	struct opt_i32 mark_bit;
	bool masq_all;
	char *mark_chain, *backend;
	struct json_strs cond4, cond6;
};

static const struct json_field doc_fields[] = {
	F_ANY(JSON_OPT_BOOL, struct ports_doc, snat, "snat", 0),
	F_NUM(JSON_OPT_I32, struct ports_doc, mark_bit, "markMasqBit", 0),
	F_BOOL(struct ports_doc, masq_all, "masqAll", 0),
	F_STR(struct ports_doc, mark_chain, "externalSetMarkChain", 0),
	F_STR(struct ports_doc, backend, "backend", 0),
	F_STRS(struct ports_doc, cond4, "conditionsV4", 0),
	F_STRS(struct ports_doc, cond6, "conditionsV6", 0),
	{ 0 },
};

int ports_conf_make(const struct cni_conf *conf, struct arena *a, struct ports_conf *out,
		    struct err *e)
{
	struct ports_doc d = { 0 };

	if (json_decode(conf->raw, doc_fields, &d, a, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	if (d.mark_chain && *d.mark_chain)
		return cni_err(e, CNI_ERR_FIELD, "externalSetMarkChain: not supported");
	if (d.cond4.n || d.cond6.n)
		return cni_err(e, CNI_ERR_FIELD, "conditions%s: not supported",
			       d.cond4.n ? "V4" : "V6");
	if (d.backend && *d.backend && !str_eq(d.backend, "nftables") &&
	    !str_eq(d.backend, "iptables"))
		return cni_err(e, CNI_ERR_CONFIG,
			       "backend: '%.60s' is not one of nftables, iptables", d.backend);
	if (d.mark_bit.set && (d.mark_bit.v < 0 || d.mark_bit.v > MARK_BIT_MAX))
		return cni_err(e, CNI_ERR_CONFIG, "markMasqBit: %d is not in 0..%d", d.mark_bit.v,
			       MARK_BIT_MAX);
	out->snat = d.snat.set && !d.snat.v ? PORT_SNAT_NONE
		    : d.masq_all	    ? PORT_SNAT_ALL
					    : PORT_SNAT_LOCAL;
	return 0;
}

/* ---- mappings ---- */

struct port_text port_text(const struct port_map *map)
{
	const char *proto = names_of(port_protocols, map->proto);
	bool v6 = map->host_ip.len && !ip_is_v4(&map->host_ip);
	struct port_text out;

	snprintf(out.s, sizeof(out.s), "%s %s%s%s%s%u", proto ? proto : "?", v6 ? "[" : "",
		 ip_text(&map->host_ip).s, v6 ? "]" : "", map->host_ip.len ? ":" : "",
		 map->host_port);
	return out;
}

static int read_port(const char *key, int32_t port, struct err *e)
{
	if (port < 1 || port > UINT16_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "%s: %d is not in 1..%d", key, port, UINT16_MAX);
	return 0;
}

/* family: the length of the addresses that are meant, 0: either. */
static int read_mapping(const struct cni_port *conf, struct port_map *out, uint8_t *family,
			struct err *e)
{
	const char *proto = conf->protocol && *conf->protocol ? conf->protocol : "tcp";
	const struct name *row = names_find_nocase(port_protocols, proto);
	struct ip_addr any = { 0 };

	if (read_port("hostPort", conf->host_port, e) ||
	    read_port("containerPort", conf->container_port, e))
		return -1;
	if (!row)
		return cni_err(e, CNI_ERR_CONFIG, "protocol: '%.60s' is not tcp, udp or sctp",
			       proto);
	*out = (struct port_map){
		.proto = (uint8_t)row->value,
		.host_port = (uint16_t)conf->host_port,
		.port = (uint16_t)conf->container_port,
	};
	*family = 0;
	if (!conf->host_ip || !*conf->host_ip)
		return 0;
	if (ip_parse(conf->host_ip, &out->host_ip))
		return cni_err(e, CNI_ERR_CONFIG, "hostIP: '%.60s' is not an address",
			       conf->host_ip);
	*family = any.len = out->host_ip.len;
	if (ip_eq(&out->host_ip, &any))
		out->host_ip.len = 0;
	return 0;
}

static bool same_port(const struct port_map *a, const struct port_map *b)
{
	return a->proto == b->proto && a->host_port == b->host_port && a->ip.len == b->ip.len &&
	       ip_eq(&a->host_ip, &b->host_ip);
}

/* The same one twice counts once. */
static int add(struct port_map *v, size_t *n, const struct port_map *map, struct err *e)
{
	for (size_t i = 0; i < *n; i++) {
		if (!same_port(&v[i], map))
			continue;
		if (v[i].port == map->port)
			return 0;
		return cni_err(e, CNI_ERR_CONFIG, "host port %s is mapped twice", port_text(map).s);
	}
	v[(*n)++] = *map;
	return 0;
}

int ports_make(const struct cni_conf *conf, const struct ip_addr *v4, const struct ip_addr *v6,
	       struct arena *a, struct port_maps *out, struct err *e)
{
	const struct ip_addr *const ips[] = { v4, v6 };
	size_t n = 0, count = conf->runtime.port_mappings.n;
	struct port_map *v;

	if (count > PORTS_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "portMappings: %zu, but %d is the limit", count,
			       PORTS_MAX);
	v = arena_array(a, 2 * count + 1, sizeof(*v));
	for (size_t i = 0; i < count; i++) {
		struct port_map map = { 0 };
		uint8_t family = 0;

		if (read_mapping(&conf->runtime.port_mappings.v[i], &map, &family, e))
			return err_ctx(e, "portMappings: [%zu]", i);
		for (size_t f = 0; f < 2; f++) {
			if (!ips[f] || !ips[f]->len || (family && family != ips[f]->len))
				continue;
			map.ip = *ips[f];
			if (add(v, &n, &map, e))
				return err_ctx(e, "portMappings: [%zu]", i);
		}
	}
	out->n = n;
	out->v = v;
	return 0;
}

bool ports_need_localnet(const struct port_maps *maps, enum port_snat snat)
{
	if (snat == PORT_SNAT_NONE)
		return false;
	for (size_t i = 0; i < maps->n; i++)
		if (ip_is_v4(&maps->v[i].ip) &&
		    (!maps->v[i].host_ip.len || maps->v[i].host_ip.b[0] == 127))
			return true;
	return false;
}
