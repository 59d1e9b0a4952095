/* SPDX-License-Identifier: Apache-2.0 */
/* json: documents to structs and back, by field tables over json-c. */
#ifndef SPEC_BASE_JSON_H
#define SPEC_BASE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/names.h"

#define JSON_TEXT_MAX  (16 << 20) /* bytes of a document */
#define JSON_DEPTH_MAX 64	  /* nested objects and arrays */
#define JSON_COUNT_MAX 65536	  /* elements of one array or map */

/*
 * A list in a struct: v is NULL when the key is absent (or null), and points at
 * n elements, of which there may be none, when it is there. Lists of pointers
 * have a NULL behind the last one, so a list of strings is an argv.
 */
#define json_list(type)                                                                            \
	struct {                                                                                   \
		size_t n;                                                                          \
		type *v;                                                                           \
	}

struct json_strs {
	size_t n;
	char **v;
};

/* Numbers and truth values for which "absent" differs from zero. */
struct opt_bool {
	bool set, v;
};
struct opt_i32 {
	bool set;
	int32_t v;
};
struct opt_u32 {
	bool set;
	uint32_t v;
};
struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};

struct json_kv {
	char *key, *value;
};

enum json_kind {
	JSON_END,      /* ends a table */
	JSON_STR,      /* char *, NULL when absent */
	JSON_BOOL,     /* bool */
	JSON_U16,      /* uint16_t */
	JSON_I32,      /* int32_t */
	JSON_U32,      /* uint32_t */
	JSON_I64,      /* int64_t */
	JSON_U64,      /* uint64_t */
	JSON_OPT_BOOL, /* struct opt_bool, and so on */
	JSON_OPT_I32,
	JSON_OPT_U32,
	JSON_OPT_I64,
	JSON_OPT_U64,
	JSON_ENUM,   /* int, a value of .names; leave 0 to mean "absent" */
	JSON_OBJ,    /* a struct, embedded */
	JSON_PTR,    /* a struct in the arena, by pointer, NULL when absent */
	JSON_STRS,   /* json_list(char *) */
	JSON_U32S,   /* json_list(uint32_t) */
	JSON_I64S,   /* json_list(int64_t) */
	JSON_ENUMS,  /* json_list(int) */
	JSON_OBJS,   /* json_list(struct ...) */
	JSON_LISTS,  /* json_list of json_list(struct ...): an array of arrays */
	JSON_MAP,    /* json_list(struct json_kv): an object of strings */
	JSON_OBJMAP, /* json_list(struct ...) whose first member is `char *key` */
	JSON_RAW,    /* struct json_object *; the arena owns a reference */
};

enum {
	JSON_REQUIRED = 1, /* its absence is an error; always encoded */
	JSON_ALWAYS = 2,   /* encoded even when zero, false or absent (as null, [] or {}) */
	JSON_NOCASE = 4,   /* JSON_ENUM(S): names match in any case */
	JSON_NONEMPTY = 8, /* JSON_STR: "" counts as absent, as Go's omitempty writes it */
};

/*
 * One key of an object. offset is that of the member, size that of the pointed
 * to struct (JSON_PTR) or of an element (JSON_OBJS, JSON_LISTS, JSON_OBJMAP).
 */
struct json_field {
	const char *key;
	enum json_kind type;
	unsigned int flags;
	size_t offset;
	size_t size;
	const struct json_field *fields; /* of the inner object */
	const struct name *names;	 /* of an enum */
};

/* Rows of a table:  F_STR(struct user, name, "name", JSON_REQUIRED), ... { 0 } */
#define F_ANY(t, st, m, k, f)                                                                      \
	{                                                                                          \
		.key = (k), .type = (t), .flags = (f), .offset = offsetof(st, m)                   \
	}
#define F_STR(st, m, k, f)  F_ANY(JSON_STR, st, m, k, f)
#define F_BOOL(st, m, k, f) F_ANY(JSON_BOOL, st, m, k, f)
#define F_STRS(st, m, k, f) F_ANY(JSON_STRS, st, m, k, f)
#define F_MAP(st, m, k, f)  F_ANY(JSON_MAP, st, m, k, f)
#define F_RAW(st, m, k, f)  F_ANY(JSON_RAW, st, m, k, f)
/* Integers: t is JSON_I32 ... JSON_OPT_U64, JSON_U32S, JSON_I64S. */
#define F_NUM(t, st, m, k, f) F_ANY(t, st, m, k, f)
#define F_ENUM(st, m, k, f, nm)                                                                    \
	{                                                                                          \
		.key = (k), .type = JSON_ENUM, .flags = (f), .offset = offsetof(st, m),            \
		.names = (nm)                                                                      \
	}
#define F_ENUMS(st, m, k, f, nm)                                                                   \
	{                                                                                          \
		.key = (k), .type = JSON_ENUMS, .flags = (f), .offset = offsetof(st, m),           \
		.names = (nm)                                                                      \
	}
#define F_OBJ(st, m, k, f, sub)                                                                    \
	{                                                                                          \
		.key = (k), .type = JSON_OBJ, .flags = (f), .offset = offsetof(st, m),             \
		.fields = (sub)                                                                    \
	}
#define F_PTR(st, m, k, f, sub)                                                                    \
	{                                                                                          \
		.key = (k), .type = JSON_PTR, .flags = (f), .offset = offsetof(st, m),             \
		.size = sizeof(*((st *)0)->m), .fields = (sub)                                     \
	}
/* Lists of structs: t is JSON_OBJS, JSON_LISTS (sub is of the innermost struct) or JSON_OBJMAP. */
#define F_LIST(t, st, m, k, f, sub)                                                                \
	{                                                                                          \
		.key = (k), .type = (t), .flags = (f), .offset = offsetof(st, m),                  \
		.size = sizeof(*((st *)0)->m.v), .fields = (sub)                                   \
	}
/* For JSON_LISTS the size is that of the innermost struct. */
#define F_LISTS(st, m, k, f, inner, sub)                                                           \
	{                                                                                          \
		.key = (k), .type = JSON_LISTS, .flags = (f), .offset = offsetof(st, m),           \
		.size = sizeof(inner), .fields = (sub)                                             \
	}

/*
 * Parse one document: strict JSON, nothing but white space behind it, limits
 * as above. The last one of a repeated key counts. The caller owns the result
 * (json_object_put), or hands it to an arena with json_own(). NULL on failure.
 */
struct json_object *json_parse(const char *text, size_t len, struct err *e);

/* The arena puts the object; returns it. */
struct json_object *json_own(struct arena *a, struct json_object *obj);

/*
 * Fill the struct `out` (zeroed by the caller) from an object. Keys match
 * exactly first, else without case, as Go's encoding/json does; unknown keys
 * are ignored; null counts as absent; a wrong type, range or enum name is an
 * error whose text starts with the path of the key
 * ("linux: resources: memory: limit: expected integer, got \"512m\"").
 * All memory comes from the arena.
 */
int json_decode(struct json_object *obj, const struct json_field *fields, void *out,
		struct arena *a, struct err *e);

/*
 * The opposite of json_decode: zero values, NULL and unset options are left out
 * unless the row is JSON_REQUIRED or JSON_ALWAYS. Keys come in table order.
 * The caller owns the result.
 */
struct json_object *json_encode(const void *in, const struct json_field *fields);

/* The text of a document: one line, or indented by two spaces; no final newline; no "\/". */
char *json_text(struct json_object *obj, bool pretty, struct arena *a);

/* The member of that key, exactly first, else without case; NULL when absent or null, or obj no
 * object. */
struct json_object *json_get(struct json_object *obj, const char *key);

#endif
