/* SPDX-License-Identifier: Apache-2.0 */
/* list_table: rows of cells, then columns as wide as their widest cell. */
#include "shim/cli/list_table.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS	  6
#define MIN_WIDTH 9 /* so that a short list looks like a long one */
#define GAP	  3

struct row {
	const char *cell[COLUMNS];
	char pid[16];
};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void fill(struct row *r, const struct engine_info *info)
{
	const struct oci_state *s = info->state;

	snprintf(r->pid, sizeof(r->pid), "%d", info->pid);
	r->cell[0] = or_empty(s->id);
	r->cell[1] = r->pid;
	r->cell[2] = or_empty(names_of(oci_status_names, info->status));
	r->cell[3] = or_empty(s->bundle);
	r->cell[4] = or_empty(s->created);
	r->cell[5] = or_empty(s->owner);
}

static void add_row(const struct row *r, const size_t *widths, struct str *out)
{
	for (size_t i = 0; i + 1 < COLUMNS; i++)
		str_addf(out, "%-*s", (int)(widths[i] + GAP), r->cell[i]);
	str_addf(out, "%s\n", r->cell[COLUMNS - 1]);
}

void list_table(const struct engine_info *infos, size_t n, struct str *out)
{
	auto_arena struct arena a = { 0 };
	struct row *rows = arena_array(&a, n + 1, sizeof(*rows));
	size_t widths[COLUMNS];

	rows[0] = (struct row){ .cell = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" } };
	for (size_t i = 0; i < n; i++)
		fill(&rows[i + 1], &infos[i]);
	for (size_t c = 0; c < COLUMNS; c++) {
		widths[c] = MIN_WIDTH;
		for (size_t i = 0; i <= n; i++) {
			size_t len = strlen(rows[i].cell[c]);

			if (len > widths[c])
				widths[c] = len;
		}
	}
	for (size_t i = 0; i <= n; i++)
		add_row(&rows[i], widths, out);
}

void list_json(const struct engine_info *infos, size_t n, struct arena *a, struct str *out)
{
	str_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		str_add(out, i ? "," : "");
		str_add(out, oci_state_document(infos[i].state, infos[i].status, infos[i].pid, true,
						false, a));
	}
	str_add(out, "]\n");
}
