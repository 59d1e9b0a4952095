/* SPDX-License-Identifier: Apache-2.0 */
/* unit_prop: properties of a systemd unit: values, their text, their bytes; pure. */
#ifndef SHIM_ENGINE_UNIT_PROP_H
#define SHIM_ENGINE_UNIT_PROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

#define UNIT_VALUES_MAX 8192 /* elements of one property's array */

/* A value of a basic type; `second` is there in the pairs (ss) and (st) only. */
struct unit_value {
	const char *text; /* of s, o, g */
	uint64_t number;  /* of the others; signed ones and doubles by their bits */
	const char *second;
	uint64_t second_number;
};

/* One property. The types are D-Bus's: "b", "s", "t", "au", "ay", "as", "a(ss)", "a(st)"... */
struct unit_prop {
	const char *name;
	const char *type;
	const struct unit_value *v;
	size_t n;	    /* 1 where the type is no array */
	unsigned int since; /* the systemd version that brought it; 0: all we support */
	bool late;	    /* tight: to be set when the container is set up, not before */
	bool given;	    /* by an annotation, not by us */
};

#define UNIT_VERSION_MIN 244 /* oldest systemd supported: the first with AllowedCPUs */

/* A growing list. A property of a name that is there already takes its place. */
struct unit_props {
	struct unit_prop *v;
	size_t n, cap;
};
void unit_props_add(struct unit_props *l, const struct unit_prop *p, struct arena *a);
struct unit_prop *unit_props_find(const struct unit_props *l, const char *name);

/* The common cases. */
void unit_put_bool(struct unit_props *l, const char *name, bool v, struct arena *a);
void unit_put_text(struct unit_props *l, const char *name, const char *v, struct arena *a);
void unit_put_number(struct unit_props *l, const char *name, uint64_t v, struct arena *a);

/* "Name = type value" of one property, a line. */
void unit_prop_print(const struct unit_prop *p, struct str *out);

/* Put the value as a variant into a message body. */
void unit_prop_encode(const struct unit_prop *p, struct str *body);

/*
 * A value in GVariant's text format (glib's "GVariant Text Format"): numbers, 'text',
 * true, lists of one basic type, with a type in front or not ("uint64 5", "@as []"). A bare
 * integer is an int32, as there. The name is not touched. E2BIG, EINVAL.
 */
int unit_prop_parse(const char *text, struct unit_prop *out, struct arena *a, struct err *e);

/*
 * What an annotation "org.systemd.property.NAME" asks for: NAME is letters, at
 * least 3; one that ends in "Sec" behind a lower-case letter becomes "...USec", its number (in
 * seconds) microseconds. Those that the runtime sets itself are refused (EPERM).
 */
#define UNIT_ANNOTATION "org.systemd.property."
int unit_prop_of_annotation(const char *key, const char *value, struct unit_prop *out,
			    struct arena *a, struct err *e);

#endif
