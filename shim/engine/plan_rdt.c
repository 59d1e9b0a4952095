/* SPDX-License-Identifier: Apache-2.0 */
/* plan_rdt: pure rules about linux.intelRdt. */
#include "shim/engine/plan_rdt.h"

#include <errno.h>
#include <string.h>

#include "shim/engine/plan_input.h"

static char **add(char **to, const char *line, struct arena *a)
{
	*to = arena_strdup(a, line);
	return to + 1;
}

/*
 * The two older keys are compared where the group is there already; schemata comes
 * behind them. A bandwidth line in the cache's key counts for nothing.
 */
static void schema_lines(const struct oci_intel_rdt *c, struct arena *a, struct plan_rdt *p)
{
	char **compare = arena_array(a, 3, sizeof(char *));
	char **lines = arena_array(a, c->schemata.n + 3, sizeof(char *));
	char **at;

	p->compare = compare;
	p->lines = lines;
	if (c->l3_cache_schema && !(c->mem_bw_schema && str_starts(c->l3_cache_schema, "MB:")))
		compare = add(compare, c->l3_cache_schema, a);
	if (c->mem_bw_schema)
		add(compare, c->mem_bw_schema, a);
	for (at = p->compare; *at; at++)
		lines = add(lines, *at, a);
	for (size_t i = 0; i < c->schemata.n; i++)
		lines = add(lines, c->schemata.v[i], a);
}

int plan_rdt(const struct plan_input *in, struct arena *a, struct plan_rdt *out, struct err *e)
{
	const struct oci_linux *l = in->config->linux_;
	const struct oci_intel_rdt *c = l ? l->intel_rdt : NULL;
	struct plan_rdt p = { .present = c };

	if (!c) {
		*out = p;
		return 0;
	}
	if (in->rootless)
		return err_set(e, EPERM, "linux: intelRdt: needs root");
	p.clos = c->clos_id ? c->clos_id : in->id;
	if (str_eq(p.clos, "/"))
		p.clos = "";
	schema_lines(c, a, &p);
	p.must_exist = c->clos_id && !*p.lines;
	p.monitor = c->enable_monitoring ? in->id : NULL;
	p.cache_monitoring = c->enable_cmt;
	p.bandwidth_monitoring = c->enable_mbm;
	*out = p;
	return 0;
}

/* The value of a domain in "0=f;1=f0", without leading zeros; NULL when it is not there. */
static const char *value_of(const char *domains, const char *id, size_t n_id, size_t *n)
{
	while (*domains) {
		size_t len;

		domains += strspn(domains, " ");
		if (!strncmp(domains, id, n_id) && domains[n_id] == '=') {
			domains += n_id + 1;
			*n = strcspn(domains, ";\n ");
			while (*n > 1 && *domains == '0') {
				domains++;
				--*n;
			}
			return domains;
		}
		len = strcspn(domains, ";\n");
		if (domains[len] != ';')
			return NULL;
		domains += len + 1;
	}
	return NULL;
}

/* The domains of a resource ("L3", n bytes) in a schemata file. */
static const char *resource_of(const char *text, const char *resource, size_t n)
{
	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		text += strspn(text, " ");
		if (!strncmp(text, resource, n) && text[n] == ':')
			return text + n + 1;
	}
	return NULL;
}

bool plan_rdt_matches(const char *schemata, const char *line)
{
	size_t n = strcspn(line, ":");
	const char *has = resource_of(schemata, line, n);

	if (!has || !line[n])
		return false;
	for (line += n + 1; *line;) {
		size_t len, n_id, wanted = 0, found = 0;
		const char *want, *is;

		line += strspn(line, " ");
		n_id = strcspn(line, "=");
		want = value_of(line, line, n_id, &wanted);
		is = value_of(has, line, n_id, &found);
		if (!want || !is || wanted != found || strncmp(want, is, found) != 0)
			return false;
		len = strcspn(line, ";");
		line += len + (line[len] == ';');
	}
	return true;
}

void plan_rdt_print(const struct plan_rdt *p, struct str *out)
{
	if (!p->present)
		return;
	str_addf(out, "resctrl group '/%s'%s\n", p->clos, p->must_exist ? ", must be there" : "");
	for (char **line = p->compare; *line; line++)
		str_addf(out, "resctrl compare '%s'\n", *line);
	for (char **line = p->lines; *line; line++)
		str_addf(out, "resctrl schemata '%s'\n", *line);
	if (p->monitor)
		str_addf(out, "resctrl monitor '%s'\n", p->monitor);
	if (p->cache_monitoring)
		str_add(out, "resctrl needs cache monitoring\n");
	if (p->bandwidth_monitoring)
		str_add(out, "resctrl needs bandwidth monitoring\n");
}
