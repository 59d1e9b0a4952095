/* SPDX-License-Identifier: Apache-2.0 */
/* names: look-ups in name tables. */
#include "spec/base/names.h"

#include <string.h>
#include <strings.h>

#define NEAREST_LEN   48 /* longer names are not compared */
#define NEAREST_EDITS 2

const struct name *names_find(const struct name *table, const char *name)
{
	for (; table->name; table++) {
		if (!strcmp(table->name, name))
			return table;
	}
	return NULL;
}

const struct name *names_find_nocase(const struct name *table, const char *name)
{
	const struct name *exact = names_find(table, name);

	if (exact)
		return exact;
	for (; table->name; table++) {
		if (!strcasecmp(table->name, name))
			return table;
	}
	return NULL;
}

const char *names_of(const struct name *table, int64_t value)
{
	for (; table->name; table++) {
		if (table->value == value)
			return table->name;
	}
	return NULL;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, one row at a time. */
static unsigned int edits(const char *a, const char *b)
{
	unsigned int row[NEAREST_LEN + 1];
	size_t n = strlen(b);

	if (n > NEAREST_LEN || strlen(a) > NEAREST_LEN)
		return NEAREST_LEN;
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 0; a[i]; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i + 1;
		for (size_t j = 0; j < n; j++) {
			unsigned int up = row[j + 1];

			row[j + 1] = min3(up + 1, row[j] + 1, diagonal + (a[i] != b[j]));
			diagonal = up;
		}
	}
	return row[n];
}

const char *names_nearest(const struct name *table, const char *name)
{
	unsigned int best = NEAREST_EDITS + 1;
	const char *found = NULL;

	for (; table->name; table++) {
		unsigned int d = edits(name, table->name);

		if (d < best && d < strlen(name)) {
			best = d;
			found = table->name;
		}
	}
	return found;
}

void names_list(const struct name *table, struct str *out)
{
	for (; table->name; table++)
		str_addf(out, "%s%s", out->len ? ", " : "", table->name);
}
