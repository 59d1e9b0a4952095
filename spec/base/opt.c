/* SPDX-License-Identifier: Apache-2.0 */
/* opt: one pass over argv by an option table. */
#include "spec/base/opt.h"

#include <errno.h>
#include <string.h>

#define USAGE_COLUMN 30

static const struct opt *find(const struct opt *table, const char *name, size_t len)
{
	for (; table->name; table++) {
		if (strlen(table->name) == len && !strncmp(table->name, name, len))
			return table;
		if (len == 1 && table->letter == *name)
			return table;
	}
	return NULL;
}

static void add_string(struct json_strs *list, char *value, struct arena *a)
{
	char **v = arena_array(a, list->n + 2, sizeof(*v));

	if (list->n)
		memcpy(v, list->v, list->n * sizeof(*v));
	v[list->n] = value;
	list->v = v;
	list->n++;
}

static int set_number(const struct opt *o, const char *value, void *m)
{
	struct opt_i64 *size = m;
	uint64_t u = 0;
	int64_t i = 0;

	switch ((int)o->type) {
	case OPT_U32:
		if (parse_u64(value, 10, UINT32_MAX, &u))
			return -1;
		*(uint32_t *)m = (uint32_t)u;
		return 0;
	case OPT_I32:
		if (parse_i64(value, INT32_MIN, INT32_MAX, &i))
			return -1;
		*(int32_t *)m = (int32_t)i;
		return 0;
	case OPT_I64:
		return parse_i64(value, INT64_MIN, INT64_MAX, m);
	default:
		if (parse_size(value, &size->v))
			return -1;
		size->set = true;
		return 0;
	}
}

static int set(const struct opt *o, char *value, void *out, struct arena *a, struct err *e)
{
	void *m = (char *)out + o->offset;
	const struct name *row;

	switch (o->type) {
	case OPT_FLAG:
		if (value && strcmp(value, "true") && strcmp(value, "false"))
			return err_set(e, EINVAL, "--%s: expected true or false, got '%s'", o->name,
				       value);
		*(bool *)m = !value || !strcmp(value, "true");
		return 0;
	case OPT_STR:
		*(char **)m = value;
		return 0;
	case OPT_STRS:
		add_string(m, value, a);
		return 0;
	case OPT_ENUM:
		row = names_find(o->names, value);
		if (!row) {
			auto_str struct str known = { 0 };

			names_list(o->names, &known);
			return err_set(e, EINVAL, "--%s: unknown value '%s', expected one of %s",
				       o->name, value, str_text(&known));
		}
		*(int *)m = (int)row->value;
		return 0;
	case OPT_I32:
	case OPT_U32:
	case OPT_I64:
	case OPT_SIZE:
		break;
	}
	if (set_number(o, value, m))
		return err_set(e, EINVAL, "--%s: '%s' is not a number in range", o->name, value);
	return 0;
}

static int unknown(const struct opt *table, const char *arg, struct err *e)
{
	const char *name = arg + strspn(arg, "-");
	const struct opt *best = NULL;

	for (const struct opt *o = table; o->name && !best; o++) {
		const struct name pair[] = { { o->name, 0 }, { 0 } };

		if (names_nearest(pair, name))
			best = o;
	}
	if (best)
		return err_set(e, EINVAL, "unknown option '%s', did you mean '--%s'?", arg,
			       best->name);
	return err_set(e, EINVAL, "unknown option '%s'", arg);
}

/* One option at argv[*i]; *i moves on to its value where that stands apart. */
static int one(const struct opt *table, int argc, char **argv, int *i, void *out, struct arena *a,
	       struct err *e)
{
	char *arg = argv[*i];
	char *name = arg + (arg[1] == '-' ? 2 : 1);
	char *value = strchr(name, '=');
	size_t len = value ? (size_t)(value - name) : strlen(name);
	const struct opt *o = find(table, name, len);

	if (value)
		value++;
	if (!o && arg[1] != '-') { /* -bVALUE */
		o = find(table, name, 1);
		if (o && o->type == OPT_FLAG)
			o = NULL;
		value = name + 1;
	}
	if (!o)
		return unknown(table, arg, e);
	if (o->type != OPT_FLAG && !value) {
		if (*i + 1 >= argc)
			return err_set(e, EINVAL, "--%s needs a value", o->name);
		value = argv[++*i];
	}
	return set(o, value, out, a, e);
}

int opt_parse(const struct opt *table, int argc, char **argv, unsigned int flags, void *out,
	      struct arena *a, struct err *e)
{
	int n = 0, i = 0;

	for (; i < argc; i++) {
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			if (flags & OPT_STOP_AT_FIRST)
				break;
			argv[n++] = argv[i];
			continue;
		}
		if (one(table, argc, argv, &i, out, a, e))
			return -1;
	}
	while (i < argc)
		argv[n++] = argv[i++];
	return n;
}

void opt_usage(const struct opt *table, struct str *out)
{
	for (; table->name; table++) {
		size_t start = out->len;

		if (!table->help)
			continue;
		if (table->letter)
			str_addf(out, "  -%c, --%s", table->letter, table->name);
		else
			str_addf(out, "      --%s", table->name);
		if (table->arg)
			str_addf(out, " %s", table->arg);
		do {
			str_addc(out, ' ');
		} while (out->len - start < USAGE_COLUMN);
		str_addf(out, "%s\n", table->help);
	}
}
