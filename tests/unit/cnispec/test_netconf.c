/* SPDX-License-Identifier: Apache-2.0 */
/* Configs, names and CNI_ARGS. */
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "spec/cni/netconf.h"
#include "tests/unit/test.h"

static int load(const char *text, struct arena *a, struct cni_conf *conf, struct err *e)
{
	return cni_conf_open(text, strlen(text), a, conf, e) || cni_conf_decode(conf, a, e) ? -1
											    : 0;
}

TEST(names)
{
	static const char *const bad_ids[] = { "", ".a", "-a", "a b", "a/b", "a\n", "\xc3\xa4" };
	static const char *const bad_ifs[] = { "",    ".",     "..",	    "a/b",
					       "a:b", "a b",   "a\tb",	    "eth%d",
					       "a\n", "a\x7f", "a\xc2\xa0", "1234567890123456" };
	char longest[CNI_ID_MAX + 2];

	for (size_t i = 0; i < countof(bad_ids); i++)
		CHECK(!cni_valid_id(bad_ids[i]));
	for (size_t i = 0; i < countof(bad_ifs); i++)
		CHECK(cni_ifname_error(bad_ifs[i]));
	CHECK(cni_valid_id("0aA_.-z"));
	CHECK(!cni_ifname_error("eth0.12@\xc3\xa4"));
	CHECK(!cni_ifname_error("123456789012345"));
	memset(longest, 'a', sizeof(longest));
	longest[CNI_ID_MAX + 1] = '\0';
	CHECK(!cni_valid_id(longest));
	longest[CNI_ID_MAX] = '\0';
	CHECK(cni_valid_id(longest));
}

/* As containerd sends it: no tags on its structs, so keys have upper case. */
TEST(conf_with_go_spelling)
{
	static const char text[] =
		"{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"type\":\"t\",\"runtimeConfig\":{"
		"\"portMappings\":[{\"HostPort\":8080,\"ContainerPort\":80,\"Protocol\":\"tcp\","
		"\"HostIP\":\"\"}],\"bandwidth\":{\"IngressRate\":1000,\"IngressBurst\":4294967295}"
		","
		"\"dns\":{\"Servers\":[\"10.0.0.10\"]},\"ipRanges\":[[{\"subnet\":\"10.9.0.0/"
		"24\"}]],"
		"\"ips\":[\"10.9.0.7/24\"],\"mac\":\"02:00:00:00:00:09\"},"
		"\"args\":{\"cni\":{\"ips\":[\"10.9.0.8\"]},\"other\":7},"
		"\"cni.dev/valid-attachments\":[]}";
	auto_arena struct arena a = { 0 };
	struct cni_conf c;
	struct err e = { 0 };

	if (load(text, &a, &c, &e))
		CHECK_TEXT(e.msg, "");
	ASSERT(c.runtime.port_mappings.n == 1);
	CHECK(c.runtime.port_mappings.v[0].host_port == 8080);
	CHECK_TEXT(c.runtime.port_mappings.v[0].protocol, "tcp");
	CHECK(c.runtime.bandwidth && c.runtime.bandwidth->ingress_burst == UINT32_MAX);
	CHECK(c.runtime.dns && c.runtime.dns->servers.n == 1);
	ASSERT(c.runtime.ip_ranges.n == 1 && c.runtime.ip_ranges.v[0].n == 1);
	CHECK_TEXT(c.runtime.ip_ranges.v[0].v[0].subnet, "10.9.0.0/24");
	CHECK_TEXT(c.runtime.ips.v[0], "10.9.0.7/24");
	CHECK_TEXT(c.args.ips.v[0], "10.9.0.8");
	CHECK(c.valid_attachments.v && !c.valid_attachments.n);
}

TEST(conf_refused)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ "", CNI_ERR_DECODE },
		{ "{", CNI_ERR_DECODE },
		{ "[]", CNI_ERR_DECODE },
		{ "null", CNI_ERR_DECODE },
		{ "{\"name\":\"n\"} x", CNI_ERR_DECODE },
		{ "{\"name\":1}", CNI_ERR_DECODE },
		{ "{\"name\":\"n\",\"dns\":7}", CNI_ERR_DECODE },
		{ "{\"name\":\"n\",\"runtimeConfig\":{\"ips\":\"1\"}}", CNI_ERR_DECODE },
		{ "{\"name\":\"n\",\"args\":3}", CNI_ERR_DECODE },
		{ "{}", CNI_ERR_CONFIG },
		{ "{\"name\":\"\"}", CNI_ERR_CONFIG },
		{ "{\"name\":\"a/b\"}", CNI_ERR_CONFIG },
		{ "{\"name\":\"..\"}", CNI_ERR_CONFIG },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_arena struct arena a = { 0 };
		struct cni_conf c;
		struct err e = { 0 };

		CHECK(load(rows[i].text, &a, &c, &e) < 0);
		if (cni_err_code(&e) != rows[i].code)
			CHECK_TEXT(e.msg, rows[i].text);
	}
}

TEST(conf_versions)
{
	auto_arena struct arena a = { 0 };
	struct cni_conf c;
	struct err e = { 0 };

	ASSERT(!load("{\"name\":\"n\"}", &a, &c, &e));
	CHECK(c.version == CNI_0_1_0);
	CHECK(!cni_conf_check_version(&c, CNI_0_1_0, &e));
	CHECK(cni_conf_check_version(&c, CNI_0_4_0, &e) < 0);
	CHECK(cni_err_code(&e) == CNI_ERR_VERSION);
	ASSERT(!load("{\"name\":\"n\",\"cniVersion\":\"1.2.0\"}", &a, &c, &e));
	CHECK(cni_conf_check_version(&c, CNI_0_1_0, &e) < 0);
	CHECK_HAS(e.msg, "config is \"1.2.0\", plugin supports [0.1.0, 0.2.0, 0.3.0");
}

TEST(conf_prev_result)
{
	static const struct {
		const char *conf, *prev;
		int want;
	} rows[] = {
		{ "1.0.0", "1.1.0", 1 },  { "1.1.0", "1.0.0", 1 },  { "0.3.0", "0.4.0", 1 },
		{ "0.4.0", "1.0.0", -1 }, { "1.0.0", "0.4.0", -1 }, { "1.0.0", "7", -1 },
	};
	auto_arena struct arena a = { 0 };
	struct cni_result r;
	struct cni_conf c;
	struct err e = { 0 };

	for (size_t i = 0; i < countof(rows); i++) {
		char *text = arena_printf(&a,
					  "{\"name\":\"n\",\"cniVersion\":\"%s\","
					  "\"prevResult\":{\"cniVersion\":\"%s\"}}",
					  rows[i].conf, rows[i].prev);

		ASSERT(!load(text, &a, &c, &e));
		CHECK(cni_conf_prev(&c, &a, &r, &e) == rows[i].want);
	}
	ASSERT(!load("{\"name\":\"n\",\"prevResult\":null}", &a, &c, &e));
	CHECK(cni_conf_prev(&c, &a, &r, &e) == 0);
}

TEST(cni_args)
{
	static const char *const known[] = { "IP", NULL };
	auto_arena struct arena a = { 0 };
	struct cni_args args;
	struct err e = { 0 };

	ASSERT(!cni_args_parse("IP=1;IP=2;X=;IgnoreUnknown=1", &a, &args, &e));
	CHECK_TEXT(cni_args_get(&args, "IP"), "2");
	CHECK_TEXT(cni_args_get(&args, "X"), "");
	CHECK(!cni_args_get(&args, "ip"));
	CHECK(!cni_args_known(&args, known, &e));
	ASSERT(!cni_args_parse("IP=1;X=2", &a, &args, &e));
	CHECK(cni_args_known(&args, known, &e) < 0);
	CHECK_HAS(e.msg, "'X'");
	CHECK(!cni_args_parse("", &a, &args, &e) && !args.n);
	CHECK(cni_args_parse("IP=1;", &a, &args, &e) < 0);
	CHECK(cni_args_parse("IP", &a, &args, &e) < 0);
	CHECK(cni_args_parse("IP=1=2", &a, &args, &e) < 0);
	CHECK(cni_args_parse("IgnoreUnknown=maybe", &a, &args, &e) < 0);
	CHECK(cni_err_code(&e) == CNI_ERR_ENV);
}
