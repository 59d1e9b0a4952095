/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: run the rows, collect what they find, print it. */
#include "shim/cli/doctor.h"

#include <string.h>

#include "spec/base/auto.h"

#define NAME_COLUMN  12
#define FINDINGS_MAX 1024 /* further ones are dropped; leftovers are summed up long before */

static const struct name level_names[] = {
	{ "ok", DOCTOR_OK },
	{ "warn", DOCTOR_WARN },
	{ "fail", DOCTOR_FAIL },
	{ 0 },
};

static const struct json_field finding_fields[] = {
	F_STR(struct doctor_finding, check, "check", JSON_REQUIRED),
	F_ENUM(struct doctor_finding, level, "level", JSON_ALWAYS, level_names),
	F_STR(struct doctor_finding, text, "text", JSON_REQUIRED),
	F_STR(struct doctor_finding, advice, "advice", 0),
	{ 0 },
};

static const struct json_field report_fields[] = {
	F_BOOL(struct doctor_report, passed, "passed", JSON_ALWAYS),
	F_LIST(JSON_OBJS, struct doctor_report, findings, "findings", JSON_ALWAYS, finding_fields),
	{ 0 },
};

static const struct doctor_check *const tables[] = { doctor_kernel_checks, doctor_node_checks };

void doctor_add(struct doctor_report *r, enum doctor_level level, const char *text,
		const char *advice)
{
	if (level == DOCTOR_FAIL)
		r->passed = false;
	if (r->findings.n == FINDINGS_MAX)
		return;
	r->findings.v[r->findings.n++] = (struct doctor_finding){
		.check = arena_strdup(r->arena, r->check),
		.level = (int)level,
		.text = arena_strdup(r->arena, text),
		.advice = arena_strdup(r->arena, advice),
	};
}

struct doctor_report *doctor_judge(const struct doctor_facts *f, struct arena *a)
{
	struct doctor_report *r = arena_alloc(a, sizeof(*r));

	r->arena = a;
	r->passed = true;
	r->findings.v = arena_array(a, FINDINGS_MAX, sizeof(*r->findings.v));
	for (size_t i = 0; i < countof(tables); i++) {
		for (const struct doctor_check *c = tables[i]; c->name; c++) {
			r->check = c->name;
			c->run(f, r);
		}
	}
	return r;
}

/* A name on the host may have anything in it, but a finding is one line. */
static void add_clean(struct str *out, const char *text)
{
	for (; *text; text++) {
		bool control = (unsigned char)*text < ' ' || *text == 0x7f;

		str_addn(out, control ? "?" : text, 1);
	}
}

void doctor_text(const struct doctor_report *r, struct str *out)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct doctor_finding *f = &r->findings.v[i];

		str_addf(out, "%-4s  %-*s  ", names_of(level_names, f->level), NAME_COLUMN,
			 f->check);
		add_clean(out, f->text);
		if (f->advice) {
			str_add(out, " -> ");
			add_clean(out, f->advice);
		}
		str_addc(out, '\n');
	}
}

void doctor_json(const struct doctor_report *r, struct str *out)
{
	struct json_object *doc = json_own(r->arena, json_encode(r, report_fields));

	str_addf(out, "%s\n", json_text(doc, true, r->arena));
}
