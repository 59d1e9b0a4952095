/* SPDX-License-Identifier: Apache-2.0 */
/* static: which addresses come of a config, and the plan in two parts. */
#include "cni/bridge.h"
#include "cni/static.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "tests/unit/test.h"

/* "ADDRESS[ via GATEWAY], ..." or the error's text. */
static const char *gives(const char *keys, const char *cni_args, struct arena *a)
{
	char *text = arena_printf(a, "{\"cniVersion\":\"1.0.0\",\"name\":\"net\"%s}", keys);
	auto_str struct str out = { 0 };
	struct ipam_result r;
	struct cni_args args;
	struct cni_conf conf;
	struct err e = { 0 };

	if (cni_conf_open(text, strlen(text), a, &conf, &e) || cni_conf_decode(&conf, a, &e) ||
	    cni_args_parse(cni_args, a, &args, &e) || static_make(&conf, &args, a, &r, &e))
		return arena_printf(a, "%d %s", cni_err_code(&e), e.msg);
	for (size_t i = 0; i < r.ips.n; i++) {
		const struct ipam_addr *addr = &r.ips.v[i];

		str_addf(&out, "%s%s%s%s", i ? ", " : "", ip_net_text(&addr->address).s,
			 addr->gateway.len ? " via " : "", ip_text(&addr->gateway).s);
	}
	return arena_strdup(a, str_text(&out));
}

#define ONE ",\"ipam\":{\"addresses\":[{\"address\":\"10.1.0.5/24\",\"gateway\":\"10.1.0.1\"}]}"

TEST(static_sources)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(gives(ONE, "", &a), "10.1.0.5/24 via 10.1.0.1");
	CHECK_TEXT(gives(ONE, "IP=10.2.0.6/24,fd00::6/64;GATEWAY=fd00::1", &a),
		   "10.1.0.5/24 via 10.1.0.1, 10.2.0.6/24, fd00::6/64 via fd00::1");
	CHECK_TEXT(gives(ONE ",\"args\":{\"cni\":{\"ips\":[\"10.1.0.7/24\"]}}", "", &a),
		   "10.1.0.7/24");
	CHECK_TEXT(gives(ONE ",\"args\":{\"cni\":{\"ips\":[\"10.1.0.7/24\"]}},"
			     "\"runtimeConfig\":{\"ips\":[\"10.1.0.8/24\"]}",
			 "IP=10.1.0.9/24", &a),
		   "10.1.0.8/24");
}

TEST(static_refused)
{
	static const struct {
		const char *keys, *args, *why;
	} rows[] = {
		{ "", "", "7 ipam: required" },
		{ ",\"ipam\":{}", "", "7 ipam: addresses: none" },
		{ ",\"ipam\":{\"addresses\":[{\"address\":\"10.1.0.5\"}]}", "",
		  "7 ipam: addresses: [0]: address" },
		{ ",\"ipam\":{\"addresses\":[{\"gateway\":\"10.1.0.1\"}]}", "",
		  "6 ipam: addresses" },
		{ ",\"ipam\":{\"addresses\":{}}", "", "6 ipam: addresses" },
		{ ONE, "IP=10.1.0.5", "7 CNI_ARGS: IP" },
		{ ONE, "GATEWAY=x", "7 CNI_ARGS: GATEWAY" },
		{ ONE, "X=1", "4 CNI_ARGS" },
		{ ONE ",\"runtimeConfig\":{\"ips\":[\"10.1.0.8\"]}", "", "7 runtimeConfig: ips" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_arena struct arena a = { 0 };

		CHECK_HAS(gives(rows[i].keys, rows[i].args, &a), rows[i].why);
	}
}

/* Another program's address comes after the pair, whose MAC then has nothing of it. */
TEST(plan_in_two)
{
	auto_arena struct arena a = { 0 };
	struct bridge_conf c = { .bridge = arena_strdup(&a, "br0"), .is_gateway = true };
	struct attach at = { "net", "c1", "eth0" };
	struct ipam_addr addr = { { { 4, { 10, 1, 0, 9 } }, 24 }, { 4, { 10, 1, 0, 1 } } };
	struct ipam_result ipam = { .ips = { 1, &addr } };
	struct plan p = { .a = &a };
	auto_str struct str out = { 0 };
	struct err e;

	bridge_plan_link(&c, &at, &p);
	CHECK(bridge_plan_net(&c, &at, &ipam, &p, &e) == 0);
	plan_print(&p, &out);
	CHECK_TEXT(str_text(&out),
		   "host bridge br0\n"
		   "host veth vethb4b65655071 mac 8e:11:e5:f6:83:ca master br0 peer eth0 "
		   "mac 72:a5:c5:d0:3c:b1\n"
		   "host sysctl net/ipv6/conf/vethb4b65655071/accept_ra=0 if there\n"
		   "host gateway br0 10.1.0.1/24\n"
		   "host sysctl net/ipv4/ip_forward=1\n"
		   "pod notify eth0\n"
		   "pod address eth0 10.1.0.9/24\n"
		   "pod up eth0\n"
		   "host wait vethb4b65655071\n"
		   "pod announce eth0 10.1.0.9\n");
}
