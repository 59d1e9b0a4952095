/* SPDX-License-Identifier: Apache-2.0 */
/* Golden plans: config and addresses in, one line per operation out; no root. */
#include "cni/hostlocal.h"
#include "cni/wire.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "tests/unit/test.h"

static bool nothing_taken(const void *arg, const struct ip_addr *ip)
{
	(void)arg;
	(void)ip;
	return false;
}

/* What host-local would give on an empty directory. */
static int addresses(const struct cni_conf *conf, const struct cni_args *args, struct arena *a,
		     struct ipam_result *out, struct err *e)
{
	struct hostlocal_market m = { .taken = nothing_taken };
	struct hostlocal_choice choice;
	struct hostlocal h;

	if (!conf->ipam)
		return 0;
	if (hostlocal_make(conf, args, a, &h, e) || hostlocal_choose(&h, &m, a, &choice, e))
		return -1;
	out->ips.n = choice.ips.n;
	out->ips.v = arena_array(a, choice.ips.n, sizeof(*out->ips.v));
	for (size_t i = 0; i < choice.ips.n; i++)
		out->ips.v[i] = (struct ipam_addr){
			.address = { choice.ips.v[i], choice.range[i]->subnet.bits },
			.gateway = choice.range[i]->gateway,
		};
	out->routes = h.routes;
	return 0;
}

static enum wire_kind kind_of(const char *type)
{
	return type && str_eq(type, "ptp")	? WIRE_PTP
	       : type && str_eq(type, "peapod") ? WIRE_PEAPOD
						: WIRE_BRIDGE;
}

/* The plan of ADD for a config with these keys, or the error's text. */
static const char *plan_for(const char *keys, const char *cni_args, struct arena *a)
{
	char *text = arena_printf(a, "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",%s}", keys);
	struct attach at = { "net", "c1", "eth0" };
	struct ipam_result ipam = { 0 };
	struct plan p = { .a = a };
	auto_str struct str out = { 0 };
	struct cni_args args;
	struct cni_conf conf;
	struct wire w;
	struct err e = { 0 };

	if (cni_conf_open(text, strlen(text), a, &conf, &e) || cni_conf_decode(&conf, a, &e) ||
	    cni_args_parse(cni_args, a, &args, &e) ||
	    wire_make(kind_of(conf.type), &conf, &args, "eth0", a, &w, &e) ||
	    addresses(&conf, &args, a, &ipam, &e))
		return arena_printf(a, "%d %s", cni_err_code(&e), e.msg);
	wire_complete(&w, a, &ipam);
	if (wire_plan_add(&w, &conf, &at, &ipam, false, &p, &e))
		return arena_printf(a, "%d %s", cni_err_code(&e), e.msg);
	plan_print(&p, &out);
	return arena_strdup(a, str_text(&out));
}

#define V4 "\"ipam\":{\"type\":\"host-local\",\"subnet\":\"10.1.0.0/16\"}"
#define V46                                                                                        \
	"\"ipam\":{\"type\":\"host-local\",\"ranges\":[[{\"subnet\":\"10.1.0.0/16\"}],"            \
	"[{\"subnet\":\"fd00::/64\"}]],\"routes\":["                                               \
	"{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"10.9.0.0/16\",\"gw\":\"10.1.0.7\",\"mtu\":1400,"       \
	"\"priority\":9,\"table\":100,\"scope\":0}]}"

/* Is the pod's link brought up before it is told to announce itself? */
static bool is_quiet(const char *keys, const char *cni_args, struct arena *a)
{
	const char *plan = plan_for(keys, cni_args, a);
	const char *up = strstr(plan, "pod up eth0"), *notify = strstr(plan, "pod notify eth0");

	CHECK(up && notify);
	return up && notify && up < notify;
}

TEST(plan_announces)
{
	auto_arena struct arena a = { 0 };

	CHECK(is_quiet("\"type\":\"peapod\",\"isGateway\":true," V4, "", &a));
	CHECK(is_quiet("\"type\":\"peapod\",\"isGateway\":true," V46, "", &a));
	/* Its MAC is not that of the address; its neighbours may be anywhere; the reference does.
	 */
	CHECK(!is_quiet("\"type\":\"peapod\",\"isGateway\":true," V4, "MAC=02:00:00:00:00:01", &a));
	CHECK(!is_quiet("\"type\":\"peapod\"," V4, "", &a));
	CHECK(!is_quiet("\"type\":\"bridge\",\"isGateway\":true," V4, "", &a));
	CHECK(!is_quiet("\"type\":\"peapod\",\"isGateway\":true,"
			"\"ipam\":{\"type\":\"host-local\",\"subnet\":\"fd00::/64\"}",
			"", &a));
}

/* Is the IPv4 address announced to the bridge only? That of IPv6 is to all. */
static bool is_whispered(const char *keys, const char *cni_args, struct arena *a)
{
	const char *plan = plan_for(keys, cni_args, a);

	CHECK_HAS(plan, "pod announce eth0 10.1.0.2");
	CHECK(!strstr(keys, "fd00::") || strstr(plan, "pod announce eth0 fd00::2\n"));
	return strstr(plan, "pod announce eth0 10.1.0.2 to cni0\n");
}

TEST(plan_announces_to_the_gateway)
{
	auto_arena struct arena a = { 0 };

	CHECK(is_whispered("\"type\":\"peapod\",\"isGateway\":true," V4, "", &a));
	CHECK(is_whispered("\"type\":\"peapod\",\"isGateway\":true," V46, "", &a));
	CHECK(!is_whispered("\"type\":\"peapod\",\"isGateway\":true," V4, "MAC=02:00:00:00:00:01",
			    &a));
	CHECK(!is_whispered("\"type\":\"peapod\"," V4, "", &a));
	CHECK(!is_whispered("\"type\":\"bridge\",\"isGateway\":true," V4, "", &a));
}

/* A port of ours costs the host's IPv6 nothing; the reference's is as it makes it. */
TEST(plan_bare_ports)
{
	auto_arena struct arena a = { 0 };
	const char *ours = plan_for("\"type\":\"peapod\"," V4, "", &a),
		   *theirs = plan_for("\"type\":\"bridge\"," V4, "", &a);

	CHECK_HAS(ours, "host bridge cni0 no multicast snooping\n");
	CHECK(!strstr(ours, "accept_ra"));
	CHECK(!strstr(theirs, "snooping"));
	CHECK_HAS(theirs, "host sysctl net/ipv6/conf/vethb4b65655071/accept_ra=0 if there\n");
}

TEST(plan_l2)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(plan_for("\"type\":\"bridge\"", NULL, &a),
		   "host bridge cni0\n"
		   "host veth vethb4b65655071 mac 8e:11:e5:f6:83:ca master cni0 peer eth0 "
		   "mac 72:a5:c5:d0:3c:b1\n"
		   "host sysctl net/ipv6/conf/vethb4b65655071/accept_ra=0 if there\n"
		   "pod notify eth0\n"
		   "pod up eth0\n"
		   "host wait vethb4b65655071\n");
}

TEST(plan_v4_gateway)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(plan_for("\"type\":\"bridge\",\"bridge\":\"br1\",\"isDefaultGateway\":true,"
			    "\"ipMasq\":true,\"mtu\":1400,\"hairpinMode\":true," V4,
			    NULL, &a),
		   "host bridge br1 mtu 1400\n"
		   "host gateway br1 10.1.0.1/16\n"
		   "host sysctl net/ipv4/ip_forward=1\n"
		   "host veth vethb4b65655071 mac 8e:11:e5:f6:83:ca master br1 hairpin peer eth0 "
		   "mac 0a:58:0a:01:00:02 mtu 1400\n"
		   "host sysctl net/ipv6/conf/vethb4b65655071/accept_ra=0 if there\n"
		   "pod notify eth0\n"
		   "pod address eth0 10.1.0.2/16\n"
		   "pod up eth0\n"
		   "pod route eth0 0.0.0.0/0 via 10.1.0.1\n"
		   "host masquerade 10.1.0.0/16 network net\n"
		   "host wait vethb4b65655071\n"
		   "pod announce eth0 10.1.0.2\n");
}

/* The IPAM's default route and isDefaultGateway's are one route, not a conflict. */
TEST(plan_dual_stack)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(plan_for("\"type\":\"bridge\",\"isDefaultGateway\":true,\"promiscMode\":true,"
			    "\"forceAddress\":true,\"portIsolation\":true," V46,
			    "MAC=02:00:00:00:00:09", &a),
		   "host bridge cni0 promisc\n"
		   "host gateway cni0 10.1.0.1/16 force\n"
		   "host gateway cni0 fd00::1/64 force\n"
		   "host sysctl net/ipv4/ip_forward=1\n"
		   "host sysctl net/ipv6/conf/all/forwarding=1\n"
		   "host veth vethb4b65655071 mac 8e:11:e5:f6:83:ca master cni0 isolated peer eth0 "
		   "mac 02:00:00:00:00:09\n"
		   "host sysctl net/ipv6/conf/vethb4b65655071/accept_ra=0 if there\n"
		   "pod sysctl net/ipv6/conf/lo/disable_ipv6=0\n"
		   "pod sysctl net/ipv6/conf/eth0/disable_ipv6=0\n"
		   "pod sysctl net/ipv6/conf/eth0/keep_addr_on_down=1 if there\n"
		   "pod sysctl net/ipv6/conf/eth0/accept_dad=0 if there\n"
		   "pod notify eth0\n"
		   "pod address eth0 10.1.0.2/16\n"
		   "pod address eth0 fd00::2/64\n"
		   "pod up eth0\n"
		   "pod route eth0 0.0.0.0/0 via 10.1.0.1\n"
		   "pod route eth0 10.9.0.0/16 via 10.1.0.7 mtu 1400 priority 9 table 100 scope 0\n"
		   "pod route eth0 ::/0 via fd00::1\n"
		   "host wait vethb4b65655071\n"
		   "pod announce eth0 10.1.0.2\n"
		   "pod announce eth0 fd00::2\n");
}

/* All is routed: no broadcast domain, the gateway on the host's end, no prefix routes. */
TEST(plan_ptp)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(plan_for("\"type\":\"ptp\",\"ipMasq\":true,\"mtu\":1400," V46, NULL, &a),
		   "host veth vethb4b65655071 mac 8e:11:e5:f6:83:ca peer eth0 "
		   "mac 0a:58:0a:01:00:02 mtu 1400\n"
		   "host sysctl net/ipv6/conf/vethb4b65655071/accept_ra=0 if there\n"
		   "host sysctl net/ipv4/ip_forward=1\n"
		   "host sysctl net/ipv6/conf/all/forwarding=1\n"
		   "pod sysctl net/ipv6/conf/lo/disable_ipv6=0\n"
		   "pod sysctl net/ipv6/conf/eth0/disable_ipv6=0\n"
		   "pod sysctl net/ipv6/conf/eth0/keep_addr_on_down=1 if there\n"
		   "pod sysctl net/ipv6/conf/eth0/accept_dad=0 if there\n"
		   "pod notify eth0\n"
		   "pod address eth0 10.1.0.2/16\n"
		   "pod address eth0 fd00::2/64\n"
		   "pod up eth0\n"
		   "pod no route eth0 10.1.0.0/16\n"
		   "pod route eth0 10.1.0.1/32 src 10.1.0.2\n"
		   "pod route eth0 10.1.0.0/16 via 10.1.0.1 src 10.1.0.2\n"
		   "pod no route eth0 fd00::/64\n"
		   "pod route eth0 fd00::1/128 src fd00::2\n"
		   "pod route eth0 fd00::/64 via fd00::1 src fd00::2\n"
		   "pod route eth0 0.0.0.0/0 via 10.1.0.1\n"
		   "pod route eth0 10.9.0.0/16 via 10.1.0.7 mtu 1400 priority 9 table 100 scope 0\n"
		   "host address vethb4b65655071 10.1.0.1/32\n"
		   "host route vethb4b65655071 10.1.0.2/32 scope 254\n"
		   "host address vethb4b65655071 fd00::1/128\n"
		   "host route vethb4b65655071 fd00::2/128 scope 254\n"
		   "host masquerade 10.1.0.0/16 network net\n"
		   "host masquerade fd00::/64 network net\n"
		   "host wait vethb4b65655071\n");
}

TEST(plan_peapod_modes)
{
	static const char ports[] = "\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":80,"
				    "\"containerPort\":8080}]},";
	auto_arena struct arena a = { 0 };
	const char *routed = plan_for(
			   arena_printf(&a, "\"type\":\"peapod\",\"mode\":\"ptp\",%s%s", ports, V4),
			   NULL, &a),
		   *bridged =
			   plan_for(arena_printf(&a, "\"type\":\"peapod\",\"mode\":\"bridge\",%s%s",
						 ports, V4),
				    NULL, &a);

	CHECK_HAS(routed, "host route vethb4b65655071 10.1.0.2/32 scope 254\n");
	CHECK_HAS(routed, "host sysctl net/ipv4/conf/vethb4b65655071/route_localnet=1\n");
	CHECK_HAS(routed, "of net c1 eth0 on vethb4b65655071 snat local, tcp 80 to 10.1.0.2 port "
			  "8080\n");
	CHECK_HAS(bridged, "host sysctl net/ipv4/conf/cni0/route_localnet=1\n");
	CHECK_HAS(bridged, "on vethb4b65655071 bridge cni0 snat local, tcp 80");
}

/* The gateway's address and interface are of the VLAN, the bridge itself has none. */
TEST(plan_vlans)
{
	auto_arena struct arena a = { 0 };
	const char *text = plan_for("\"type\":\"bridge\",\"isGateway\":true,\"vlan\":7,"
				    "\"vlanTrunk\":[{\"minID\":20,\"maxID\":30},{\"id\":9}]," V4,
				    NULL, &a);

	CHECK_HAS(text, "host bridge cni0 vlan filtering\n"
			"host vlan gate cni0.7 by veth");
	CHECK_HAS(text, " on cni0 vlan 7\nhost gateway cni0.7 10.1.0.1/16\n");
	CHECK_HAS(text, "host vlans vethb4b65655071 untagged 7 tagged 20-30 tagged 9-9\n");
	text = plan_for("\"type\":\"bridge\",\"preserveDefaultVlan\":true,"
			"\"vlanTrunk\":[{\"id\":9}]",
			NULL, &a);
	CHECK_HAS(text, "host vlans vethb4b65655071 beside its own tagged 9-9 untagged 1\n");
	text = plan_for("\"type\":\"bridge\",\"vlanTrunk\":[]", NULL, &a);
	CHECK_HAS(text, "host bridge cni0 vlan filtering\nhost veth");
}

TEST(plan_port_options)
{
	auto_arena struct arena a = { 0 };
	const char *text = plan_for(
		"\"type\":\"bridge\",\"macspoofchk\":true,\"enabledad\":true," V46, NULL, &a);

	CHECK_HAS(text, "host spoof check vethb4b65655071 only mac 0a:58:0a:01:00:02 of net c1 "
			"eth0\nhost veth");
	CHECK_HAS(text, "pod sysctl net/ipv6/conf/eth0/enhanced_dad=1 if there\n"
			"pod sysctl net/ipv6/conf/eth0/accept_dad=1 if there\n");
	CHECK_HAS(text, "pod address eth0 10.1.0.2/16\npod address eth0 fd00::2/64 tentative\n"
			"pod up eth0\npod settle eth0\n");
	CHECK_TEXT(plan_for("\"type\":\"bridge\",\"disableContainerInterface\":true", NULL, &a),
		   "host bridge cni0\n"
		   "host veth vethb4b65655071 mac 8e:11:e5:f6:83:ca master cni0 peer eth0 "
		   "mac 72:a5:c5:d0:3c:b1\n"
		   "host sysctl net/ipv6/conf/vethb4b65655071/accept_ra=0 if there\n");
}

/* Where address management tells no gateway it is the first address, also in the result. */
TEST(gateway_by_default)
{
	auto_arena struct arena a = { 0 };
	struct bridge_conf c = { .is_gateway = true, .is_default_gateway = true };
	struct ipam_addr v[2] = { { .gateway = { 0 } }, { .gateway = { 0 } } };
	struct ipam_result ipam = { .ips = { 2, v } };

	CHECK(!ip_net_parse("10.1.2.3/22", &v[0].address));
	CHECK(!ip_net_parse("fd00::7/64", &v[1].address));
	bridge_complete(&c, &a, &ipam);
	CHECK_TEXT(ip_text(&v[0].gateway).s, "10.1.0.1");
	CHECK_TEXT(ip_text(&v[1].gateway).s, "fd00::1");
	CHECK(ipam.routes.n == 2);
	CHECK_TEXT(ipam.routes.v[0].dst, "0.0.0.0/0");
	CHECK_TEXT(ipam.routes.v[1].gw, "fd00::1");
	bridge_complete(&c, &a, &ipam);
	CHECK(ipam.routes.n == 2);
}

TEST(plan_mac_precedence)
{
	static const char both[] = "\"type\":\"bridge\",\"args\":{\"cni\":{\"mac\":"
				   "\"02:00:00:00:00:0a\"}},\"runtimeConfig\":{\"mac\":"
				   "\"02:00:00:00:00:0b\"}";
	static const char args[] = "\"type\":\"bridge\",\"args\":{\"cni\":{\"mac\":"
				   "\"02:00:00:00:00:0a\"}}";
	auto_arena struct arena a = { 0 };

	CHECK_HAS(plan_for(both, "MAC=02:00:00:00:00:0c", &a), "eth0 mac 02:00:00:00:00:0b");
	CHECK_HAS(plan_for(args, "MAC=02:00:00:00:00:0c", &a), "eth0 mac 02:00:00:00:00:0a");
	CHECK_HAS(plan_for("\"type\":\"bridge\"", "MAC=02:00:00:00:00:0c", &a),
		  "eth0 mac 02:00:00:00:00:0c");
}

TEST(plan_refused)
{
	static const struct {
		const char *keys, *args, *why;
	} rows[] = {
		{ "\"vlan\":4095", "", "7 vlan: 4095 is not in 0..4094" },
		{ "\"vlan\":-1", "", "7 vlan" },
		{ "\"vlan\":\"5\"", "", "6 vlan" },
		{ "\"vlanTrunk\":[{\"id\":1},{\"id\":0}]", "", "7 vlanTrunk: [1]: id: 0" },
		{ "\"vlanTrunk\":[{\"minID\":5}]", "", "maxID is missing" },
		{ "\"vlanTrunk\":[{\"maxID\":5}]", "", "minID is missing" },
		{ "\"vlanTrunk\":[{\"minID\":9,\"maxID\":5}]", "", "minID is greater than maxID" },
		{ "\"vlanTrunk\":[{\"minID\":1,\"maxID\":4095}]", "", "maxID: 4095" },
		{ "\"bridge\":\"a2345678901234\",\"vlan\":10,\"isGateway\":true", "",
		  "7 vlan: its interface 'a2345678901234.10' is longer" },
		{ "\"disableContainerInterface\":true,\"ipam\":{\"type\":\"host-local\"}", "",
		  "7 disableContainerInterface: cannot be used with ipam" },
		{ "\"type\":\"peapod\",\"mode\":\"macvlan\"", "", "7 mode: 'macvlan'" },
		{ "\"type\":\"bridge\",\"mtu\":\"auto\"", "", "6 mtu" },
		{ "\"type\":\"ptp\"", "", "7 ipam: a routed pod needs an address" },
		{ "\"runtimeConfig\":{\"deviceID\":\"x\"}", "", "2 runtimeConfig: deviceID" },
		{ "\"ipMasq\":true,\"ipMasqBackend\":\"ipfw\"", "", "7 ipMasqBackend" },
		{ "\"runtimeConfig\":{\"bandwidth\":{}}", "", "2 runtimeConfig: bandwidth" },
		{ "\"hairpinMode\":true,\"promiscMode\":true", "", "7 cannot set" },
		{ "\"bridge\":\"a/b\"", "", "7 bridge" },
		{ "\"bridge\":\"br%d\"", "", "7 bridge" },
		{ "\"mtu\":-1", "", "7 mtu" },
		{ "\"mtu\":70000", "", "7 mtu" },
		{ "\"mtu\":\"1400\"", "", "6 mtu" },
		{ "\"isGateway\":\"true\"", "", "6 isGateway" },
		{ "\"x\":1", "MAC=01:00:00:00:00:01", "7 invalid MAC" },
		{ "\"x\":1", "MAC=02:00:00:00:00", "7 invalid MAC" },
		{ "\"x\":1", "FOO=1", "4 CNI_ARGS" },
		{ "\"ipam\":{\"subnet\":\"10.1.0.0/16\",\"routes\":[{\"dst\":\"10.0.0.0/8\","
		  "\"gw\":\"fd00::1\"}]}",
		  "", "7 routes: [0]: gw" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_arena struct arena a = { 0 };

		CHECK_HAS(plan_for(rows[i].keys, rows[i].args, &a), rows[i].why);
	}
}

TEST(plan_aliases)
{
	auto_arena struct arena a = { 0 };

	CHECK_HAS(plan_for("\"type\":\"peapod\",\"aliasDir\":\"/d\",\"runtimeConfig\":{"
			   "\"aliases\":[\"web\",\"web.local\"]}," V4,
			   NULL, &a),
		  "host hosts /d/net/c1_eth0\n");
	CHECK_HAS(plan_for("\"type\":\"peapod\",\"runtimeConfig\":{\"aliases\":[\"a\\nb\"]}," V4,
			   NULL, &a),
		  "7 aliases: ");
}

TEST(plan_del)
{
	static const char text[] = "{\"name\":\"net\",\"macspoofchk\":true}";
	auto_arena struct arena a = { 0 };
	struct attach at = { "net", "c1", "eth0" };
	struct plan p = { .a = &a };
	auto_str struct str out = { 0 };
	struct cni_conf conf;
	struct err e = { 0 };

	CHECK(!cni_conf_open(text, strlen(text), &a, &conf, &e));
	wire_plan_del(WIRE_PEAPOD, &conf, &at, "/leases", &p);
	plan_print(&p, &out);
	CHECK_TEXT(str_text(&out), "host detach vethb4b65655071\n"
				   "host unmap ports of net c1 eth0\n"
				   "host no spoof check ports of net c1 eth0\n"
				   "host leases /leases/net of c1 eth0 proxies on cni0\n"
				   "host no hosts /run/cni/peapod/hosts/net/c1_eth0\n"
				   "host delete bwpb4b65655071c\n"
				   "host delete vethb4b65655071 or eth0 in the pod\n");
}

/* Only on the bridge that the config names, or its default, can the host have answered. */
TEST(plan_del_proxies)
{
	static const struct {
		enum wire_kind kind;
		const char *keys, *bridge; /* NULL: nobody answers */
	} rows[] = {
		{ WIRE_PEAPOD, "", "cni0" },
		{ WIRE_PEAPOD, ",\"Bridge\":\"br0\",\"mode\":\"bridge\"", "br0" },
		{ WIRE_PEAPOD, ",\"bridge\":\"\",\"mode\":7", "cni0" },
		{ WIRE_PEAPOD, ",\"bridge\":\"../br0\"", NULL }, /* ADD refuses it */
		{ WIRE_PEAPOD, ",\"bridge\":\"br0\",\"mode\":\"ptp\"", NULL },
		{ WIRE_BRIDGE, ",\"bridge\":\"br0\"", NULL },
		{ WIRE_PTP, ",\"bridge\":\"br0\"", NULL },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_arena struct arena a = { 0 };
		char *text = arena_printf(&a, "{\"name\":\"net\"%s}", rows[i].keys);
		const char *bridge;
		struct cni_conf conf;
		struct err e = { 0 };

		CHECK(!cni_conf_open(text, strlen(text), &a, &conf, &e));
		bridge = wire_proxy_bridge(rows[i].kind, &conf);
		CHECK_TEXT(bridge ? bridge : "none", rows[i].bridge ? rows[i].bridge : "none");
	}
}

/* Parts are hashed with their ends: "a","bc" is another attachment than "ab","c". */
TEST(attach_names_differ)
{
	auto_arena struct arena a = { 0 };
	struct attach one = { "a", "bc", "eth0" }, two = { "ab", "c", "eth0" },
		      three = { "a", "bc", "eth1" };

	CHECK(!str_eq(attach_host_name(&one, &a), attach_host_name(&two, &a)));
	CHECK(!str_eq(attach_host_name(&one, &a), attach_host_name(&three, &a)));
	CHECK(strlen(attach_host_name(&one, &a)) == CNI_IFNAME_MAX);
	CHECK((attach_mac(&one, "host").b[0] & 3) == 2);
}
