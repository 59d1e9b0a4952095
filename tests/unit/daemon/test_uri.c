/* SPDX-License-Identifier: Apache-2.0 */
/* test_uri: paths and arguments in the log URIs of streams. */
#include "shim/daemon/uri.h"

#include "shim/daemon/logger.h"
#include "tests/unit/test.h"

static void check_path(const char *uri, const char *path, const char *query)
{
	auto_arena struct arena a = { 0 };
	char *got_query = NULL, *got;
	struct err e;

	got = uri_path(uri, &a, &got_query, &e);
	ASSERT(got);
	CHECK_TEXT(got, path);
	CHECK_TEXT(got_query, query);
}

TEST(uri_path_is_decoded_without_query_and_fragment)
{
	check_path("file:///a/b", "/a/b", "");
	check_path("file:///a%20b%2Fc%3f%C3%a4+", "/a b/c?\xc3\xa4+", "");
	check_path("file:///a?x=%zz?y#z", "/a", "x=%zz?y");
	check_path("file:///a#z?x=y", "/a", "");
	check_path("file:///a?", "/a", "");
}

TEST(uri_path_that_is_none_is_refused)
{
	static const char *const relative[] = { "file://", "file://a/b", "/a", "", "file://?/a" };
	static const char *const escapes[] = { "%zz", "%2", "%", "%2g", "%00", "%\x10\x10" };

	for (size_t i = 0; i < sizeof(relative) / sizeof(*relative); i++) {
		auto_arena struct arena a = { 0 };
		struct err e;

		CHECK(!uri_path(relative[i], &a, NULL, &e));
		CHECK_HAS(e.msg, "not absolute");
	}
	for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++) {
		auto_arena struct arena a = { 0 };
		struct err e;

		CHECK(!uri_path(arena_printf(&a, "file:///a%s", escapes[i]), &a, NULL, &e));
		CHECK_HAS(e.msg, "is no escape");
	}
}

TEST(logger_gets_keys_and_values_of_the_query)
{
	static const char *const want[] = { "/a b",  "key", "a value", "flag", "", "x=",
					    "1 = 1", "end", "",	       "",     "v" };
	auto_arena struct arena a = { 0 };
	struct err e;
	char **argv = logger_argv(
		"binary:///a%20b?key=a+value&flag&&x%3D=1%20=%201&key=b&end=&=v&#end", &a, &e);

	ASSERT(argv);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		ASSERT(argv[i]);
		CHECK_TEXT(argv[i], want[i]);
	}
	CHECK(!argv[sizeof(want) / sizeof(*want)]);
}

TEST(logger_with_a_bad_escape_is_refused_by_name)
{
	static const char *const uris[] = { "binary:///a%", "binary:///a?%x=y",
					    "binary:///a?x=%0" };

	for (size_t i = 0; i < sizeof(uris) / sizeof(*uris); i++) {
		auto_arena struct arena a = { 0 };
		struct err e;

		CHECK(!logger_argv(uris[i], &a, &e));
		CHECK_HAS(e.msg, uris[i]);
		CHECK_HAS(e.msg, "is no escape");
	}
}
