/* SPDX-License-Identifier: Apache-2.0 */
/* Rates to token buckets; the names that the reference derives; no root. */
#include "cni/bandwidth.h"
#include "cni/sha512.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "tests/unit/test.h"

static const char *plan_for(const char *keys, struct arena *a)
{
	char *text = arena_printf(a, "{\"cniVersion\":\"1.0.0\",\"name\":\"net\"%s}", keys);
	struct attach at = { "net", "c1", "eth0" };
	struct plan p = { .a = a };
	auto_str struct str out = { 0 };
	struct cni_conf conf;
	struct bandwidth b;
	struct err e = { 0 };

	if (cni_conf_open(text, strlen(text), a, &conf, &e) || cni_conf_decode(&conf, a, &e) ||
	    bandwidth_make(&conf, a, &b, &e))
		return arena_printf(a, "%d %s", cni_err_code(&e), e.msg);
	bandwidth_plan_add(&b, &at, "veth1", bandwidth_ifb(&at, false, a), &p);
	plan_print(&p, &out);
	return arena_strdup(a, str_text(&out));
}

TEST(bandwidth_plan)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(plan_for("", &a), "");
	CHECK_TEXT(plan_for(",\"ingressRate\":8000000,\"ingressBurst\":80000,"
			    "\"egressRate\":16000,\"egressBurst\":8000",
			    &a),
		   "host limit veth1 1000000 bytes a second burst 10000 queue 35000\n"
		   "host ifb bwp623e1c388032 like veth1\n"
		   "host limit bwp623e1c388032 2000 bytes a second burst 1000 queue 1050\n"
		   "host detour veth1 by bwp623e1c388032\n");
	/* What containerd sends, and that the config's own keys beat it, even zeros. */
	CHECK_TEXT(plan_for(",\"runtimeConfig\":{\"bandwidth\":{\"IngressRate\":8000000,"
			    "\"IngressBurst\":4294967295}}",
			    &a),
		   "host limit veth1 1000000 bytes a second burst 536870911 queue 536895911\n");
	CHECK_TEXT(plan_for(",\"ingressRate\":0,\"runtimeConfig\":{\"bandwidth\":{\"ingressRate\":"
			    "8000,\"ingressBurst\":8000}}",
			    &a),
		   "");
	/* The queue's length is a 32-bit number. */
	CHECK_HAS(plan_for(",\"ingressRate\":80000000000000,\"ingressBurst\":34359738000", &a),
		  "10000000000000 bytes a second burst 4294967250 queue 4294967295\n");
}

TEST(bandwidth_refused)
{
	auto_arena struct arena a = { 0 };

	CHECK_HAS(plan_for(",\"ingressRate\":8000", &a), "7 ingressRate and ingressBurst belong");
	CHECK_HAS(plan_for(",\"egressBurst\":8000", &a), "7 egressRate and egressBurst belong");
	CHECK_HAS(plan_for(",\"egressRate\":7,\"egressBurst\":8000", &a), "7 egressRate or");
	CHECK_HAS(plan_for(",\"egressRate\":8000,\"egressBurst\":34359738360", &a),
		  "7 egressBurst: cannot be more than 4 GiB");
	CHECK_HAS(plan_for(",\"egressRate\":-1", &a), "6 egressRate");
	CHECK_HAS(plan_for(",\"egressRate\":\"1M\"", &a), "6 egressRate");
}

static const char *hash_of(const char *text, struct arena *a)
{
	uint8_t hash[SHA512_LEN];
	auto_str struct str out = { 0 };

	sha512(text, strlen(text), hash);
	for (size_t i = 0; i < 8; i++)
		str_addf(&out, "%02x", hash[i]);
	return arena_strdup(a, str_text(&out));
}

/* Of FIPS 180-4's examples, and lengths around the end of a block (of sha512sum). */
TEST(sha512_known)
{
	auto_arena struct arena a = { 0 };
	char *text = arena_alloc(&a, 300);

	CHECK_TEXT(hash_of("", &a), "cf83e1357eefb8bd");
	CHECK_TEXT(hash_of("abc", &a), "ddaf35a193617aba");
	memset(text, 'x', 111);
	text[111] = '\0';
	CHECK_TEXT(hash_of(text, &a), "9a2a120825c23198");
	memset(text, 'x', 112);
	text[112] = '\0';
	CHECK_TEXT(hash_of(text, &a), "a3722b515ef40c91");
	memset(text, 'x', 127);
	text[127] = '\0';
	CHECK_TEXT(hash_of(text, &a), "1d5a8893e7b7ed83");
	memset(text, 'x', 128);
	text[128] = '\0';
	CHECK_TEXT(hash_of(text, &a), "e2e22f8422b54b06");
	memset(text, 'x', 129);
	text[129] = '\0';
	CHECK_TEXT(hash_of(text, &a), "19015483ea99fa74");
	memset(text, 'x', 240);
	text[240] = '\0';
	CHECK_TEXT(hash_of(text, &a), "3e05caa7e0fddab6");
	memset(text, 'x', 256);
	text[256] = '\0';
	CHECK_TEXT(hash_of(text, &a), "03748e1db37e66af");
}
