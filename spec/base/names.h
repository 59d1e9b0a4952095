/* SPDX-License-Identifier: Apache-2.0 */
/* names: name <-> value tables, the form of every vocabulary. */
#ifndef SPEC_BASE_NAMES_H
#define SPEC_BASE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/str.h"

/*
 * A table is an array of rows that ends with a NULL name. Where two names share
 * a value the first row is the one printed; where a name stands twice the first
 * row is found.
 */
struct name {
	const char *name;
	int64_t value;
};

/* The row of that name, or NULL. Exact, or with any case. */
const struct name *names_find(const struct name *table, const char *name);
const struct name *names_find_nocase(const struct name *table, const char *name);

/* The first name of a value, or NULL. */
const char *names_of(const struct name *table, int64_t value);

/*
 * The name in the table that a mistyped one most likely meant (at most two
 * edits away), or NULL: for "unknown mount option 'nosiud', did you mean 'nosuid'?".
 */
const char *names_nearest(const struct name *table, const char *name);

/* "a, b, c": all names, for a message. */
void names_list(const struct name *table, struct str *out);

#endif
