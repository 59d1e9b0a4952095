/* SPDX-License-Identifier: Apache-2.0 */
/* Port mappings: what is accepted, and the plans; no root. */
#include "cni/ports_plan.h"
#include "cni/portmap.h"
#include "cni/portmap_held.h"
#include "cni/portmap_table.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "tests/unit/test.h"

static const struct ip_addr pod4 = { 4, { 10, 1, 0, 2 } };
static const struct ip_addr pod6 = { 16, { 0xfd, [15] = 2 } };

/* The plan for these mappings and keys, or the error's text. */
static const char *plan_for(const char *mappings, const char *keys, struct arena *a)
{
	char *text = arena_printf(a,
				  "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"runtimeConfig\":"
				  "{\"portMappings\":%s}%s}",
				  mappings, keys);
	const struct attach at = { "net", "c1", "eth0" };
	const struct ports_place place = { "veth1", "br0", true };
	struct plan p = { .a = a };
	auto_str struct str out = { 0 };
	struct ports_conf c;
	struct port_maps maps;
	struct cni_conf conf;
	struct err e = { 0 };

	if (cni_conf_open(text, strlen(text), a, &conf, &e) || cni_conf_decode(&conf, a, &e) ||
	    ports_conf_make(&conf, a, &c, &e) || ports_make(&conf, &pod4, &pod6, a, &maps, &e))
		return arena_printf(a, "%d %s", cni_err_code(&e), e.msg);
	ports_plan_add(&maps, c.snat, &at, &place, &p);
	plan_print(&p, &out);
	return arena_strdup(a, str_text(&out));
}

/* Without an address both families are meant, with one only its own. */
TEST(ports_plan)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(plan_for("[]", "", &a), "");
	CHECK_TEXT(plan_for("[{\"hostPort\":8080,\"containerPort\":80}]", "", &a),
		   "host sysctl net/ipv4/conf/br0/route_localnet=1\n"
		   "host map ports of net c1 eth0 on veth1 bridge br0 snat local, "
		   "tcp 8080 to 10.1.0.2 port 80, tcp 8080 to fd00::2 port 80\n");
	CHECK_TEXT(plan_for("[{\"HostPort\":53,\"ContainerPort\":5353,\"Protocol\":\"UDP\","
			    "\"HostIP\":\"0.0.0.0\"},{\"hostPort\":9,\"containerPort\":9,"
			    "\"protocol\":\"sctp\",\"hostIP\":\"fd00::9\"}]",
			    ",\"masqAll\":true", &a),
		   "host sysctl net/ipv4/conf/br0/route_localnet=1\n"
		   "host map ports of net c1 eth0 on veth1 bridge br0 snat all, "
		   "udp 53 to 10.1.0.2 port 5353, sctp [fd00::9]:9 to fd00::2 port 9\n");
}

/* Only who may come from 127.0.0.0/8 needs a route for it. */
TEST(ports_localnet)
{
	static const char line[] = "[{\"hostPort\":1,\"containerPort\":2,\"hostIP\":\"%s\"}]";
	auto_arena struct arena a = { 0 };

	CHECK(strncmp(plan_for(arena_printf(&a, line, "192.0.2.1"), "", &a), "host map", 8) == 0);
	CHECK(strncmp(plan_for(arena_printf(&a, line, "::"), "", &a), "host map", 8) == 0);
	CHECK(strncmp(plan_for(arena_printf(&a, line, "127.0.0.1"), "", &a), "host sys", 8) == 0);
	CHECK(strncmp(plan_for(arena_printf(&a, line, ""), ",\"snat\":false", &a), "host map", 8) ==
	      0);
}

TEST(ports_same_twice)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(plan_for("[{\"hostPort\":1,\"containerPort\":2,\"hostIP\":\"192.0.2.1\"},"
			    "{\"hostPort\":1,\"containerPort\":2,\"hostIP\":\"192.0.2.1\"}]",
			    "", &a),
		   "host map ports of net c1 eth0 on veth1 bridge br0 snat local, "
		   "tcp 192.0.2.1:1 to 10.1.0.2 port 2\n");
}

TEST(ports_refused)
{
	static const struct {
		const char *mappings, *keys, *why;
	} rows[] = {
		{ "[{\"hostPort\":0,\"containerPort\":1}]", "", "7 portMappings: [0]: hostPort" },
		{ "[{\"hostPort\":65536,\"containerPort\":1}]", "", "7 portMappings: [0]: hostP" },
		{ "[{\"hostPort\":1,\"containerPort\":-1}]", "", "7 portMappings: [0]: contain" },
		{ "[{\"hostPort\":1}]", "", "7 portMappings: [0]: containerPort" },
		{ "[{\"hostPort\":1,\"containerPort\":1,\"protocol\":\"icmp\"}]", "",
		  "7 portMappings: [0]: protocol: 'icmp'" },
		{ "[{\"hostPort\":1,\"containerPort\":1,\"hostIP\":\"10.1\"}]", "",
		  "7 portMappings: [0]: hostIP" },
		{ "[{\"hostPort\":1,\"containerPort\":1},{\"hostPort\":1,\"containerPort\":2}]", "",
		  "7 portMappings: [1]: host port tcp 1 is mapped twice" },
		{ "[{\"hostPort\":\"1\",\"containerPort\":1}]", "", "6 " },
		{ "[]", ",\"backend\":\"ipfw\"", "7 backend" },
		{ "[]", ",\"externalSetMarkChain\":\"X\"", "2 externalSetMarkChain" },
		{ "[]", ",\"conditionsV4\":[\"-s\"]", "2 conditionsV4" },
		{ "[]", ",\"conditionsV6\":[\"x\"]", "2 conditionsV6" },
		{ "[]", ",\"markMasqBit\":32", "7 markMasqBit" },
		{ "[]", ",\"snat\":1", "6 snat" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_arena struct arena a = { 0 };

		CHECK_HAS(plan_for(rows[i].mappings, rows[i].keys, &a), rows[i].why);
	}
}

TEST(ports_accepted_keys)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(plan_for("[]",
			    ",\"backend\":\"nftables\",\"markMasqBit\":13,\"conditionsV4\":[],"
			    "\"externalSetMarkChain\":\"\"",
			    &a),
		   "");
}

/* What goes into the kernel comes back the same. */
TEST(ports_keys)
{
	const struct port_map maps[] = {
		{ 6, 8080, 80, { 0 }, pod4 },
		{ 17, 65535, 1, pod4, pod4 },
		{ 132, 256, 255, pod6, pod6 },
	};

	for (size_t i = 0; i < countof(maps); i++) {
		const struct nft_value key = portmap_port_key(&maps[i]);
		const struct nft_value value = portmap_port_value(&maps[i]);
		const struct portmap_family *f = portmap_family(&maps[i].ip);
		struct port_map back;

		CHECK(portmap_read(f, maps[i].host_ip.len != 0, &key, &value, &back) == 0);
		CHECK(back.proto == maps[i].proto && back.host_port == maps[i].host_port);
		CHECK(back.port == maps[i].port && ip_eq(&back.ip, &maps[i].ip));
		CHECK(ip_eq(&back.host_ip, &maps[i].host_ip));
		CHECK(portmap_read(f, maps[i].host_ip.len == 0, &key, &value, &back) == -1);
	}
}

TEST(ports_index)
{
	const struct port_map maps[] = {
		{ 6, 8080, 80, { 0 }, pod4 },
		{ 17, 65535, 1, pod4, pod4 },
		{ 132, 256, 255, pod6, pod6 },
		{ 6, 1, 1, { 0 }, pod6 },
	};
	static const char *const bad[] = { "",
					   "tcp",
					   "tcp 80 ipv4",
					   "x 80 ipv4 o",
					   "tcp x ipv4 o",
					   "tcp 65536 ipv4 o",
					   "tcp 80 ipv5 o",
					   "tcp 80  o" };
	struct port_map back;
	const char *owner;

	for (size_t i = 0; i < countof(maps); i++) {
		CHECK(!index_parse(index_format("net c1 eth0", &maps[i]).s, &back, &owner));
		CHECK_TEXT(owner, "net c1 eth0");
		CHECK(back.proto == maps[i].proto && back.host_port == maps[i].host_port);
		CHECK(back.ip.len == maps[i].ip.len && ip_eq(&back.host_ip, &maps[i].host_ip));
	}
	CHECK_TEXT(index_format("o", &maps[0]).s, "tcp 8080 ipv4 o");
	for (size_t i = 0; i < countof(bad); i++)
		CHECK(index_parse(bad[i], &back, &owner) < 0);
}

/* Long names are told apart, and all of it fits a comment with a device behind it. */
TEST(ports_owners)
{
	char one[201], two[201];

	memset(one, 'a', 200);
	memset(two, 'a', 200);
	one[200] = two[200] = '\0';
	two[199] = 'b';
	CHECK_TEXT(owner_text("net", "c1", "eth0").s, "net c1 eth0");
	CHECK(!str_eq(owner_text("net", one, "eth0").s, owner_text("net", two, "eth0").s));
	CHECK(!str_eq(owner_text(one, "c1", "eth0").s, owner_text(two, "c1", "eth0").s));
	CHECK(strlen(owner_text(one, two, "a2345678901234b").s) == 76 + 1 + 76 + 1 + 15);
}
