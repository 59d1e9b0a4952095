/* SPDX-License-Identifier: Apache-2.0 */
/* Results and error documents: every version's shape, and hostile ones. */
#include "spec/base/auto.h"
#include "spec/cni/error.h"
#include "spec/cni/result.h"
#include "tests/unit/test.h"

static const char full[] =
	"{\"cniVersion\":\"1.1.0\",\"interfaces\":[{\"name\":\"br\",\"mac\":\"02:00:00:00:00:01\","
	"\"mtu\":1400},{\"name\":\"eth0\",\"sandbox\":\"/ns\"}],\"ips\":[{\"interface\":1,"
	"\"address\":\"10.0.0.2/24\",\"gateway\":\"10.0.0.1\"},{\"interface\":1,"
	"\"address\":\"fd00::2/64\"}],\"routes\":[{\"dst\":\"0.0.0.0/0\",\"mtu\":1300},"
	"{\"dst\":\"::/0\",\"gw\":\"fd00::1\"}],\"dns\":{\"nameservers\":[\"10.0.0.1\"]}}";

/* The document of version v made from `text`, or the error's text. */
static const char *convert(const char *text, enum cni_version v, struct arena *a)
{
	struct cni_result r;
	struct json_object *raw, *out;
	struct err e = { 0 };

	if (cni_result_parse(text, strlen(text), CNI_1_0_0, a, &r, &raw, &e))
		return arena_strdup(a, e.msg);
	out = cni_result_encode(&r, v, &e);
	return out ? json_text(json_own(a, out), false, a) : arena_strdup(a, e.msg);
}

TEST(result_shapes)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(convert(full, CNI_1_1_0, &a), full);
	CHECK_TEXT(convert(full, CNI_0_4_0, &a),
		   "{\"cniVersion\":\"0.4.0\",\"interfaces\":[{\"name\":\"br\","
		   "\"mac\":\"02:00:00:00:00:01\"},{\"name\":\"eth0\",\"sandbox\":\"/ns\"}],"
		   "\"ips\":[{\"version\":\"4\",\"interface\":1,\"address\":\"10.0.0.2/24\","
		   "\"gateway\":\"10.0.0.1\"},{\"version\":\"6\",\"interface\":1,"
		   "\"address\":\"fd00::2/64\"}],\"routes\":[{\"dst\":\"0.0.0.0/0\",\"mtu\":1300},"
		   "{\"dst\":\"::/0\",\"gw\":\"fd00::1\"}],"
		   "\"dns\":{\"nameservers\":[\"10.0.0.1\"]}}");
	CHECK_TEXT(convert(full, CNI_0_2_0, &a),
		   "{\"cniVersion\":\"0.2.0\",\"ip4\":{\"ip\":\"10.0.0.2/24\","
		   "\"gateway\":\"10.0.0.1\",\"routes\":[{\"dst\":\"0.0.0.0/0\"}]},"
		   "\"ip6\":{\"ip\":\"fd00::2/64\",\"routes\":[{\"dst\":\"::/0\","
		   "\"gw\":\"fd00::1\"}]},\"dns\":{\"nameservers\":[\"10.0.0.1\"]}}");
}

TEST(result_back_from_old_shapes)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(convert(convert(full, CNI_0_2_0, &a), CNI_1_0_0, &a),
		   "{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.0.0.2/24\","
		   "\"gateway\":\"10.0.0.1\"},{\"address\":\"fd00::2/64\"}],"
		   "\"routes\":[{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"::/0\",\"gw\":\"fd00::1\"}],"
		   "\"dns\":{\"nameservers\":[\"10.0.0.1\"]}}");
	CHECK_HAS(convert(convert(full, CNI_0_3_1, &a), CNI_1_0_0, &a),
		  "\"ips\":[{\"interface\":1,\"address\":\"10.0.0.2/24\"");
}

TEST(result_empty_parts)
{
	auto_arena struct arena a = { 0 };
	const char *l2 = "{\"cniVersion\":\"1.0.0\",\"dns\":{}}";

	CHECK_TEXT(convert(l2, CNI_1_0_0, &a), "{\"cniVersion\":\"1.0.0\"}");
	CHECK_TEXT(convert(l2, CNI_0_3_1, &a), "{\"cniVersion\":\"0.3.1\",\"dns\":{}}");
	CHECK_HAS(convert(l2, CNI_0_2_0, &a), "no valid IP addresses");
}

TEST(result_assumed_version_and_case)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(convert("{\"IPs\":[{\"ADDRESS\":\"10.0.0.2/24\"}]}", CNI_1_0_0, &a),
		   "{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.0.0.2/24\"}]}");
}

TEST(result_refused)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "malformed" },
		{ "[]", "not a JSON object" },
		{ "{}{}", "behind the document" },
		{ "{\"cniVersion\":\"9.0.0\"}", "unknown cniVersion" },
		{ "{\"ips\":[{}]}", "address" },
		{ "{\"ips\":[{\"address\":\"10.0.0.1\"}]}", "invalid CIDR" },
		{ "{\"ips\":[{\"address\":\"10.0.0.1/8\",\"gateway\":\"x\"}]}", "gateway" },
		{ "{\"ips\":[{\"address\":\"10.0.0.1/8\",\"interface\":0}]}", "no interface 0" },
		{ "{\"ips\":[{\"address\":\"10.0.0.1/8\",\"interface\":-1}]}", "no interface -1" },
		{ "{\"routes\":[{\"dst\":\"10.0.0.0/40\"}]}", "dst" },
		{ "{\"routes\":[{\"gw\":\"10.0.0.1\"}]}", "dst" },
		{ "{\"interfaces\":{}}", "interfaces" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_arena struct arena a = { 0 };

		CHECK_HAS(convert(rows[i].text, CNI_1_1_0, &a), rows[i].why);
	}
}

TEST(error_documents)
{
	auto_arena struct arena a = { 0 };
	struct cni_error doc;
	struct err e = { 0 };
	char *text;

	cni_err(&e, CNI_ERR_CONFIG, "no \"x\"");
	err_ctx(&e, "outer");
	text = cni_error_text(&e, CNI_1_0_0, &a);
	CHECK_TEXT(text, "{\"cniVersion\":\"1.0.0\",\"code\":7,\"msg\":\"outer: no \\\"x\\\"\"}");
	ASSERT(!cni_error_parse(text, strlen(text), &a, &doc, &e));
	CHECK(doc.code == CNI_ERR_CONFIG);
	CHECK_TEXT(doc.msg, "outer: no \"x\"");
	cni_err(&e, CNI_ERR_VERSION, "config is \"9\"");
	CHECK_TEXT(cni_error_text(&e, CNI_V_UNKNOWN, &a),
		   "{\"cniVersion\":\"1.1.0\",\"code\":1,\"msg\":\"incompatible CNI versions\","
		   "\"details\":\"config is \\\"9\\\"\"}");
	err_set(&e, 2, "plain errno");
	CHECK(cni_err_code(&e) == CNI_ERR_INTERNAL);
	cni_err_as(&e, CNI_ERR_UNAVAILABLE);
	cni_err_as(&e, CNI_ERR_IO); /* the first one stays */
	CHECK(cni_err_code(&e) == CNI_ERR_UNAVAILABLE);
	CHECK(cni_error_parse("{\"msg\":\"x\"}", 11, &a, &doc, &e) < 0);
}
