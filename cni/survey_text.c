/* SPDX-License-Identifier: Apache-2.0 */
/* survey_text: columns as wide as their widest cell. */
#include "cni/survey_text.h"

#include <string.h>
#include <time.h>

#define COLUMNS	  7
#define TIME_SIZE 32
#define GAP	  2

struct cells {
	const char *cell[COLUMNS];
	char since[TIME_SIZE];
};

static void put_time(int64_t since, char *out)
{
	time_t t = (time_t)since;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm))
		out[0] = '\0';
}

static const char *shown(const char *text)
{
	return *text ? text : "-";
}

static void fill(struct cells *r, const struct survey_lease *l)
{
	put_time(l->since, r->since);
	r->cell[0] = l->network;
	r->cell[1] = l->address;
	r->cell[2] = shown(l->container_id);
	r->cell[3] = shown(l->ifname);
	r->cell[4] = shown(l->pod);
	r->cell[5] = names_of(survey_states, (int)l->state);
	r->cell[6] = r->since;
}

void survey_table(const struct survey *s, struct str *out)
{
	auto_arena struct arena a = { 0 };
	struct cells *rows = arena_array(&a, s->n + 1, sizeof(*rows));
	size_t width[COLUMNS] = { 0 };

	rows[0] = (struct cells){ .cell = { "NETWORK", "ADDRESS", "CONTAINER", "INTERFACE", "POD",
					    "STATE", "SINCE" } };
	for (size_t i = 0; i < s->n; i++)
		fill(&rows[i + 1], &s->v[i]);
	for (size_t i = 0; i <= s->n; i++)
		for (size_t c = 0; c < COLUMNS; c++)
			if (strlen(rows[i].cell[c]) > width[c])
				width[c] = strlen(rows[i].cell[c]);
	for (size_t i = 0; i <= s->n; i++) {
		for (size_t c = 0; c + 1 < COLUMNS; c++)
			str_addf(out, "%-*s", (int)(width[c] + GAP), rows[i].cell[c]);
		str_addf(out, "%s\n", rows[i].cell[COLUMNS - 1]);
	}
}

static void put(struct json_object *obj, const char *key, const char *text)
{
	if (*text)
		json_object_object_add(obj, key, json_object_new_string(text));
}

void survey_json(const struct survey *s, struct arena *a, struct str *out)
{
	struct json_object *list = json_own(a, json_object_new_array());

	for (size_t i = 0; i < s->n; i++) {
		const struct survey_lease *l = &s->v[i];
		struct json_object *obj = json_object_new_object();
		char since[TIME_SIZE];

		put_time(l->since, since);
		put(obj, "network", l->network);
		put(obj, "address", l->address);
		put(obj, "containerID", l->container_id);
		put(obj, "ifname", l->ifname);
		put(obj, "pod", l->pod);
		put(obj, "netns", l->netns);
		put(obj, "state", names_of(survey_states, (int)l->state));
		put(obj, "since", since);
		json_object_array_add(list, obj);
	}
	str_addf(out, "%s\n", json_text(list, false, a));
}
