/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup_dev: linux: resources: devices and the devices every container may use. */
#include <errno.h>
#include <string.h>

#include "shim/engine/cgroup_dev.h"
#include "shim/engine/plan_cgroup.h"
#include "shim/engine/plan_cgroup_build.h"

#define ANY (-1)

/* Every node may be made, these may be used (runtime-spec config-linux.md "Default Devices"). */
static const struct plan_cgroup_rule implied_rules[] = {
	{ true, 'c', ANY, ANY, CGROUP_DEV_M, true },   { true, 'b', ANY, ANY, CGROUP_DEV_M, true },
	{ true, 'c', 1, 3, CGROUP_DEV_RWM, true },     /* null */
	{ true, 'c', 1, 5, CGROUP_DEV_RWM, true },     /* zero */
	{ true, 'c', 1, 7, CGROUP_DEV_RWM, true },     /* full */
	{ true, 'c', 1, 8, CGROUP_DEV_RWM, true },     /* random */
	{ true, 'c', 1, 9, CGROUP_DEV_RWM, true },     /* urandom */
	{ true, 'c', 5, 0, CGROUP_DEV_RWM, true },     /* tty */
	{ true, 'c', 5, 1, CGROUP_DEV_RWM, true },     /* console */
	{ true, 'c', 5, 2, CGROUP_DEV_RWM, true },     /* ptmx */
	{ true, 'c', 136, ANY, CGROUP_DEV_RWM, true }, /* pts/N */
	{ true, 'c', 10, 200, CGROUP_DEV_RWM, true },  /* net/tun */
};

static unsigned int access_bit(char c)
{
	return c == 'r' ? CGROUP_DEV_R : c == 'w' ? CGROUP_DEV_W : c == 'm' ? CGROUP_DEV_M : 0;
}

static int64_t device_number(struct cgroup_build *b, const char *field, const struct opt_i64 *n)
{
	if (!n->set)
		return ANY;
	if (n->v < ANY || n->v > UINT32_MAX)
		cgroup_fail(b, EINVAL, field, "device number %lld is out of range",
			    (long long)n->v);
	return n->v;
}

static void parse_rule(struct cgroup_build *b, size_t i, const struct oci_device_rule *r,
		       struct plan_cgroup_rule *out)
{
	const char *field = arena_printf(b->a, "devices: [%zu]", i);
	const char *type = r->type ? r->type : "a";

	out->allow = r->allow;
	out->type = *type;
	out->major = device_number(b, field, &r->major);
	out->minor = device_number(b, field, &r->minor);
	out->access = r->access ? 0 : CGROUP_DEV_RWM;
	if (strcmp(type, "a") != 0 && strcmp(type, "b") != 0 && strcmp(type, "c") != 0)
		cgroup_fail(b, EINVAL, field, "type '%.16s' is none of a, b, c", type);
	for (const char *c = r->access; c && *c; c++) {
		if (!access_bit(*c))
			cgroup_fail(b, EINVAL, field, "access '%.16s' is not made of r, w, m",
				    r->access);
		out->access |= access_bit(*c);
	}
	if (!out->access)
		cgroup_fail(b, EINVAL, field, "access is empty");
}

static bool covers_all(const struct plan_cgroup_rule *r)
{
	return r->type == 'a' && r->major == ANY && r->minor == ANY && r->access == CGROUP_DEV_RWM;
}

/* Where the policy goes: the v1 hierarchy, else a program on the v2 directory. */
static void place_devices(struct cgroup_build *b)
{
	struct cgroup_place v1 = cgroup_place_of(b, "devices");

	if (v1.found) {
		b->out->dev = CGROUP_DEV_V1;
		b->out->dev_dir = v1.dir;
		return;
	}
	for (size_t i = 0; i < b->out->n_dirs; i++) {
		if (*b->out->dirs[i].key)
			continue;
		b->out->dev = CGROUP_DEV_BPF;
		b->out->dev_dir = i;
	}
}

static void check_place(struct cgroup_build *b, bool denies)
{
	struct plan_cgroup *p = b->out;
	struct cgroup_dev_list list;

	if (p->dev == CGROUP_DEV_NONE && !p->dev_optional && !b->in->cgroups_disabled)
		cgroup_fail(b, ENOTSUP, "devices",
			    "this host has neither a devices controller nor cgroup v2 to deny "
			    "devices with (disable cgroups to run without that protection)");
	if (p->dev == CGROUP_DEV_NONE && denies && !b->failed)
		cgroup_warn(b, "linux: resources: devices: nothing enforces it here");
	if (p->dev == CGROUP_DEV_V1 && !b->failed &&
	    cgroup_dev_list_of(p->rules, p->n_rules, b->a, &list, b->e))
		b->failed = true;
	if (p->dev != CGROUP_DEV_NONE && !p->dev_optional)
		p->dirs[p->dev_dir].needed = true;
}

void cgroup_plan_devices(struct cgroup_build *b, const struct oci_resources *r)
{
	const size_t n_implied = sizeof(implied_rules) / sizeof(*implied_rules);
	size_t n_config = r ? r->devices.n : 0, first = 0;
	struct plan_cgroup *p = b->out;
	bool denies = false;

	if (n_config > CGROUP_RULES_MAX - n_implied) {
		cgroup_fail(b, E2BIG, "devices", "more than %zu rules",
			    CGROUP_RULES_MAX - n_implied);
		return;
	}
	p->rules = arena_array(b->a, n_config + n_implied, sizeof(*p->rules));
	for (size_t i = 0; i < n_config; i++) {
		parse_rule(b, i, &r->devices.v[i], &p->rules[i]);
		denies |= !p->rules[i].allow;
		if (covers_all(&p->rules[i]))
			first = i; /* what comes before has no say */
	}
	memcpy(p->rules + n_config, implied_rules, sizeof(implied_rules));
	p->rules += first;
	p->n_rules = n_config + n_implied - first;
	if (b->failed)
		return;
	p->dev_optional = !denies || b->in->rootless || b->in->host->in_userns;
	place_devices(b);
	check_place(b, denies);
}
