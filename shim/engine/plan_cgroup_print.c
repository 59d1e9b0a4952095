/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup_print: a cgroup plan as text, one line per operation. */
#include <string.h>

#include "shim/engine/plan_cgroup.h"

static void print_dir(const struct plan_cgroup_dir *d, struct str *out)
{
	str_addf(out, "cgroup make %s%s (%s%s)", d->mountpoint, d->path, *d->key ? d->key : "v2",
		 d->needed ? ", needed" : "");
	for (size_t i = 0; i < d->n_controllers; i++)
		str_addf(out, " +%s", d->controllers[i]);
	str_addc(out, '\n');
}

static void print_write(const struct plan_cgroup_write *w, struct str *out)
{
	str_addf(out, "cgroup %s %s: %s = %s", w->flags & CGROUP_EARLY ? "early" : "limit",
		 w->controller, w->file, w->value);
	if (w->alt_file)
		str_addf(out, " | %s = %s", w->alt_file, w->alt_value);
	if (w->flags & CGROUP_IF_THERE)
		str_add(out, ", if there");
	if (w->flags & CGROUP_READ_BACK)
		str_add(out, ", read back");
	if (w->flags & CGROUP_CHECK_USAGE)
		str_add(out, ", not below the usage");
	str_addc(out, '\n');
}

static void print_number(int64_t n, struct str *out)
{
	if (n < 0)
		str_addc(out, '*');
	else
		str_addf(out, "%lld", (long long)n);
}

static void print_rule(const struct plan_cgroup_rule *r, struct str *out)
{
	str_addf(out, "cgroup device %s %c ", r->allow ? "allow" : "deny", r->type);
	print_number(r->major, out);
	str_addc(out, ':');
	print_number(r->minor, out);
	str_addf(out, " %s%s%s\n", r->access & CGROUP_DEV_R ? "r" : "",
		 r->access & CGROUP_DEV_W ? "w" : "", r->access & CGROUP_DEV_M ? "m" : "");
}

void plan_cgroup_print(const struct plan_cgroup *p, struct str *out)
{
	if (p->warning)
		str_addf(out, "cgroup warning: %s\n", p->warning);
	plan_scope_print(&p->scope, out);
	for (size_t i = 0; i < p->n_dirs; i++)
		print_dir(&p->dirs[i], out);
	if (p->delegate)
		str_addf(out, "cgroup owner %u\n", p->owner);
	for (size_t i = 0; i < p->n_writes; i++)
		if (p->writes[i].flags & CGROUP_EARLY)
			print_write(&p->writes[i], out);
	for (size_t i = 0; i < p->n_writes; i++)
		if (!(p->writes[i].flags & CGROUP_EARLY))
			print_write(&p->writes[i], out);
	if (p->dev != CGROUP_DEV_NONE)
		str_addf(out, "cgroup devices by %s in %s%s%s\n",
			 p->dev == CGROUP_DEV_V1 ? "devices.list" : "program",
			 p->dirs[p->dev_dir].mountpoint, p->dirs[p->dev_dir].path,
			 p->dev_optional ? ", if permitted" : "");
	for (size_t i = 0; p->dev != CGROUP_DEV_NONE && i < p->n_rules; i++)
		print_rule(&p->rules[i], out);
}
