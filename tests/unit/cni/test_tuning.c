/* SPDX-License-Identifier: Apache-2.0 */
/* Tuning: keys and what beats them, paths that stay below net, the allow list; no root. */
#include <stdlib.h>
#include <unistd.h>

#include "cni/saved.h"
#include "cni/tuning.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "tests/unit/test.h"

static const char *plan_with(const char *keys, const char *cni_args, const char *allow,
			     struct arena *a)
{
	char *text = arena_printf(a, "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",%s}", keys);
	struct attach at = { "net", "c1", "eth0" };
	struct plan p = { .a = a };
	auto_str struct str out = { 0 };
	struct cni_args args;
	struct cni_conf conf;
	struct tuning t;
	struct err e = { 0 };

	if (cni_conf_open(text, strlen(text), a, &conf, &e) || cni_conf_decode(&conf, a, &e) ||
	    cni_args_parse(cni_args, a, &args, &e) ||
	    tuning_make(&conf, &args, "eth0", true, a, &t, &e) || tuning_check(&t, allow, &e))
		return arena_printf(a, "%d %s", cni_err_code(&e), e.msg);
	tuning_plan_add(&t, &at, true, &p);
	plan_print(&p, &out);
	return arena_strdup(a, str_text(&out));
}

static const char *plan_for(const char *keys, struct arena *a)
{
	return plan_with(keys, "", NULL, a);
}

TEST(tuning_plan)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(plan_for("\"x\":1", &a), "");
	CHECK_TEXT(plan_for("\"sysctl\":{\"net.ipv4.conf.IFNAME.arp_filter\":\"1\","
			    "\"net/core/somaxconn\":\"500\"}",
			    &a),
		   "pod sysctl net/ipv4/conf/eth0/arp_filter=1\n"
		   "pod sysctl net/core/somaxconn=500\n");
	CHECK_TEXT(plan_for("\"mac\":\"02:00:00:00:00:01\",\"mtu\":1400,\"promisc\":true,"
			    "\"allmulti\":false,\"txQLen\":0,\"dataDir\":\"/d\"",
			    &a),
		   "pod save eth0 /d/c1_eth0.json\n"
		   "pod tune eth0 mac 02:00:00:00:00:01 mtu 1400 promisc on allmulti off "
		   "txqueuelen 0\n");
	/* promisc false leaves it alone. */
	CHECK_TEXT(plan_for("\"promisc\":false", &a), "");
}

TEST(tuning_precedence)
{
	static const char own[] = "\"mac\":\"02:00:00:00:00:01\"",
			  runtime[] = "\"runtimeConfig\":{\"mac\":\"02:00:00:00:00:03\"}",
			  args[] = "\"args\":{\"cni\":{\"mac\":\"02:00:00:00:00:04\",\"mtu\":1300,"
				   "\"sysctl\":{\"net.core.somaxconn\":\"7\"}}}";
	auto_arena struct arena a = { 0 };

	CHECK_HAS(plan_with(own, "MAC=02:00:00:00:00:02", NULL, &a), "mac 02:00:00:00:00:02");
	CHECK_HAS(plan_with(arena_printf(&a, "%s,%s", own, runtime), "MAC=02:00:00:00:00:02", NULL,
			    &a),
		  "mac 02:00:00:00:00:03");
	CHECK_TEXT(plan_for(arena_printf(&a,
					 "%s,%s,%s,\"mtu\":1200,\"sysctl\":{"
					 "\"net.core.somaxconn\":\"5\"}",
					 own, runtime, args),
			    &a),
		   "pod sysctl net/core/somaxconn=7\n"
		   "pod save eth0 /run/cni/tuning/c1_eth0.json\n"
		   "pod tune eth0 mac 02:00:00:00:00:04 mtu 1300\n");
}

TEST(tuning_refused)
{
	static const struct {
		const char *keys, *why;
	} rows[] = {
		{ "\"sysctl\":{\"kernel.hostname\":\"x\"}", "7 invalid net sysctl key" },
		{ "\"sysctl\":{\"net.ipv4.conf...kernel.hostname\":\"x\"}", "7 invalid net" },
		{ "\"sysctl\":{\"net/../kernel/hostname\":\"x\"}", "7 invalid net sysctl key" },
		{ "\"sysctl\":{\"/net/core/somaxconn\":\"1\"}", "7 invalid net sysctl key" },
		{ "\"sysctl\":{\"net.core.somaxconn\":1}", "6 sysctl" },
		{ "\"mac\":\"02:00:00:00:00\"", "7 invalid MAC" },
		{ "\"mtu\":-1", "7 mtu" },
		{ "\"txQLen\":-1", "7 txQLen" },
		{ "\"promisc\":\"yes\"", "6 promisc" },
		{ "\"args\":{\"cni\":{\"mtu\":\"x\"}}", "6 args: cni: mtu" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_arena struct arena a = { 0 };

		CHECK_HAS(plan_for(rows[i].keys, &a), rows[i].why);
	}
}

/* Lines are searched for anywhere in the key, as the reference's are. */
TEST(tuning_allow_list)
{
	static const char keys[] = "\"sysctl\":{\"net.core.somaxconn\":\"1\"}";
	auto_arena struct arena a = { 0 };

	CHECK_HAS(plan_with(keys, "", "\n  ^net\\.ipv4\\.\n^net\\.core\\.somaxconn$ \r\n", &a),
		  "somaxconn=1");
	CHECK_HAS(plan_with(keys, "", "core", &a), "somaxconn=1");
	CHECK_HAS(plan_with(keys, "", "^net\\.ipv4", &a), "7 sysctl net.core.somaxconn is not");
	CHECK_HAS(plan_with(keys, "", "", &a), "7 sysctl net.core.somaxconn is not allowed");
	CHECK_HAS(plan_with(keys, "", "(", &a), "is no regular expression");
}

TEST(saved_properties)
{
	auto_arena struct arena a = { 0 };
	char dir[] = "/tmp/peapod-saved-XXXXXX";
	struct link_tune asked = { .has_mac = true, .mtu = 1, .allmulti = { true, true } }, got;
	struct link now = { .mtu = 1450, .mac = { { 2, 0, 0, 0, 0, 9 } }, .tx_queue = 5 };
	struct err e = { 0 };
	char *file;

	CHECK(mkdtemp(dir));
	file = arena_printf(&a, "%s/sub/f.json", dir);
	CHECK(saved_read(file, &got, &e) == 0);
	CHECK(!saved_write(file, &asked, &now, &e));
	CHECK(saved_read(file, &got, &e) == 1);
	CHECK(got.mtu == 1450 && got.has_mac && got.mac.b[5] == 9);
	CHECK(got.allmulti.set && !got.allmulti.v && !got.promisc.set && !got.tx_queue.set);
	CHECK(!saved_remove(file, &e) && !saved_remove(file, &e));
	rmdir(arena_printf(&a, "%s/sub", dir));
	rmdir(dir);
}
