/* SPDX-License-Identifier: Apache-2.0 */
/* twice: keys of one object of a text. */
#include <string.h>

#include "cni/twice.h"
#include "spec/base/auto.h"
#include "tests/unit/test.h"

static const char *twice(const char *text, struct arena *a)
{
	const char *key = twice_in(text, strlen(text), "sysctl", a);

	return key ? key : "-";
}

TEST(twice_keys)
{
	static const struct {
		const char *text, *key;
	} cases[] = {
		{ "{}", "-" },
		{ "{\"sysctl\":{\"a\":\"1\",\"b\":\"a\",\"c\":\"b\"}}", "-" },
		{ "{\"sysctl\":{\"a\":\"1\",\"b\":\"2\",\"a\":\"1\"}}", "a" },
		{ "{ \"name\" : \"x\",\n\"SysCtl\" : { \"a\" : \"1\" , \"a\" :\t\"2\" } }", "a" },
		{ "{\"other\":{\"a\":1,\"a\":2},\"sysctl\":{\"a\":\"1\"}}", "-" },
		{ "{\"args\":{\"sysctl\":{\"a\":\"1\",\"a\":\"1\"}}}", "-" },
		{ "{\"sysctl\":{\"a\":\"{\\\"a\\\":1}\",\"b\":\"}\"},\"a\":1}", "-" },
		{ "{\"sysctl\":{\"x\":{\"a\":1,\"a\":2},\"a\":\"\"}}", "-" },
		{ "{\"sysctl\":[\"a\",\"a\"]}", "-" },
		{ "{\"sysctl\":{\"a\\\\\":\"1\",\"a\\\\\":\"2\"}}", "a\\" },
		{ "{\"sysctl\":{\"ab\":\"1\",\"a\\u0062\":\"2\"}}", "ab" },
		{ "{\"s\\u0079sctl\":{\"a\\/b\":\"1\",\"a/b\":\"2\"}}", "a/b" },
		{ "{\"sysctl\":{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}}",
		  "\xf0\x9f\x98\x80" },
		{ "{\"sysctl\":{\"a\\\\u0062\":\"1\",\"ab\":\"2\"}}", "-" },
		{ "{\"sysctl\":\"", "-" },
	};
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_TEXT(twice(cases[i].text, &a), cases[i].key);
}
