/* SPDX-License-Identifier: Apache-2.0 */
/* json: parse and print documents; look a key up the way Go does. */
#include "spec/base/json.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static void put(void *obj)
{
	json_object_put(obj);
}

struct json_object *json_own(struct arena *a, struct json_object *obj)
{
	arena_defer(a, put, obj);
	return obj;
}

static void free_tokener(struct json_tokener **tok)
{
	if (*tok)
		json_tokener_free(*tok);
}

static int only_space(const char *s, size_t len)
{
	while (len && strchr(" \t\r\n", *s) && *s) {
		s++;
		len--;
	}
	return !len;
}

/* Does an integer literal fit int64_t or uint64_t? json-c would take the nearest that does. */
static bool fits_64(const char *s, size_t len)
{
	bool negative = *s == '-';
	const char *limit = negative ? "9223372036854775808" : "18446744073709551615";

	s += negative;
	len -= negative;
	return len < strlen(limit) || (len == strlen(limit) && memcmp(s, limit, len) <= 0);
}

static size_t number_span(const char *s, size_t len, bool *integer)
{
	size_t n = 0;

	*integer = true;
	while (n < len && s[n] && strchr("+-.0123456789Ee", s[n])) {
		*integer = *integer && !strchr(".Ee", s[n]);
		n++;
	}
	return n;
}

/*
 * What json-c takes even when strict and JSON does not know: 'x' for a string,
 * NaN and Infinity. And numbers that do not fit. The place of it, or NULL.
 */
static const char *fault(const char *s, size_t len, const char **what)
{
	bool in_string = false, integer;

	for (size_t i = 0; i < len; i++) {
		size_t n = in_string ? 0 : number_span(s + i, len - i, &integer);

		if (in_string && s[i] == '\\') {
			i++;
		} else if (s[i] == '"') {
			in_string = !in_string;
		} else if (!in_string && s[i] && strchr("'NI", s[i])) {
			*what = s[i] == '\'' ? "single quote" : "no such value";
			return s + i;
		} else if (n) {
			*what = "number beyond 64 bits";
			if (integer && !fits_64(s + i, n))
				return s + i;
			i += n - 1;
		}
	}
	return NULL;
}

struct json_object *json_parse(const char *text, size_t len, struct err *e)
{
	__attribute__((cleanup(free_tokener))) struct json_tokener *tok = NULL;
	struct json_object *obj;
	const char *at, *what;
	size_t end;

	if (len > JSON_TEXT_MAX) {
		err_set(e, E2BIG, "JSON document is larger than %d bytes", JSON_TEXT_MAX);
		return NULL;
	}
	at = fault(text, len, &what);
	if (at) {
		err_set(e, EINVAL, "malformed JSON at byte %zu: %s", (size_t)(at - text), what);
		return NULL;
	}
	tok = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (!tok) {
		err_set(e, ENOMEM, "allocate a JSON parser");
		return NULL;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	obj = json_tokener_parse_ex(tok, text, (int)len);
	if (!obj &&
	    json_tokener_get_error(tok) == json_tokener_continue) /* a bare number, or cut */
		obj = json_tokener_parse_ex(tok, "", 1);
	end = json_tokener_get_parse_end(tok);
	if (json_tokener_get_error(tok) != json_tokener_success) {
		err_set(e, EINVAL, "malformed JSON at byte %zu: %s", end,
			json_tokener_error_desc(json_tokener_get_error(tok)));
		json_object_put(obj);
		return NULL;
	}
	if (end < len && !only_space(text + end, len - end)) {
		err_set(e, EINVAL, "malformed JSON at byte %zu: text behind the document", end);
		json_object_put(obj);
		return NULL;
	}
	if (!obj)
		err_set(e, EINVAL, "JSON document is null");
	return obj;
}

struct json_object *json_get(struct json_object *obj, const char *key)
{
	struct json_object *found = NULL;

	if (!json_object_is_type(obj, json_type_object))
		return NULL;
	if (json_object_object_get_ex(obj, key, &found))
		return found;
	json_object_object_foreach(obj, k, v)
	{
		if (!strcasecmp(k, key))
			found = v;
	}
	return found;
}

char *json_text(struct json_object *obj, bool pretty, struct arena *a)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	flags |=
		pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN;
	return arena_strdup(a, json_object_to_json_string_ext(obj, flags));
}
