/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plugin makes of a config, up to the system calls: address management's choice, the plans
 * of ADD and DEL, host ports; and the texts that it reads back: leases, comments, aliases.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni/hostlocal.h"
#include "cni/lease_file.h"
#include "cni/owner.h"
#include "cni/pairs.h"
#include "cni/portmap_held.h"
#include "cni/static.h"
#include "cni/wire.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "tests/fuzz/fuzz.h"

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* A refusal has a text, and one line. */
static void refused(const struct err *e)
{
	must(e->num && *e->msg && !strchr(e->msg, '\n'), "an error without a text");
}

static bool every_third(const void *arg, const struct ip_addr *ip)
{
	(void)arg;
	return ip->b[ip->len - 1] % 3 == 2;
}

static bool none_oldest(const void *arg, const struct ip_range_set *set, struct ip_addr *out)
{
	(void)arg;
	(void)set;
	(void)out;
	return false;
}

/* Small sets only: a /64 without a free address would be counted to its end. */
static bool small(const struct hostlocal *h)
{
	for (size_t i = 0; i < h->sets.n; i++)
		for (size_t k = 0; k < h->sets.v[i].n; k++)
			if (ip_width(&h->sets.v[i].v[k].start) - h->sets.v[i].v[k].subnet.bits > 12)
				return false;
	return true;
}

static bool choose(const struct cni_conf *conf, const struct cni_args *args, struct arena *a,
		   struct ipam_result *out)
{
	struct hostlocal_market m = {
		.taken = every_third,
		.promised = every_third,
		.oldest = none_oldest,
	};
	struct hostlocal_choice c;
	struct err e = { 0 };
	struct hostlocal h;

	if (hostlocal_make(conf, args, a, &h, &e)) {
		refused(&e);
		return false;
	}
	if (!small(&h))
		return false;
	if (hostlocal_choose(&h, &m, a, &c, &e)) {
		refused(&e);
		return false;
	}
	out->ips.n = c.ips.n;
	out->ips.v = arena_array(a, c.ips.n + 1, sizeof(*out->ips.v));
	for (size_t i = 0; i < c.ips.n; i++) {
		must(ip_range_find(&h.sets.v[i], &c.ips.v[i]) == c.range[i], "not of its range");
		must(!every_third(NULL, &c.ips.v[i]), "an address that is taken");
		out->ips.v[i] = (struct ipam_addr){
			.address = { c.ips.v[i], c.range[i]->subnet.bits },
			.gateway = c.range[i]->gateway,
		};
	}
	out->routes = h.routes;
	return true;
}

/* Every plan can be printed, and names what it is about. */
static void plan(enum wire_kind kind, const struct cni_conf *conf, const struct cni_args *args,
		 struct ipam_result *ipam, bool spill, struct arena *a)
{
	const struct attach at = { conf->name, "c1", "eth0" };
	struct plan add = { .a = a }, del = { .a = a };
	auto_str struct str text = { 0 };
	struct err e = { 0 };
	struct wire w;

	if (wire_make(kind, conf, args, "eth0", a, &w, &e)) {
		refused(&e);
		return;
	}
	w.data_dir = "/leases";
	if (spill && !wire_spill(&w))
		return;
	wire_complete(&w, a, ipam);
	if (wire_plan_add(&w, conf, &at, ipam, false, &add, &e))
		refused(&e);
	wire_plan_del(kind, conf, &at, "/leases", &del);
	must(del.n >= 3, "a DEL that does nothing");
	plan_print(&add, &text);
	plan_print(&del, &text);
	must(strstr(str_text(&text), "delete veth") != NULL, "a DEL that leaves the pair");
}

static void fuzz_config(const char *data, size_t n)
{
	static const char *const texts[] = { "",
					     "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=p",
					     "IP=10.1.0.9;IgnoreUnknown=1" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		auto_arena struct arena a = { 0 };
		struct ipam_result ipam = { .ips = { 0, NULL } };
		struct cni_args args;
		struct cni_conf conf;
		struct err e = { 0 };

		if (cni_conf_open(data, n, &a, &conf, &e) || cni_conf_decode(&conf, &a, &e) ||
		    cni_args_parse(texts[i], &a, &args, &e))
			return;
		if (!choose(&conf, &args, &a, &ipam) && static_make(&conf, &args, &a, &ipam, &e))
			refused(&e);
		plan(WIRE_BRIDGE, &conf, &args, &ipam, false, &a);
		plan(WIRE_PTP, &conf, &args, &ipam, false, &a);
		plan(WIRE_PEAPOD, &conf, &args, &ipam, false, &a);
		plan(WIRE_PEAPOD, &conf, &args, &ipam, true, &a);
	}
}

/* Files and comments that anybody may have written. */
static void fuzz_texts(const char *data, size_t n)
{
	auto_arena struct arena a = { 0 };
	char *text = arena_strndup(&a, data, n);
	struct lease_owner owner;
	struct port_map map;
	const char *whose;

	if (!index_parse(text, &map, &whose)) {
		struct port_map again;
		const char *same;

		must(map.ip.len == 4 || map.ip.len == 16, "a port of no family");
		if (strlen(whose) < 200) {
			must(!index_parse(index_format(whose, &map).s, &again, &same), text);
			must(str_eq(whose, same) && again.host_port == map.host_port, text);
		}
	}
	must(strlen(pair_alias(text, "/x", &a)) <= PAIR_ALIAS_MAX, "an alias that does not fit");
	must(strlen(owner_text(text, text, "eth0").s) < sizeof(struct owner_text), text);
	if (lease_split(text, &owner)) {
		must(cni_valid_id(owner.container_id), "an id that is none");
		must(!strchr(owner.ifname, '/'), "an interface with a slash");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_config((const char *)data, size);
	fuzz_texts((const char *)data, size);
	return 0;
}
