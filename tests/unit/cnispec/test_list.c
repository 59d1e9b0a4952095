/* SPDX-License-Identifier: Apache-2.0 */
/* Config lists and the requests made from them. */
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "spec/cni/list.h"
#include "tests/unit/test.h"

static int load(const char *text, struct arena *a, struct cni_list *list, struct err *e)
{
	return cni_list_parse(text, strlen(text), a, list, e);
}

TEST(list_requests)
{
	static const char text[] =
		"{\"cniVersion\":\"0.4.0\",\"cniVersions\":[\"1.0.0\",\"1.1.0\",\"2.0.0\"],"
		"\"name\":\"net\",\"disableCheck\":\"true\",\"plugins\":[{\"type\":\"a\","
		"\"NAME\":\"mine\",\"capabilities\":{\"portMappings\":true,\"dns\":false},\"x\":[1]"
		"},"
		"{\"type\":\"b\",\"capabilities\":{\"ips\":true}}]}";
	auto_arena struct arena a = { 0 };
	struct cni_port port = { .host_port = 80, .container_port = 8080 };
	struct cni_runtime runtime = { .port_mappings = { 1, &port }, .mac = "02:00:00:00:00:01" };
	struct json_object *caps = json_own(&a, cni_runtime_encode(&runtime));
	struct cni_list list;
	struct err e = { 0 };

	if (load(text, &a, &list, &e))
		CHECK_TEXT(e.msg, "");
	CHECK_TEXT(list.name, "net");
	CHECK(list.version == CNI_1_1_0);
	CHECK(list.disable_check && !list.disable_gc);
	ASSERT(list.plugins.n == 2);
	CHECK_TEXT(cni_request(&list, &list.plugins.v[0], NULL, caps, &a),
		   "{\"cniVersion\":\"1.1.0\",\"name\":\"net\",\"type\":\"a\",\"capabilities\":"
		   "{\"portMappings\":true,\"dns\":false},\"x\":[1],\"runtimeConfig\":"
		   "{\"portMappings\":[{\"hostPort\":80,\"containerPort\":8080}]}}");
	CHECK_TEXT(cni_request(&list, &list.plugins.v[1], caps, caps, &a),
		   "{\"cniVersion\":\"1.1.0\",\"name\":\"net\",\"type\":\"b\",\"capabilities\":"
		   "{\"ips\":true},\"prevResult\":{\"portMappings\":[{\"hostPort\":80,"
		   "\"containerPort\":8080}],\"mac\":\"02:00:00:00:00:01\"}}");
}

TEST(list_gc_request)
{
	auto_arena struct arena a = { 0 };
	struct cni_attachment at = { "c1", "eth0" };
	struct cni_list list;
	struct err e = { 0 };

	ASSERT(!load("{\"cniVersion\":\"1.1.0\",\"name\":\"n\",\"type\":\"t\"}", &a, &list, &e));
	CHECK_TEXT(cni_gc_request(&list, &list.plugins.v[0], &at, 1, &a),
		   "{\"cniVersion\":\"1.1.0\",\"name\":\"n\",\"type\":\"t\","
		   "\"cni.dev/valid-attachments\":[{\"containerID\":\"c1\",\"ifname\":\"eth0\"}],"
		   "\"cni.dev/attachments\":[{\"containerID\":\"c1\",\"ifname\":\"eth0\"}]}");
}

TEST(list_refused)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "{", "malformed" },
		{ "{\"plugins\":[]}", "missing network name" },
		{ "{\"name\":\"a/b\",\"type\":\"t\"}", "invalid characters" },
		{ "{\"name\":\"n\",\"plugins\":[]}", "no plugins" },
		{ "{\"name\":\"n\",\"plugins\":{}}", "expected array" },
		{ "{\"name\":\"n\",\"plugins\":[1]}", "plugins: [0]" },
		{ "{\"name\":\"n\",\"plugins\":[{}]}", "type" },
		{ "{\"name\":\"n\"}", "type" },
		{ "{\"name\":\"n\",\"type\":\"../x\"}", "not a file name" },
		{ "{\"name\":\"n\",\"type\":\"..\"}", "not a file name" },
		{ "{\"name\":\"n\",\"type\":\"t\",\"cniVersion\":\"3\"}", "unknown version" },
		{ "{\"name\":\"n\",\"type\":\"t\",\"disableGC\":1}", "disableGC" },
		{ "{\"name\":\"n\",\"type\":\"t\",\"capabilities\":{\"x\":1}}", "capabilities" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_arena struct arena a = { 0 };
		struct cni_list list;
		struct err e = { 0 };

		CHECK(load(rows[i].text, &a, &list, &e) < 0);
		CHECK_HAS(e.msg, rows[i].why);
	}
}
