/* SPDX-License-Identifier: Apache-2.0 */
/* manual: mdoc(7) text; what tables say comes first, what was written by hand behind it. */
#include "shim/cli/manual.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "spec/base/auto.h"

#define DATE "November 21, 2026"

/* A part of the notes: its directive's argument ("" for the first) and its lines. */
struct part {
	const char *option, *section; /* one of them, or none */
	struct str text;
	bool used;
};
struct notes {
	struct part *parts;
	size_t n;
};

static void notes_done(struct notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		str_done(&notes->parts[i].text);
}

static struct notes read_notes(const char *text, struct arena *a)
{
	size_t n;
	char **lines = str_split(a, text, '\n', &n);
	struct notes notes = { arena_array(a, n + 1, sizeof(struct part)), 1 };

	for (; *lines; lines++) {
		if (str_starts(*lines, "@option "))
			notes.parts[notes.n++].option = *lines + strlen("@option ");
		else if (str_starts(*lines, "@section "))
			notes.parts[notes.n++].section = *lines + strlen("@section ");
		else if (**lines && !str_starts(*lines, ".\\\""))
			str_addf(&notes.parts[notes.n - 1].text, "%s\n", *lines);
	}
	return notes;
}

static const char *notes_of(struct notes *notes, const char *option)
{
	for (size_t i = 0; i < notes->n; i++) {
		if (str_eq(notes->parts[i].option, option)) {
			notes->parts[i].used = true;
			return str_text(&notes->parts[i].text);
		}
	}
	return "";
}

/* "[NAME=]BUNDLE" -> "Oo Ar NAME= Oc Ns Ar BUNDLE" */
static void add_pattern(const char *p, struct str *out)
{
	bool joined = false, opened = true; /* behind something without a space; behind '[' */

	while (*p) {
		size_t n = strcspn(p, " []|");

		if (n) {
			str_addf(out, "%s Ar %.*s", joined && !opened ? " Ns" : "", (int)n, p);
			joined = true;
			opened = false;
			p += n;
			continue;
		}
		if (*p == '[')
			str_addf(out, "%s Oo", joined && !opened ? " Ns" : "");
		else if (*p == ']')
			str_add(out, " Oc");
		else if (*p == '|')
			str_add(out, " |");
		opened = *p == '[' || *p == '|';
		joined = *p != ' ' && *p != '|';
		p++;
	}
}

/* "limit, -1: none" -> "Limit, -1: none." */
static void add_sentence(const char *text, struct str *out)
{
	bool first = true, ended = str_ends(text, ".");

	for (; *text; text++) {
		if (first && strchr(".'", *text))
			str_add(out, "\\&");
		if (*text == '\\')
			str_add(out, "\\e");
		else if (first)
			str_addc(out, (char)toupper((unsigned char)*text));
		else
			str_addc(out, *text);
		first = false;
	}
	str_add(out, ended ? "\n" : ".\n");
}

static bool tells_values(const struct opt *o)
{
	for (const struct name *n = o->names; n->name; n++) {
		if (!strstr(o->help, n->name) && !(o->arg && strstr(o->arg, n->name)))
			return false;
	}
	return true;
}

/* What its type says, where the line of the table does not. */
static void add_type(const struct opt *o, struct str *out)
{
	auto_str struct str known = { 0 };

	if (o->type == OPT_ENUM)
		names_list(o->names, &known);
	if (o->type == OPT_STRS)
		str_add(out, "May be given more than once.\n");
	else if (o->type == OPT_I32 || o->type == OPT_I64)
		str_add(out, "A number.\n");
	else if (o->type == OPT_U32)
		str_add(out, "A number from 0 on.\n");
	else if (o->type == OPT_ENUM && !tells_values(o))
		str_addf(out, "One of %s.\n", str_text(&known));
}

static void add_options(const struct opt *o, struct notes *notes, struct str *out)
{
	str_add(out, ".Bl -tag -width indent\n");
	for (; o->name; o++) {
		if (!o->help)
			continue;
		str_add(out, ".It Fl");
		if (o->letter)
			str_addf(out, " %c ,", o->letter);
		str_addf(out, " -%s", o->name);
		if (o->arg)
			add_pattern(o->arg, out);
		str_addc(out, '\n');
		add_sentence(o->help, out);
		add_type(o, out);
		str_add(out, notes_of(notes, o->name));
	}
	str_add(out, ".El\n");
}

static void add_head(const struct manual *m, struct str *out)
{
	str_addf(out,
		 ".\\\" Made from the tables of the program and shim/cli/man.\n.Dd " DATE "\n.Dt ");
	for (const char *p = m->name; *p; p++)
		str_addc(out, (char)toupper((unsigned char)*p));
	str_addf(out, " 8\n.Os\n.Sh NAME\n.Nm %s\n.Nd %s\n", m->name, m->help);
	str_addf(out, ".Sh SYNOPSIS\n.Nm " CLI_NAME "\n.Op Ar global-options\n");
	if (m->command)
		str_addf(out, ".Cm %s\n", m->command);
	if (m->command && m->options)
		str_add(out, ".Op Ar options\n");
	if (m->operands && *m->operands) {
		auto_str struct str pattern = { 0 };

		add_pattern(m->operands, &pattern);
		str_addf(out, ".%s\n", str_text(&pattern) + 1);
	}
}

static void add_commands(const struct manual *m, struct str *out)
{
	str_add(out, ".Sh COMMANDS\n.Bl -tag -width indent\n");
	for (const struct cli_command *const *c = m->commands; *c; c++) {
		if (!(*c)->help)
			continue;
		str_addf(out, ".It Cm %s", (*c)->name);
		if ((*c)->operands)
			add_pattern((*c)->operands, out);
		str_addc(out, '\n');
		add_sentence((*c)->help, out);
		str_addf(out, "See\n.Xr %s-%s 8 .\n", m->name, (*c)->name);
	}
	str_add(out, ".El\n");
}

static void add_status(const struct manual *m, struct str *out)
{
	str_addf(out, ".Sh EXIT STATUS\n0, or %d for any failure.\n",
		 m->failed ? m->failed : CLI_FAILED);
}

/* The sections of the notes; the status comes before those that stand behind it by custom. */
static void add_sections(const struct manual *m, struct notes *notes, struct str *out)
{
	bool status = false;

	for (size_t i = 0; i < notes->n; i++)
		status |= str_eq(notes->parts[i].section, "EXIT STATUS");
	for (size_t i = 0; i < notes->n; i++) {
		const char *title = notes->parts[i].section;

		if (!title)
			continue;
		if (!status && (str_eq(title, "EXAMPLES") || str_eq(title, "SEE ALSO"))) {
			add_status(m, out);
			status = true;
		}
		str_addf(out, ".Sh %s\n%s", title, str_text(&notes->parts[i].text));
	}
	if (!status)
		add_status(m, out);
}

static int check_used(const struct notes *notes, struct err *e)
{
	for (size_t i = 0; i < notes->n; i++) {
		if (notes->parts[i].option && !notes->parts[i].used)
			return err_set(e, EINVAL, "@option %s: there is no such option",
				       notes->parts[i].option);
	}
	return 0;
}

int manual_page(const struct manual *m, const char *text, struct arena *a, struct str *out,
		struct err *e)
{
	__attribute__((cleanup(notes_done))) struct notes notes = read_notes(text, a);

	if (!notes.parts[0].text.len)
		return err_set(e, EINVAL, "no description");
	add_head(m, out);
	str_addf(out, ".Sh DESCRIPTION\n%s", str_text(&notes.parts[0].text));
	if (m->options) {
		str_addf(out, ".Sh %sOPTIONS\n%s", m->command ? "" : "GLOBAL ",
			 m->command ? "" : "They stand before the command.\n");
		add_options(m->options, &notes, out);
	}
	if (m->commands)
		add_commands(m, out);
	add_sections(m, &notes, out);
	return check_used(&notes, e);
}
