/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, subnets, ranges: texts as Go prints them, arithmetic at the edges. */
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/addr.h"
#include "spec/cni/range.h"
#include "tests/unit/test.h"

TEST(addr_texts)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} rows[] = {
		{ "10.1.2.3", "10.1.2.3" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "fd00:0:0:1::", "fd00:0:0:1::" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:DB8::A", "2001:db8::a" },
		{ "1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7" },
		{ "::ffff:10.0.0.1", "10.0.0.1" },
		{ "::1.2.3.4", "::102:304" },
		{ "10.01.2.3", NULL },
		{ "10.1.2", NULL },
		{ "10.1.2.256", NULL },
		{ "fe80::1%eth0", NULL },
		{ "1::2::3", NULL },
		{ " 10.1.2.3", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct ip_addr ip;
		int rc = ip_parse(rows[i].in, &ip);

		if (rows[i].out && !rc)
			CHECK_TEXT(ip_text(&ip).s, rows[i].out);
		else if (!rows[i].out != (rc < 0))
			CHECK_TEXT(rows[i].in, rows[i].out ? "accepted" : "refused");
	}
}

TEST(addr_subnets)
{
	static const char *const bad[] = { "10.0.0.1",	  "10.0.0.1/",	  "10.0.0.1/33",
					   "::/129",	  "10.0.0.1/+8",  "10.0.0.1/ 8",
					   "10.0.0.1/8 ", "x/8",	  "::ffff:1.2.3.4/120",
					   "10.0.0.1/-1", "10.0.0.1/0008" };
	struct ip_net net, other;
	struct ip_addr ip;

	for (size_t i = 0; i < countof(bad); i++)
		if (!ip_net_parse(bad[i], &net))
			CHECK_TEXT(bad[i], "refused");
	ASSERT(!ip_net_parse("10.1.2.3/20", &net));
	CHECK_TEXT(ip_net_text(&net).s, "10.1.2.3/20");
	ip = ip_net_first(&net);
	CHECK_TEXT(ip_text(&ip).s, "10.1.0.0");
	ip = ip_net_last(&net);
	CHECK_TEXT(ip_text(&ip).s, "10.1.15.255");
	CHECK(ip_net_contains(&net, &ip));
	ip = ip_next(&ip);
	CHECK_TEXT(ip_text(&ip).s, "10.1.16.0");
	CHECK(!ip_net_contains(&net, &ip));
	ASSERT(!ip_net_parse("10.0.0.0/8", &other));
	CHECK(ip_net_overlaps(&net, &other) && ip_net_overlaps(&other, &net));
	ASSERT(!ip_net_parse("::/0", &other));
	CHECK(!ip_net_overlaps(&net, &other));
	ASSERT(!ip_parse("255.255.255.255", &ip));
	ip = ip_next(&ip);
	CHECK_TEXT(ip_text(&ip).s, "0.0.0.0");
}

/* One set; NULL subnet ends the list. */
static int make(struct arena *a, struct ip_range_set *set, struct err *e, struct cni_range_conf *v)
{
	struct cni_range_set_conf conf = { .v = v };

	while (v[conf.n].subnet)
		conf.n++;
	return ip_range_set_make(&conf, a, set, e);
}

TEST(range_defaults)
{
	auto_arena struct arena a = { 0 };
	struct ip_range_set set;
	struct err e;
	struct cni_range_conf v4[] = { { .subnet = "10.1.0.0/24" }, { 0 } };
	struct cni_range_conf v6[] = { { .subnet = "fd00::/64" }, { 0 } };
	struct cni_range_conf part[] = { { "10.1.0.0/24", "10.1.0.9", "10.1.0.9", "192.0.2.1" },
					 { 0 } };
	struct cni_range_conf empty[] = { { "10.1.0.0/24", "", "", "" }, { 0 } };

	ASSERT(!make(&a, &set, &e, v4));
	CHECK_TEXT(ip_range_set_text(&set, &a), "10.1.0.1-10.1.0.254");
	CHECK_TEXT(ip_text(&set.v->gateway).s, "10.1.0.1");
	ASSERT(!make(&a, &set, &e, empty)); /* the same: as go-cni writes what is not set */
	CHECK_TEXT(ip_range_set_text(&set, &a), "10.1.0.1-10.1.0.254");
	CHECK_TEXT(ip_text(&set.v->gateway).s, "10.1.0.1");
	ASSERT(!make(&a, &set, &e, v6));
	CHECK_TEXT(ip_range_set_text(&set, &a), "fd00::1-fd00::ffff:ffff:ffff:ffff");
	ASSERT(!make(&a, &set, &e, part));
	CHECK_TEXT(ip_range_set_text(&set, &a), "10.1.0.9-10.1.0.9");
	CHECK_TEXT(ip_text(&set.v->gateway).s, "192.0.2.1");
}

TEST(range_refused)
{
	static struct {
		struct cni_range_conf v[3];
		const char *why;
	} rows[] = {
		{ { { 0 } }, "empty range set" },
		{ { { .subnet = "" } }, "required, but absent" },
		{ { { .subnet = "10.1.0.0" } }, "invalid CIDR" },
		{ { { .subnet = "10.1.0.0/31" } }, "too small" },
		{ { { .subnet = "fd00::/127" } }, "too small" },
		{ { { .subnet = "10.1.0.1/24" } }, "10.1.0.0" },
		{ { { "10.1.0.0/24", "10.2.0.1", NULL, NULL } }, "not in network" },
		{ { { "10.1.0.0/24", NULL, "10.2.0.1", NULL } }, "not in network" },
		{ { { "10.1.0.0/24", "10.1.0.9", "10.1.0.8", NULL } }, "before the start" },
		{ { { "10.1.0.0/24", NULL, NULL, "fd00::1" } }, "family" },
		{ { { "10.1.0.0/24", NULL, NULL, "x" } }, "gateway" },
		{ { { .subnet = "10.1.0.0/24" }, { .subnet = "fd00::/64" } }, "mixed" },
		{ { { .subnet = "10.1.0.0/24" }, { .subnet = "10.1.0.0/16" } }, "overlap" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_arena struct arena a = { 0 };
		struct ip_range_set set;
		struct err e = { 0 };

		CHECK(make(&a, &set, &e, rows[i].v) < 0);
		CHECK_HAS(e.msg, rows[i].why);
	}
}

static char *walk(const struct ip_range_set *set, const char *last, struct arena *a)
{
	struct ip_addr from = { 0 }, ip;
	const struct ip_range *range;
	auto_str struct str s = { 0 };
	struct ip_range_iter it;

	if (last)
		ip_parse(last, &from);
	it = ip_range_iter(set, &from);
	while (ip_range_next(&it, &ip, &range))
		str_addf(&s, "%s%s", s.len ? " " : "", ip_text(&ip).s + strlen("10.0."));
	return arena_strdup(a, str_text(&s));
}

TEST(range_round_robin)
{
	auto_arena struct arena a = { 0 };
	struct ip_range_set set;
	struct err e;
	struct cni_range_conf two[] = { { "10.0.1.0/29", NULL, "10.0.1.3", NULL },
					{ "10.0.2.0/29", "10.0.2.4", "10.0.2.6", "10.0.2.5" },
					{ 0 } };
	struct cni_range_conf only[] = { { "10.0.1.0/29", "10.0.1.1", "10.0.1.1", NULL }, { 0 } };

	ASSERT(!make(&a, &set, &e, two));
	CHECK_TEXT(walk(&set, NULL, &a), "1.2 1.3 2.4 2.6");
	CHECK_TEXT(walk(&set, "10.0.1.2", &a), "1.3 2.4 2.6 1.2");
	CHECK_TEXT(walk(&set, "10.0.2.6", &a), "1.2 1.3 2.4 2.6");
	CHECK_TEXT(walk(&set, "10.9.9.9", &a), "1.2 1.3 2.4 2.6");
	CHECK_TEXT(walk(&set, "fd00::1", &a), "1.2 1.3 2.4 2.6");
	ASSERT(!make(&a, &set, &e, only));
	CHECK_TEXT(walk(&set, NULL, &a), ""); /* nothing but the gateway */
}
