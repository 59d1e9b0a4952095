/* SPDX-License-Identifier: Apache-2.0 */
/* unit_prop: build, print and encode properties. */
#include "shim/engine/unit_prop.h"

#include <inttypes.h>
#include <string.h>

#include "shim/engine/dbus_msg.h"

struct unit_prop *unit_props_find(const struct unit_props *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].name, name))
			return &l->v[i];
	return NULL;
}

void unit_props_add(struct unit_props *l, const struct unit_prop *p, struct arena *a)
{
	struct unit_prop *old = unit_props_find(l, p->name);

	if (old) {
		*old = *p;
		return;
	}
	if (l->n == l->cap) {
		struct unit_prop *v = l->v;

		l->cap = l->cap ? l->cap * 2 : 32;
		l->v = arena_array(a, l->cap, sizeof(*l->v));
		if (l->n)
			memcpy(l->v, v, l->n * sizeof(*v));
	}
	l->v[l->n++] = *p;
}

static void put_one(struct unit_props *l, const char *name, const char *type, struct unit_value v,
		    struct arena *a)
{
	struct unit_prop p = { .name = name, .type = type, .n = 1 };

	p.v = arena_memdup(a, &v, sizeof(v));
	unit_props_add(l, &p, a);
}

void unit_put_bool(struct unit_props *l, const char *name, bool v, struct arena *a)
{
	put_one(l, name, "b", (struct unit_value){ .number = v }, a);
}

void unit_put_text(struct unit_props *l, const char *name, const char *v, struct arena *a)
{
	put_one(l, name, "s", (struct unit_value){ .text = v }, a);
}

void unit_put_number(struct unit_props *l, const char *name, uint64_t v, struct arena *a)
{
	put_one(l, name, "t", (struct unit_value){ .number = v }, a);
}

static bool is_text(char type)
{
	return type == 's' || type == 'o' || type == 'g';
}

static void print_basic(char type, const char *text, uint64_t number, struct str *out)
{
	double d;

	if (is_text(type)) {
		str_addf(out, "'%s'", text);
	} else if (type == 'b') {
		str_add(out, number ? "true" : "false");
	} else if (type == 'd') {
		memcpy(&d, &number, sizeof(d));
		str_addf(out, "%g", d);
	} else if (type == 'i' || type == 'x' || type == 'n') {
		str_addf(out, "%" PRId64, (int64_t)number);
	} else if (type == 'y') {
		str_addf(out, "0x%02" PRIx64, number);
	} else if (number == UINT64_MAX) {
		str_add(out, "infinity");
	} else {
		str_addf(out, "%" PRIu64, number);
	}
}

/* The code of an element, and of the second one of a pair (else 0). */
static void codes_of(const char *type, char *first, char *second)
{
	const char *at = *type == 'a' ? type + 1 : type;

	bool pair = *at == '(';

	*second = '\0';
	if (pair)
		*second = at[2];
	*first = at[pair];
}

void unit_prop_print(const struct unit_prop *p, struct str *out)
{
	char first, second;

	codes_of(p->type, &first, &second);
	str_addf(out, "%s = %s ", p->name, p->type);
	if (*p->type == 'a')
		str_addc(out, '[');
	for (size_t i = 0; i < p->n; i++) {
		if (i)
			str_add(out, ", ");
		print_basic(first, p->v[i].text, p->v[i].number, out);
		if (second) {
			str_addc(out, ' ');
			print_basic(second, p->v[i].second, p->v[i].second_number, out);
		}
	}
	if (*p->type == 'a')
		str_addc(out, ']');
	if (p->since)
		str_addf(out, ", since %u", p->since);
	if (p->late)
		str_add(out, ", late");
	if (p->given)
		str_add(out, ", annotation");
	str_addc(out, '\n');
}

static void encode_basic(char type, const char *text, uint64_t number, struct str *body)
{
	switch (type) {
	case 's':
	case 'o':
		dbus_put_text(body, text);
		break;
	case 'g':
		dbus_put_signature(body, text);
		break;
	case 'y':
		dbus_put_byte(body, (uint8_t)number);
		break;
	case 'n':
	case 'q':
		dbus_put_u16(body, (uint16_t)number);
		break;
	case 'x':
	case 't':
	case 'd':
		dbus_put_u64(body, number);
		break;
	default:
		dbus_put_u32(body, (uint32_t)number);
		break;
	}
}

void unit_prop_encode(const struct unit_prop *p, struct str *body)
{
	bool array = *p->type == 'a';
	size_t align = dbus_align_of(p->type[array]), begun = 0;
	char first, second;

	codes_of(p->type, &first, &second);
	dbus_put_signature(body, p->type);
	if (array)
		begun = dbus_array_begin(body, align);
	for (size_t i = 0; i < p->n; i++) {
		if (second)
			dbus_put_struct(body);
		encode_basic(first, p->v[i].text, p->v[i].number, body);
		if (second)
			encode_basic(second, p->v[i].second, p->v[i].second_number, body);
	}
	if (array)
		dbus_array_end(body, begun, align);
}
