/* SPDX-License-Identifier: Apache-2.0 */
/* json_decode: one loop over a field table, one switch over the kinds of value. */
#include "spec/base/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 60 /* characters of a wrong value that a message repeats */

/* Every json_list() has this layout. */
struct list {
	size_t n;
	void *v;
};

static int wrong(struct json_object *val, const char *expected, struct err *e)
{
	const char *text = json_object_to_json_string_ext(
		val, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t len = strlen(text);

	return err_set(e, EINVAL, "expected %s, got %.*s%s", expected, SHOWN_MAX, text,
		       len > SHOWN_MAX ? "..." : "");
}

static int get_string(struct json_object *val, struct arena *a, char **out, struct err *e)
{
	const char *s;

	if (!json_object_is_type(val, json_type_string))
		return wrong(val, "string", e);
	s = json_object_get_string(val);
	if (strlen(s) != (size_t)json_object_get_string_len(val))
		return err_set(e, EINVAL, "string with a NUL character");
	*out = arena_strdup(a, s);
	return 0;
}

static int get_bool(struct json_object *val, bool *out, struct err *e)
{
	if (!json_object_is_type(val, json_type_boolean))
		return wrong(val, "true or false", e);
	*out = json_object_get_boolean(val);
	return 0;
}

/* json-c saturates what does not fit 64 bits, so a saturated value is checked by its text. */
static bool saturated(struct json_object *val, const char *limit)
{
	return !strcmp(json_object_to_json_string(val), limit);
}

static int get_signed(struct json_object *val, int64_t min, int64_t max, int64_t *out,
		      struct err *e)
{
	char range[64];
	int64_t v;

	if (!json_object_is_type(val, json_type_int))
		return wrong(val, "integer", e);
	v = json_object_get_int64(val);
	snprintf(range, sizeof(range), "%lld..%lld", (long long)min, (long long)max);
	if (v < min || v > max || (v == INT64_MAX && !saturated(val, "9223372036854775807")) ||
	    (v == INT64_MIN && !saturated(val, "-9223372036854775808")))
		return wrong(val, range, e);
	*out = v;
	return 0;
}

static int get_unsigned(struct json_object *val, uint64_t max, uint64_t *out, struct err *e)
{
	char range[64];
	uint64_t v;

	if (!json_object_is_type(val, json_type_int))
		return wrong(val, "integer", e);
	v = json_object_get_uint64(val);
	snprintf(range, sizeof(range), "0..%llu", (unsigned long long)max);
	if (v > max || (json_object_get_int64(val) < 0))
		return wrong(val, range, e);
	*out = v;
	return 0;
}

static int get_enum(struct json_object *val, const struct json_field *f, int *out, struct err *e)
{
	const struct name *row;
	const char *s;

	if (!json_object_is_type(val, json_type_string))
		return wrong(val, "string", e);
	s = json_object_get_string(val);
	row = f->flags & JSON_NOCASE ? names_find_nocase(f->names, s) : names_find(f->names, s);
	if (!row) {
		auto_str struct str known = { 0 };

		names_list(f->names, &known);
		return err_set(e, EINVAL, "unknown value '%.*s', expected one of %s", SHOWN_MAX, s,
			       str_text(&known));
	}
	*out = (int)row->value;
	return 0;
}

static int get_object(struct json_object *val, const struct json_field *fields, void *out,
		      struct arena *a, struct err *e)
{
	if (!json_object_is_type(val, json_type_object))
		return wrong(val, "object", e);
	return json_decode(val, fields, out, a, e);
}

static int get_integer(struct json_object *val, enum json_kind type, void *m, struct err *e)
{
	uint64_t u = 0;
	int64_t i = 0;
	int rc;

	switch ((int)type) {
	case JSON_U16:
		rc = get_unsigned(val, UINT16_MAX, &u, e);
		break;
	case JSON_U32:
	case JSON_OPT_U32:
		rc = get_unsigned(val, UINT32_MAX, &u, e);
		break;
	case JSON_U64:
	case JSON_OPT_U64:
		rc = get_unsigned(val, UINT64_MAX, &u, e);
		break;
	case JSON_I32:
	case JSON_OPT_I32:
		rc = get_signed(val, INT32_MIN, INT32_MAX, &i, e);
		break;
	default:
		rc = get_signed(val, INT64_MIN, INT64_MAX, &i, e);
		break;
	}
	if (rc)
		return -1;
	switch ((int)type) {
	case JSON_U16:
		*(uint16_t *)m = (uint16_t)u;
		break;
	case JSON_U32:
		*(uint32_t *)m = (uint32_t)u;
		break;
	case JSON_U64:
		*(uint64_t *)m = u;
		break;
	case JSON_I32:
		*(int32_t *)m = (int32_t)i;
		break;
	case JSON_I64:
		*(int64_t *)m = i;
		break;
	case JSON_OPT_U32:
		*(struct opt_u32 *)m = (struct opt_u32){ true, (uint32_t)u };
		break;
	case JSON_OPT_U64:
		*(struct opt_u64 *)m = (struct opt_u64){ true, u };
		break;
	case JSON_OPT_I32:
		*(struct opt_i32 *)m = (struct opt_i32){ true, (int32_t)i };
		break;
	default:
		*(struct opt_i64 *)m = (struct opt_i64){ true, i };
		break;
	}
	return 0;
}

static size_t element_size(const struct json_field *f)
{
	switch ((int)f->type) {
	case JSON_STRS:
		return sizeof(char *);
	case JSON_U32S:
		return sizeof(uint32_t);
	case JSON_I64S:
		return sizeof(int64_t);
	case JSON_ENUMS:
		return sizeof(int);
	case JSON_LISTS:
		return sizeof(struct list);
	default:
		return f->size;
	}
}

static int get_list(struct json_object *val, const struct json_field *f, void *m, struct arena *a,
		    struct err *e);

static int get_element(struct json_object *val, const struct json_field *f, void *m,
		       struct arena *a, struct err *e)
{
	struct json_field inner = *f;
	uint64_t u = 0;

	switch ((int)f->type) {
	case JSON_STRS:
		return get_string(val, a, m, e);
	case JSON_U32S:
		if (get_unsigned(val, UINT32_MAX, &u, e))
			return -1;
		*(uint32_t *)m = (uint32_t)u;
		return 0;
	case JSON_I64S:
		return get_signed(val, INT64_MIN, INT64_MAX, m, e);
	case JSON_ENUMS:
		return get_enum(val, f, m, e);
	case JSON_LISTS:
		inner.type = JSON_OBJS;
		return get_list(val, &inner, m, a, e);
	default:
		return get_object(val, f->fields, m, a, e);
	}
}

static int get_list(struct json_object *val, const struct json_field *f, void *m, struct arena *a,
		    struct err *e)
{
	size_t size = element_size(f), n;
	struct list list;

	if (!json_object_is_type(val, json_type_array))
		return wrong(val, "array", e);
	n = json_object_array_length(val);
	if (n > JSON_COUNT_MAX)
		return err_set(e, E2BIG, "more than %d elements", JSON_COUNT_MAX);
	list = (struct list){ n, arena_array(a, n + 1, size) };
	for (size_t i = 0; i < n; i++) {
		char *at = (char *)list.v + i * size;

		if (get_element(json_object_array_get_idx(val, i), f, at, a, e))
			return err_ctx(e, "[%zu]", i);
	}
	memcpy(m, &list, sizeof(list));
	return 0;
}

static int get_map(struct json_object *val, const struct json_field *f, void *m, struct arena *a,
		   struct err *e)
{
	size_t size = f->type == JSON_MAP ? sizeof(struct json_kv) : f->size, n;
	struct list list;
	size_t i = 0;

	if (!json_object_is_type(val, json_type_object))
		return wrong(val, "object", e);
	n = (size_t)json_object_object_length(val);
	if (n > JSON_COUNT_MAX)
		return err_set(e, E2BIG, "more than %d keys", JSON_COUNT_MAX);
	list = (struct list){ n, arena_array(a, n + 1, size) };
	json_object_object_foreach(val, key, item)
	{
		char *at = (char *)list.v + i++ * size;
		char **slot = (char **)(void *)at;
		int rc;

		slot[0] = arena_strdup(a, key);
		if (f->type == JSON_MAP)
			rc = get_string(item, a, &slot[1], e);
		else
			rc = get_object(item, f->fields, at, a, e);
		if (rc)
			return err_ctx(e, "%.*s", SHOWN_MAX, key);
	}
	memcpy(m, &list, sizeof(list));
	return 0;
}

static int get_value(struct json_object *val, const struct json_field *f, void *m, struct arena *a,
		     struct err *e)
{
	struct opt_bool *ob = m;
	void *inner;

	switch (f->type) {
	case JSON_STR:
		return get_string(val, a, m, e);
	case JSON_BOOL:
		return get_bool(val, m, e);
	case JSON_OPT_BOOL:
		if (get_bool(val, &ob->v, e))
			return -1;
		ob->set = true;
		return 0;
	case JSON_U16:
	case JSON_I32:
	case JSON_U32:
	case JSON_I64:
	case JSON_U64:
	case JSON_OPT_I32:
	case JSON_OPT_U32:
	case JSON_OPT_I64:
	case JSON_OPT_U64:
		return get_integer(val, f->type, m, e);
	case JSON_ENUM:
		return get_enum(val, f, m, e);
	case JSON_OBJ:
		return get_object(val, f->fields, m, a, e);
	case JSON_PTR:
		inner = arena_alloc(a, f->size);
		if (get_object(val, f->fields, inner, a, e))
			return -1;
		*(void **)m = inner;
		return 0;
	case JSON_STRS:
	case JSON_U32S:
	case JSON_I64S:
	case JSON_ENUMS:
	case JSON_OBJS:
	case JSON_LISTS:
		return get_list(val, f, m, a, e);
	case JSON_MAP:
	case JSON_OBJMAP:
		return get_map(val, f, m, a, e);
	case JSON_RAW:
		*(struct json_object **)m = json_own(a, json_object_get(val));
		return 0;
	case JSON_END:
		break;
	}
	return 0;
}

static bool is_empty(struct json_object *val)
{
	return json_object_is_type(val, json_type_string) && !json_object_get_string_len(val);
}

int json_decode(struct json_object *obj, const struct json_field *fields, void *out,
		struct arena *a, struct err *e)
{
	if (!json_object_is_type(obj, json_type_object))
		return wrong(obj, "object", e);
	for (const struct json_field *f = fields; f->key; f++) {
		struct json_object *val = json_get(obj, f->key);

		if (f->flags & JSON_NONEMPTY && is_empty(val)) {
			if (f->flags & JSON_REQUIRED)
				return err_set(e, EINVAL, "%s: required, but empty", f->key);
			continue;
		}
		if (!val) {
			if (f->flags & JSON_REQUIRED)
				return err_set(e, EINVAL, "%s: required, but absent", f->key);
			continue;
		}
		if (get_value(val, f, (char *)out + f->offset, a, e))
			return err_ctx(e, "%s", f->key);
	}
	return 0;
}
