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

/* json-c takes 'x' for a string even when strict; JSON knows no such thing. */
static const char *single_quote(const char *s, size_t len)
{
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			in_string = !in_string;
		else if (!in_string && s[i] == '\'')
			return s + i;
	}
	return NULL;
}

struct json_object *json_parse(const char *text, size_t len, struct err *e)
{
	__attribute__((cleanup(free_tokener))) struct json_tokener *tok = NULL;
	struct json_object *obj;
	const char *quote;
	size_t end;

	if (len > JSON_TEXT_MAX) {
		err_set(e, E2BIG, "JSON document is larger than %d bytes", JSON_TEXT_MAX);
		return NULL;
	}
	quote = single_quote(text, len);
	if (quote) {
		err_set(e, EINVAL, "malformed JSON at byte %zu: single quote",
			(size_t)(quote - text));
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
