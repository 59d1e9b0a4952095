/* SPDX-License-Identifier: Apache-2.0 */
/* The firewall's keys and operations; no root. */
#include <errno.h>

#include "cni/firewall.h"
#include "cni/firewall_conf.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "tests/unit/test.h"

static const char *plan_for(const char *keys, struct arena *a)
{
	static const struct ip_addr ips[] = { { 4, { 10, 1, 0, 2 } }, { 16, { 0xfd, [15] = 2 } } };
	char *text = arena_printf(a, "{\"cniVersion\":\"1.0.0\",\"name\":\"net\"%s}", keys);
	struct attach at = { "net", "c1", "eth0" };
	struct plan p = { .a = a };
	auto_str struct str out = { 0 };
	enum ingress_policy policy;
	struct cni_conf conf;
	struct err e = { 0 };

	if (cni_conf_open(text, strlen(text), a, &conf, &e) || cni_conf_decode(&conf, a, &e) ||
	    firewall_conf_make(&conf, a, &policy, &e))
		return arena_printf(a, "%d %s", cni_err_code(&e), e.msg);
	firewall_plan_add(&at, policy, policy == INGRESS_OPEN ? NULL : "br0", ips, countof(ips),
			  &p);
	firewall_plan_del(&at, &p);
	plan_print(&p, &out);
	return arena_strdup(a, str_text(&out));
}

TEST(firewall_plan)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(plan_for("", &a), "host admit open of net c1 eth0, 10.1.0.2, fd00::2\n"
				     "host expel net c1 eth0\n");
	CHECK_HAS(plan_for(",\"ingressPolicy\":\"\",\"backend\":\"iptables\"", &a), "admit open");
	CHECK_HAS(plan_for(",\"ingressPolicy\":\"open\",\"backend\":\"firewalld\","
			   "\"firewalldZone\":\"trusted\",\"iptablesAdminChainName\":\"CNI-ADMIN\"",
			   &a),
		  "admit open");
	CHECK_HAS(plan_for(",\"ingressPolicy\":\"same-bridge\"", &a),
		  "admit same-bridge br0 of net c1 eth0");
	CHECK_HAS(plan_for(",\"ingressPolicy\":\"isolated\"", &a), "admit isolated br0 of");
}

TEST(firewall_refused)
{
	auto_arena struct arena a = { 0 };

	CHECK_HAS(plan_for(",\"ingressPolicy\":\"closed\"", &a),
		  "7 ingressPolicy: 'closed' is not");
	CHECK_HAS(plan_for(",\"backend\":\"ipfw\"", &a), "7 backend: unknown 'ipfw'");
	CHECK_HAS(plan_for(",\"firewalldZone\":\"public\"", &a), "2 firewalldZone: 'public'");
	CHECK_HAS(plan_for(",\"iptablesAdminChainName\":\"X\"", &a),
		  "2 iptablesAdminChainName: 'X'");
	CHECK_HAS(plan_for(",\"backend\":1", &a), "6 backend");
}

TEST(firewall_admits_all_addresses_or_none)
{
	static const struct ip_addr ips[65] = { { 4, { 10, 1, 0, 2 } } };
	const struct firewall_pod pod = { .owner = "net c1 eth0",
					  .ips = ips,
					  .n_ips = countof(ips) };
	struct err e;

	CHECK(firewall_ensure(NULL, &pod, &e) == -1 && e.num == E2BIG);
	CHECK_HAS(e.msg, "65 addresses");
}
