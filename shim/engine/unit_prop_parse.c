/* SPDX-License-Identifier: Apache-2.0 */
/* unit_prop_parse: properties from annotations, in GVariant's text format. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shim/engine/unit_prop.h"
#include "spec/base/auto.h"
#include "spec/base/names.h"

#define VALUE_MAX  65536 /* bytes of an annotation's value */
#define NAME_MIN   3
#define USEC	   1000000
#define SEC_SUFFIX "Sec"

static const struct name type_words[] = {
	{ "boolean", 'b' },
	{ "byte", 'y' },
	{ "int16", 'n' },
	{ "uint16", 'q' },
	{ "int32", 'i' },
	{ "uint32", 'u' },
	{ "int64", 'x' },
	{ "uint64", 't' },
	{ "double", 'd' },
	{ "string", 's' },
	{ "objectpath", 'o' },
	{ "signature", 'g' },
	{ 0 },
};

/* Ranges of the integers. */
static const struct {
	char type;
	int64_t min;
	uint64_t max;
} ranges[] = {
	{ 'y', 0, UINT8_MAX },	       { 'n', INT16_MIN, INT16_MAX }, { 'q', 0, UINT16_MAX },
	{ 'i', INT32_MIN, INT32_MAX }, { 'u', 0, UINT32_MAX },	      { 'x', INT64_MIN, INT64_MAX },
	{ 't', 0, UINT64_MAX },
};

/* Ours: how the container gets into its unit. The others may be overridden. */
static const char *const reserved[] = { "PIDs", "PIDFDs", "Slice", "Delegate" };

/* The text that is left, and the type that is known so far ("" none, "s", "as"...). */
struct parser {
	const char *at;
	char type[3];
	struct arena *a;
	struct err *e;
};

static void skip_space(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static int bad(struct parser *p, const char *what)
{
	return err_set(p->e, EINVAL, "%s at '%.40s'", what, p->at);
}

/* "uint64 " or "@t " in front. */
static int parse_type(struct parser *p)
{
	size_t n;
	const struct name *row;

	skip_space(p);
	if (*p->at == '@') {
		n = strcspn(p->at + 1, " ");
		if (!n || n > 2 || (n == 2 && p->at[1] != 'a') ||
		    !names_of(type_words, (unsigned char)p->at[n]))
			return bad(p, "a type that is not supported");
		memcpy(p->type, p->at + 1, n);
		p->at += n + 1;
		return 0;
	}
	n = strspn(p->at, "abcdefghijklmnopqrstuvwxyz0123456789");
	if (!n || !isspace((unsigned char)p->at[n]))
		return 0;
	row = names_find(type_words, arena_strndup(p->a, p->at, n));
	if (!row)
		return bad(p, "an unknown type");
	p->type[0] = (char)row->value;
	p->at += n;
	return 0;
}

/* What a backslash and this mean. */
static char unescaped(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	default:
		return c;
	}
}

/* 'text' or "text"; a backslash takes the next character as it is, but for \n and \t. */
static int parse_quoted(struct parser *p, struct unit_value *v)
{
	auto_str struct str s = { 0 };
	char quote = *p->at++;

	for (; *p->at && *p->at != quote; p->at++) {
		if (*p->at != '\\') {
			str_addc(&s, *p->at);
			continue;
		}
		p->at++;
		if (!*p->at || strchr("uUabfrv", *p->at))
			return bad(p, "an escape that is not supported");
		str_addc(&s, unescaped(*p->at));
	}
	if (*p->at != quote)
		return bad(p, "text without its end");
	p->at++;
	v->text = arena_strdup(p->a, str_text(&s));
	return 0;
}

static int parse_double(struct parser *p, const char *text, struct unit_value *v)
{
	char *end;
	double d;

	errno = 0;
	d = strtod(text, &end);
	if (*end || end == text || errno || !isfinite(d))
		return bad(p, "not a number");
	memcpy(&v->number, &d, sizeof(d));
	return 0;
}

static int parse_integer(struct parser *p, char type, const char *text, struct unit_value *v)
{
	int64_t number = 0;

	for (size_t i = 0; i < countof(ranges); i++) {
		if (ranges[i].type != type)
			continue;
		if (!parse_u64(text, 0, ranges[i].max, &v->number))
			return 0;
		if (*text != '-' || parse_i64(text, ranges[i].min, 0, &number))
			return bad(p, "a number that is none, or out of range,");
		v->number = (uint64_t)number;
		return 0;
	}
	return bad(p, "a number in place of text");
}

static char type_of(const char *word, bool boolean)
{
	if (boolean)
		return 'b';
	return strpbrk(word, ".e") && strncmp(word, "0x", 2) ? 'd' : 'i';
}

/* true, false, a number. The type of a bare one is its form's. */
static int parse_word(struct parser *p, char *type, struct unit_value *v)
{
	size_t n = strcspn(p->at, ",] \t\n");
	const char *word = arena_strndup(p->a, p->at, n);
	bool boolean = !strcmp(word, "true") || !strcmp(word, "false");

	if (!n)
		return bad(p, "no value");
	if (!*type)
		*type = type_of(word, boolean);
	if (boolean != (*type == 'b'))
		return bad(p, "a value of another type");
	if (boolean)
		v->number = *word == 't';
	else if (*type == 'd' ? parse_double(p, word, v) : parse_integer(p, *type, word, v))
		return -1;
	p->at += n;
	return 0;
}

static int parse_basic(struct parser *p, char *type, struct unit_value *v)
{
	skip_space(p);
	if (*p->at != '\'' && *p->at != '"')
		return parse_word(p, type, v);
	if (!*type)
		*type = 's';
	if (*type != 's' && *type != 'o' && *type != 'g')
		return bad(p, "text in place of a number");
	return parse_quoted(p, v);
}

static int parse_list(struct parser *p, struct unit_prop *out)
{
	struct unit_value *v = arena_array(p->a, strlen(p->at), sizeof(*v));

	p->at++;
	p->type[0] = 'a';
	for (skip_space(p); *p->at != ']'; skip_space(p)) {
		if (out->n == UNIT_VALUES_MAX)
			return err_set(p->e, E2BIG, "more than %d values", UNIT_VALUES_MAX);
		if (parse_basic(p, &p->type[1], &v[out->n++]))
			return -1;
		skip_space(p);
		if (*p->at == ',')
			p->at++;
		else if (*p->at != ']')
			return bad(p, "',' or ']' expected");
	}
	p->at++;
	if (!p->type[1])
		return bad(p, "an empty list needs a type, like '@as []',");
	out->v = v;
	return 0;
}

int unit_prop_parse(const char *text, struct unit_prop *out, struct arena *a, struct err *e)
{
	struct parser p = { .at = text, .a = a, .e = e };
	struct unit_prop prop = { .name = out->name, .n = 0 };
	struct unit_value *v = arena_alloc(a, sizeof(*v));

	if (strlen(text) > VALUE_MAX)
		return err_set(e, E2BIG, "longer than %d bytes", VALUE_MAX);
	if (parse_type(&p))
		return -1;
	skip_space(&p);
	if (*p.at == '[') {
		if (p.type[0] && p.type[0] != 'a')
			return bad(&p, "a list in place of one value");
		if (parse_list(&p, &prop))
			return -1;
	} else {
		if (p.type[0] == 'a')
			return bad(&p, "a list expected");
		if (parse_basic(&p, p.type, v))
			return -1;
		prop.v = v;
		prop.n = 1;
	}
	skip_space(&p);
	if (*p.at)
		return bad(&p, "more text");
	prop.type = arena_strdup(a, p.type);
	*out = prop;
	return 0;
}

/* Seconds to microseconds: what the command line and unit files call XSec is XUSec on the bus. */
static int to_usec(struct unit_prop *p, struct arena *a, struct err *e)
{
	struct unit_value v = p->v[0];
	double d;

	if (p->type[1] || !strchr("ynqiuxtd", p->type[0]))
		return err_set(e, EINVAL, "a number of seconds expected");
	if (p->type[0] == 'd') {
		memcpy(&d, &v.number, sizeof(d));
		if (d < 0 || d > (double)UINT64_MAX / USEC / 2)
			return err_set(e, ERANGE, "seconds out of range");
		v.number = (uint64_t)(d * USEC);
	} else if (strchr("nix", p->type[0]) && (int64_t)v.number < 0) {
		return err_set(e, ERANGE, "negative seconds");
	} else if (v.number > UINT64_MAX / USEC) {
		return err_set(e, ERANGE, "seconds out of range");
	} else {
		v.number *= USEC;
	}
	p->type = "t";
	p->v = arena_memdup(a, &v, sizeof(v));
	return 0;
}

static int check_name(const char *name, struct err *e)
{
	size_t n = strlen(name);

	if (n < NAME_MIN)
		return err_set(e, EINVAL, "the name of the property is too short");
	for (size_t i = 0; i < n; i++)
		if (!isascii(name[i]) || !isalpha((unsigned char)name[i]))
			return err_set(e, EINVAL, "the name of a property has letters only");
	for (size_t i = 0; i < countof(reserved); i++)
		if (!strcmp(name, reserved[i]))
			return err_set(e, EPERM, "belongs to the runtime");
	return 0;
}

int unit_prop_of_annotation(const char *key, const char *value, struct unit_prop *out,
			    struct arena *a, struct err *e)
{
	const char *name = key + strlen(UNIT_ANNOTATION);
	size_t n = strlen(name), sec = strlen(SEC_SUFFIX);
	struct unit_prop p = { 0 };

	if (check_name(name, e) || unit_prop_parse(value, &p, a, e))
		return err_ctx(e, "annotations: %.200s", key);
	if (str_ends(name, SEC_SUFFIX) && n > sec && islower((unsigned char)name[n - sec - 1])) {
		if (to_usec(&p, a, e))
			return err_ctx(e, "annotations: %.200s", key);
		name = arena_printf(a, "%.*sUSec", (int)(n - sec), name);
	}
	p.name = arena_strdup(a, name);
	p.given = true;
	*out = p;
	return 0;
}
