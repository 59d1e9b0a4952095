/* SPDX-License-Identifier: Apache-2.0 */
/* twice: a string with a colon behind it is a key. */
#include "cni/twice.h"

#include <string.h>
#include <strings.h>

#include "spec/base/json.h"
#include "spec/base/str.h"

struct scan {
	const char *at, *end;
	const char *key; /* of which object; Go's plugins do not mind its case */
	size_t depth;
	bool named, inside; /* the key before was that one; the object is that key's */
	const char **seen;
	size_t n;
	struct arena *a;
};

/* What the text between the quotes says: there are many ways to write one key. */
static const char *plain(const char *begin, size_t len, struct arena *a)
{
	const char *raw = arena_strndup(a, begin, len);
	struct json_object *string;
	struct err ignored;

	if (!memchr(begin, '\\', len))
		return raw;
	string = json_parse(begin - 1, len + 2, &ignored);
	return string ? arena_strdup(a, json_object_get_string(json_own(a, string))) : raw;
}

/* The string behind whose first quote the scan is. */
static const char *read_string(struct scan *s)
{
	const char *begin = s->at;

	while (s->at < s->end && *s->at != '"')
		s->at += *s->at == '\\' && s->end - s->at > 1 ? 2 : 1;
	if (s->at >= s->end)
		return "";
	return plain(begin, (size_t)(s->at++ - begin), s->a);
}

static bool before_colon(const struct scan *s)
{
	const char *p = s->at;

	while (p < s->end && strchr(" \t\r\n", *p) && *p)
		p++;
	return p < s->end && *p == ':';
}

/* True: it was there before. */
static bool note(struct scan *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->seen[i], key))
			return true;
	if (s->n < TWICE_MAX)
		s->seen[s->n++] = key;
	return false;
}

const char *twice_in(const char *text, size_t len, const char *key, struct arena *a)
{
	struct scan s = { .at = text, .end = text + len, .key = key, .a = a };

	s.seen = arena_array(a, TWICE_MAX, sizeof(*s.seen));
	while (s.at < s.end && s.n < TWICE_MAX) {
		char c = *s.at++;
		const char *string;

		if (c == '{' || c == '[') {
			s.depth++;
			if (s.depth == 2)
				s.inside = c == '{' && s.named;
		} else if (c == '}' || c == ']') {
			s.depth--;
		}
		if (c != '"')
			continue;
		string = read_string(&s);
		if (!before_colon(&s))
			continue;
		if (s.depth == 1)
			s.named = !strcasecmp(string, s.key);
		if (s.depth == 2 && s.inside && note(&s, string))
			return string;
	}
	return NULL;
}
