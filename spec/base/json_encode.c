/* SPDX-License-Identifier: Apache-2.0 */
/* json_encode: the field tables read backwards. */
#include "spec/base/json.h"

#include <string.h>

struct list {
	size_t n;
	const void *v;
};

static struct json_object *put_list(const struct json_field *f, const struct list *list);

static struct json_object *put_string(const char *s)
{
	return s ? json_object_new_string(s) : NULL;
}

static struct json_object *put_element(const struct json_field *f, const struct list *list,
				       size_t i)
{
	struct json_field inner = *f;

	switch ((int)f->type) {
	case JSON_STRS:
		return put_string(((char *const *)list->v)[i]);
	case JSON_U32S:
		return json_object_new_int64(((const uint32_t *)list->v)[i]);
	case JSON_I64S:
		return json_object_new_int64(((const int64_t *)list->v)[i]);
	case JSON_ENUMS:
		return put_string(names_of(f->names, ((const int *)list->v)[i]));
	case JSON_LISTS:
		inner.type = JSON_OBJS;
		return put_list(&inner, (const struct list *)list->v + i);
	default:
		return json_encode((const char *)list->v + i * f->size, f->fields);
	}
}

static struct json_object *put_list(const struct json_field *f, const struct list *list)
{
	struct json_object *array;

	if (!list->v && !(f->flags & (JSON_REQUIRED | JSON_ALWAYS)))
		return NULL;
	array = json_object_new_array_ext(list->n < INT32_MAX ? (int)list->n : 1);
	for (size_t i = 0; list->v && i < list->n; i++)
		json_object_array_add(array, put_element(f, list, i));
	return array;
}

static struct json_object *put_map(const struct json_field *f, const struct list *list)
{
	const struct json_kv *kv = list->v;
	struct json_object *obj;

	if (!list->v && !(f->flags & (JSON_REQUIRED | JSON_ALWAYS)))
		return NULL;
	obj = json_object_new_object();
	for (size_t i = 0; kv && i < list->n; i++) {
		const char *at = (const char *)list->v + i * f->size;

		if (f->type == JSON_MAP)
			json_object_object_add(obj, kv[i].key, put_string(kv[i].value));
		else
			json_object_object_add(obj, *(char *const *)(const void *)at,
					       json_encode(at, f->fields));
	}
	return obj;
}

static struct json_object *put_signed(const struct json_field *f, int64_t v)
{
	bool keep = v || f->flags & (JSON_REQUIRED | JSON_ALWAYS);

	return keep ? json_object_new_int64(v) : NULL;
}

static struct json_object *put_unsigned(const struct json_field *f, uint64_t v)
{
	bool keep = v || f->flags & (JSON_REQUIRED | JSON_ALWAYS);

	return keep ? json_object_new_uint64(v) : NULL;
}

static struct json_object *put_optional(const struct json_field *f, const void *m)
{
	switch ((int)f->type) {
	case JSON_OPT_BOOL: {
		const struct opt_bool *o = m;

		return o->set ? json_object_new_boolean(o->v) : NULL;
	}
	case JSON_OPT_I32: {
		const struct opt_i32 *o = m;

		return o->set ? json_object_new_int64(o->v) : NULL;
	}
	case JSON_OPT_U32: {
		const struct opt_u32 *o = m;

		return o->set ? json_object_new_int64(o->v) : NULL;
	}
	case JSON_OPT_I64: {
		const struct opt_i64 *o = m;

		return o->set ? json_object_new_int64(o->v) : NULL;
	}
	default: {
		const struct opt_u64 *o = m;

		return o->set ? json_object_new_uint64(o->v) : NULL;
	}
	}
}

/* An embedded object without a single member is left out, as Go's pointers would be. */
static struct json_object *put_object(const struct json_field *f, const void *m)
{
	struct json_object *obj = json_encode(m, f->fields);

	if (!json_object_object_length(obj) && !(f->flags & (JSON_REQUIRED | JSON_ALWAYS))) {
		json_object_put(obj);
		return NULL;
	}
	return obj;
}

static struct json_object *put_bool(const struct json_field *f, bool v)
{
	bool keep = v || f->flags & (JSON_REQUIRED | JSON_ALWAYS);

	return keep ? json_object_new_boolean(v) : NULL;
}

static struct json_object *put_value(const struct json_field *f, const void *m)
{
	const void *inner;

	switch (f->type) {
	case JSON_STR:
		return put_string(*(char *const *)m);
	case JSON_BOOL:
		return put_bool(f, *(const bool *)m);
	case JSON_U16:
		return put_unsigned(f, *(const uint16_t *)m);
	case JSON_U32:
		return put_unsigned(f, *(const uint32_t *)m);
	case JSON_U64:
		return put_unsigned(f, *(const uint64_t *)m);
	case JSON_I32:
		return put_signed(f, *(const int32_t *)m);
	case JSON_I64:
		return put_signed(f, *(const int64_t *)m);
	case JSON_OPT_BOOL:
	case JSON_OPT_I32:
	case JSON_OPT_U32:
	case JSON_OPT_I64:
	case JSON_OPT_U64:
		return put_optional(f, m);
	case JSON_ENUM:
		return put_string(names_of(f->names, *(const int *)m));
	case JSON_OBJ:
		return put_object(f, m);
	case JSON_PTR:
		inner = *(void *const *)m;
		return inner ? json_encode(inner, f->fields) : NULL;
	case JSON_STRS:
	case JSON_U32S:
	case JSON_I64S:
	case JSON_ENUMS:
	case JSON_OBJS:
	case JSON_LISTS:
		return put_list(f, m);
	case JSON_MAP:
	case JSON_OBJMAP:
		return put_map(f, m);
	case JSON_RAW:
		return json_object_get(*(struct json_object *const *)m);
	case JSON_END:
		break;
	}
	return NULL;
}

struct json_object *json_encode(const void *in, const struct json_field *fields)
{
	struct json_object *obj = json_object_new_object();

	for (const struct json_field *f = fields; f->key; f++) {
		struct json_object *val = put_value(f, (const char *)in + f->offset);

		if (val || (f->flags & JSON_ALWAYS && f->type != JSON_ENUM))
			json_object_object_add(obj, f->key, val);
	}
	return obj;
}
