/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables: decode, encode, and what they say about wrong input. */
#include "spec/base/json.h"
#include "tests/unit/test.h"

struct inner {
	uint32_t uid;
	char *name;
};

struct outer {
	char *s;
	bool b;
	int64_t i;
	struct opt_i64 limit;
	struct inner one;
	struct inner *ptr;
	struct json_strs args;
	json_list(struct inner) many;
	json_list(struct json_kv) env;
	int color;
	json_list(json_list(struct inner)) sets;
};

static const struct name colors[] = { { "red", 1 }, { "green", 2 }, { 0 } };

static const struct json_field inner_fields[] = {
	F_NUM(JSON_U32, struct inner, uid, "uid", JSON_REQUIRED),
	F_STR(struct inner, name, "name", 0),
	{ 0 },
};

static const struct json_field outer_fields[] = {
	F_STR(struct outer, s, "s", 0),
	F_BOOL(struct outer, b, "b", 0),
	F_NUM(JSON_I64, struct outer, i, "i", 0),
	F_NUM(JSON_OPT_I64, struct outer, limit, "limit", 0),
	F_OBJ(struct outer, one, "one", 0, inner_fields),
	F_PTR(struct outer, ptr, "ptr", 0, inner_fields),
	F_STRS(struct outer, args, "args", 0),
	F_LIST(JSON_OBJS, struct outer, many, "many", 0, inner_fields),
	F_MAP(struct outer, env, "env", 0),
	F_ENUM(struct outer, color, "color", 0, colors),
	F_LISTS(struct outer, sets, "sets", 0, struct inner, inner_fields),
	{ 0 },
};

static int decode(const char *text, struct outer *out, struct arena *a, struct err *e)
{
	struct json_object *obj = json_parse(text, strlen(text), e);

	if (!obj)
		return -1;
	json_own(a, obj);
	return json_decode(obj, outer_fields, out, a, e);
}

static void fails(const char *text, const char *part)
{
	auto_arena struct arena a = { 0 };
	struct outer o = { 0 };
	struct err e = { 0 };

	CHECK(decode(text, &o, &a, &e) == -1);
	CHECK_HAS(e.msg, part);
}

TEST(json_round_trip)
{
	static const char text[] =
		"{\"s\":\"x/y\",\"b\":true,\"i\":-5,\"limit\":0,\"one\":{\"uid\":4294967295},"
		"\"ptr\":{\"uid\":7,\"name\":\"n\"},\"args\":[],\"many\":[{\"uid\":1},{\"uid\":2}],"
		"\"env\":{\"A\":\"1\"},\"color\":\"green\",\"sets\":[[{\"uid\":1}],[]]}";
	auto_arena struct arena a = { 0 };
	struct outer o = { 0 };
	struct err e;
	struct json_object *back;

	ASSERT(!decode(text, &o, &a, &e));
	CHECK(o.limit.set && !o.limit.v && o.one.uid == 4294967295U && o.ptr->uid == 7);
	CHECK(o.args.v && !o.args.n && !o.args.v[0]);
	CHECK(o.many.n == 2 && o.many.v[1].uid == 2 && o.color == 2);
	back = json_own(&a, json_encode(&o, outer_fields));
	CHECK_TEXT(json_text(back, false, &a), text);
}

TEST(json_keys_without_case)
{
	auto_arena struct arena a = { 0 };
	struct outer o = { 0 };
	struct err e;

	ASSERT(!decode("{\"S\":\"any\",\"LIMIT\":3,\"i\":null,\"other\":[1]}", &o, &a, &e));
	CHECK_TEXT(o.s, "any");
	CHECK(o.limit.v == 3 && !o.i);
	ASSERT(!decode("{\"S\":\"any\",\"s\":\"exact\"}", &o, &a, &e));
	CHECK_TEXT(o.s, "exact");
}

TEST(json_errors_name_the_key)
{
	fails("{\"limit\":\"512m\"}", "limit: expected integer, got \"512m\"");
	fails("{\"many\":[{\"uid\":1},{\"uid\":-1}]}",
	      "many: [1]: uid: expected 0..4294967295, got -1");
	fails("{\"one\":{}}", "one: uid: required, but absent");
	fails("{\"b\":\"true\"}", "b: expected true or false, got \"true\"");
	fails("{\"i\":1e3}", "i: expected integer, got 1e3");
	fails("{\"i\":9223372036854775808}", "i: expected ");
	fails("{\"color\":\"blue\"}", "color: unknown value 'blue', expected one of red, green");
	fails("{\"s\":\"a\\u0000b\"}", "s: string with a NUL character");
	fails("{\"env\":{\"K\":5}}", "env: K: expected string, got 5");
	fails("[1]", "expected object");
}

TEST(json_get_of_no_object)
{
	struct json_object *obj = json_object_new_string("x");

	CHECK(!json_get(obj, "x") && !json_get(NULL, "x"));
	json_object_put(obj);
}

TEST(json_limits_of_numbers)
{
	auto_arena struct arena a = { 0 };
	struct outer o = { 0 };
	struct err e;

	ASSERT(!decode("{\"i\":-9223372036854775808,\"x\":18446744073709551615,"
		       "\"y\":1.00000000000000000000000000000001e1}",
		       &o, &a, &e));
	CHECK(o.i == INT64_MIN);
	fails("{\"i\":18446744073709551615}", "i: expected ");
}

TEST(json_empty_text)
{
	static const struct json_field fields[] = {
		F_STR(struct outer, s, "s", JSON_NONEMPTY),
		F_STR(struct inner, name, "name", JSON_NONEMPTY | JSON_REQUIRED),
		{ 0 },
	};
	auto_arena struct arena a = { 0 };
	struct outer o = { 0 };
	struct err e;
	struct json_object *obj = json_own(&a, json_parse("{\"s\":\"\",\"name\":\"\"}", 18, &e));

	ASSERT(obj);
	CHECK(json_decode(obj, fields, &o, &a, &e) == -1);
	CHECK_TEXT(e.msg, "name: required, but empty");
	CHECK(!o.s);
}

TEST(json_malformed)
{
	fails("{\"s\":\"x\"} x", "text behind the document");
	fails("{\"s\":", "unexpected end of data");
	fails("", "unexpected end of data");
	fails("{'s':1}", "malformed JSON at byte 1: single quote");
	fails("{\"i\":NaN}", "malformed JSON at byte 5: no such value");
	fails("{\"i\":-Infinity}", "malformed JSON at byte 6: no such value");
	fails("{\"i\":-9223372036854775809}", "malformed JSON at byte 5: number beyond 64 bits");
	fails("{\"i\":[1, 18446744073709551616]}", "number beyond 64 bits");
	fails("{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
	      "[[[",
	      "malformed JSON");
}
