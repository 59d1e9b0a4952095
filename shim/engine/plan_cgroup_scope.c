/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup_scope: the properties of a container's scope that are not limits. */
#include <string.h>

#include "shim/engine/plan_cgroup.h"
#include "shim/engine/plan_cgroup_build.h"
#include "spec/base/auto.h"

#define ANY (-1)

static bool allows_all(const struct plan_cgroup_rule *r)
{
	return r->type == 'a' && r->major == ANY && r->minor == ANY && r->access == CGROUP_DEV_RWM;
}

static const char *access_text(unsigned int access, struct arena *a)
{
	return arena_printf(a, "%s%s%s", access & CGROUP_DEV_R ? "r" : "",
			    access & CGROUP_DEV_W ? "w" : "", access & CGROUP_DEV_M ? "m" : "");
}

/* "/dev/char/1:3", "char-136" (all of a major number), "char-*"; NULL: systemd has no such. */
static const char *device_text(const char *kind, const struct plan_cgroup_rule *r, struct arena *a)
{
	if (r->major == ANY)
		return r->minor == ANY ? arena_printf(a, "%s-*", kind) : NULL;
	if (r->minor == ANY)
		return arena_printf(a, "%s-%lld", kind, (long long)r->major);
	return arena_printf(a, "/dev/%s/%lld:%lld", kind, (long long)r->major, (long long)r->minor);
}

static void add_device(struct unit_value *v, size_t *n, const char *kind,
		       const struct plan_cgroup_rule *r, struct arena *a)
{
	const char *text = device_text(kind, r, a);

	if (text)
		v[(*n)++] =
			(struct unit_value){ .text = text, .second = access_text(r->access, a) };
}

/*
 * systemd knows a list of what is allowed. What a later rule takes away again only our own
 * program (or devices.deny) holds back; systemd's never forbids what ours allows, else a
 * daemon-reload would take devices away.
 */
static void put_devices(const struct plan_cgroup *p, struct arena *a, struct unit_props *props)
{
	struct unit_prop allow = { .name = "DeviceAllow", .type = "a(ss)" };
	struct unit_value *v = arena_array(a, 2 * p->n_rules, sizeof(*v));
	bool everything = false;

	for (size_t i = 0; i < p->n_rules; i++) {
		const struct plan_cgroup_rule *r = &p->rules[i];

		if (allows_all(r)) {
			everything = r->allow;
			allow.n = 0;
		}
		if (!r->allow || allows_all(r))
			continue;
		if (r->type != 'b')
			add_device(v, &allow.n, "char", r, a);
		if (r->type != 'c')
			add_device(v, &allow.n, "block", r, a);
	}
	if (everything)
		allow.n = 0;
	allow.v = v;
	unit_put_text(props, "DevicePolicy", everything ? "auto" : "strict", a);
	unit_props_add(props, &allow, a);
}

static int put_annotations(const struct oci_config *c, struct arena *a, struct unit_props *props,
			   struct err *e)
{
	for (size_t i = 0; i < c->annotations.n; i++) {
		const struct json_kv *kv = &c->annotations.v[i];
		struct unit_prop p;

		if (!str_starts(kv->key, UNIT_ANNOTATION))
			continue;
		if (unit_prop_of_annotation(kv->key, kv->value, &p, a, e))
			return -1;
		unit_props_add(props, &p, a);
	}
	return 0;
}

void cgroup_plan_scope(struct cgroup_build *b)
{
	const struct plan_input *in = b->in;
	struct plan_cgroup *p = b->out;
	struct arena *a = b->a;
	struct unit_props *props = &p->scope.props;
	bool v2 = in->host->cgroup_mode == HOST_CGROUP_V2;

	unit_put_text(props, "Description", plan_scope_description(in->id, a), a);
	unit_put_text(props, "Slice", p->scope.slice, a);
	unit_put_bool(props, "Delegate", true, a);
	unit_put_bool(props, "DefaultDependencies", false, a);
	unit_put_text(props, "CollectMode", "inactive-or-failed", a);
	unit_put_bool(props, "CPUAccounting", true, a);
	unit_put_bool(props, "MemoryAccounting", true, a);
	unit_put_bool(props, v2 ? "IOAccounting" : "BlockIOAccounting", true, a);
	unit_put_bool(props, "TasksAccounting", true, a);
	plan_cgroup_properties(p->writes, p->n_writes, a, props);
	/* the user's manager may not load programs */
	if (p->dev != CGROUP_DEV_NONE && !p->scope.user)
		put_devices(p, a, props);
	if (put_annotations(in->config, a, props, b->e))
		b->failed = true;
}
