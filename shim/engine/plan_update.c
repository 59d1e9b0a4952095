/* SPDX-License-Identifier: Apache-2.0 */
/* plan_update: complete what is given, and let the planners of create turn it into writes. */
#include "shim/engine/plan_update.h"

#include <errno.h>
#include <string.h>

#include "shim/engine/plan_cgroup.h"
#include "shim/engine/plan_cgroup_build.h"
#include "spec/base/json.h"
#include "spec/base/str.h"
#include "spec/base/auto.h"

/* A number that says nothing when it is 0. */
#define UNSET_ZERO(field)                                                                          \
	do {                                                                                       \
		if (!(field).v)                                                                    \
			(field).set = false;                                                       \
	} while (0)

static struct oci_memory *complete_memory(const struct oci_memory *given,
					  const struct oci_memory *stored, struct arena *a)
{
	struct oci_memory *m = arena_memdup(a, given, sizeof(*given));

	UNSET_ZERO(m->limit);
	UNSET_ZERO(m->swap);
	UNSET_ZERO(m->reservation);
	UNSET_ZERO(m->kernel);
	UNSET_ZERO(m->kernel_tcp);
	if (m->limit.v == -1 && !m->swap.set)
		m->swap = (struct opt_i64){ true, -1 };
	if (m->limit.set && !m->swap.set && stored && stored->swap.v)
		m->swap = stored->swap;
	if (m->swap.set && !m->limit.set && stored && stored->limit.v)
		m->limit = stored->limit;
	return m;
}

static struct oci_cpu *complete_cpu(const struct oci_cpu *given, const struct oci_cpu *stored,
				    struct arena *a)
{
	struct oci_cpu *c = arena_memdup(a, given, sizeof(*given));

	UNSET_ZERO(c->shares);
	UNSET_ZERO(c->quota);
	UNSET_ZERO(c->period);
	UNSET_ZERO(c->realtime_runtime);
	UNSET_ZERO(c->realtime_period);
	if (c->quota.set && !c->period.set && stored && stored->period.v)
		c->period = stored->period;
	if (c->period.set && !c->quota.set && stored && stored->quota.v)
		c->quota = stored->quota;
	return c;
}

static struct oci_resources *complete(const struct oci_resources *given,
				      const struct oci_resources *stored, struct arena *a)
{
	struct oci_resources *r = arena_memdup(a, given, sizeof(*given));

	r->devices.n = 0;
	r->devices.v = NULL;
	if (r->memory)
		r->memory = complete_memory(r->memory, stored ? stored->memory : NULL, a);
	if (r->cpu)
		r->cpu = complete_cpu(r->cpu, stored ? stored->cpu : NULL, a);
	if (r->block_io) {
		r->block_io = arena_memdup(a, r->block_io, sizeof(*r->block_io));
		UNSET_ZERO(r->block_io->weight);
		UNSET_ZERO(r->block_io->leaf_weight);
	}
	return r;
}

/* Values that need no write in a new cgroup, because they are what it is born with. */
static void put_neutral(struct cgroup_build *b, const struct oci_resources *r)
{
	static const struct cgroup_setting idle = {
		.field = "cpu: idle",
		.controller = "cpu",
		.v1_file = "cpu.idle",
		.v2_file = "cpu.idle",
		.flags = CGROUP_IF_THERE,
	};
	static const struct cgroup_setting burst = {
		.field = "cpu: burst",
		.controller = "cpu",
		.v1_file = "cpu.cfs_burst_us",
		.v2_file = "cpu.max.burst",
		.flags = CGROUP_IF_THERE,
	};
	static const struct cgroup_setting oom = {
		.field = "memory: disableOOMKiller",
		.controller = "memory",
		.v1_file = "memory.oom_control",
	};

	/* before the others: shares cannot change while idle, quota not below burst */
	if (r->cpu && r->cpu->idle.set && !r->cpu->idle.v)
		cgroup_put_num(b, &idle, 0);
	if (r->cpu && r->cpu->burst.set && !r->cpu->burst.v)
		cgroup_put_num(b, &burst, 0);
	if (r->memory && r->memory->disable_oom_killer.set && !r->memory->disable_oom_killer.v &&
	    !cgroup_is_v2(b, &oom))
		cgroup_put_num(b, &oom, 0);
}

static const struct oci_cgroup_dir *recorded(const struct oci_state *s, const char *key)
{
	for (size_t i = 0; i < s->cgroups.n; i++)
		if (!strcmp(s->cgroups.v[i].key, key) && s->cgroups.v[i].created)
			return &s->cgroups.v[i];
	return NULL;
}

/* The container is where its record says, wherever a relative path would lead now. */
static void plan_dirs(const struct oci_state *s, const struct host *host, struct arena *a,
		      struct plan_cgroup *p)
{
	if (!s->cgroups.n)
		return;
	p->dirs = arena_array(a, host->cgroups.n, sizeof(*p->dirs));
	for (size_t i = 0; i < host->cgroups.n && i < CGROUP_DIRS_MAX; i++) {
		const struct oci_cgroup_dir *d = recorded(s, host->cgroups.v[i].key);

		p->dirs[p->n_dirs++] = (struct plan_cgroup_dir){
			.key = host->cgroups.v[i].key,
			.mountpoint = d ? d->path : "",
			.path = "",
		};
	}
}

/* It has the directories, and so nothing is early any more. */
static int check_writes(struct plan_cgroup *p, struct err *e)
{
	for (size_t i = 0; i < p->n_writes; i++) {
		struct plan_cgroup_write *w = &p->writes[i];

		if (!*p->dirs[w->dir].mountpoint)
			return err_set(e, ENOTSUP,
				       "linux: resources: %s: the container has no cgroup of "
				       "controller '%s'",
				       w->field, w->controller);
		w->flags &= ~(unsigned int)CGROUP_EARLY;
	}
	return 0;
}

int plan_update(const struct oci_state *s, const struct host *host,
		const struct oci_resources *given, struct arena *a, struct plan_update *out,
		struct err *e)
{
	struct oci_config config = { 0 };
	struct plan_input in = {
		.config = &config,
		.host = host,
		.id = s->id,
		.cgroups_disabled = !s->cgroups.n,
		.no_cgroups = "the container has no cgroup: it was created with cgroups disabled, "
			      "or without the right to make one",
	};
	struct plan_cgroup p = { 0 };
	struct cgroup_build b = { .in = &in, .a = a, .out = &p, .e = e };
	struct oci_resources *r;

	if (s->config && json_decode(s->config, oci_config_fields, &config, a, e))
		return err_ctx(e, "stored config");
	r = complete(given, config.linux_ ? config.linux_->resources : NULL, a);
	plan_dirs(s, host, a, &p);
	put_neutral(&b, r);
	cgroup_plan_cpu(&b, r);
	cgroup_plan_memory(&b, r);
	cgroup_plan_io(&b, r);
	cgroup_plan_misc(&b, r);
	cgroup_plan_unified(&b, r);
	if (b.failed || check_writes(&p, e))
		return -1;
	*out = (struct plan_update){ .cgroup = p, .given = r };
	return 0;
}

/* Keys that make two entries of a list one and the same. */
static bool same_entry(struct json_object *x, struct json_object *y)
{
	static const char *const keys[] = { "pageSize", "name", "major", "minor" };

	if (!json_object_is_type(x, json_type_object) || !json_object_is_type(y, json_type_object))
		return false;
	for (size_t i = 0; i < countof(keys); i++)
		if (!json_object_equal(json_get(x, keys[i]), json_get(y, keys[i])))
			return false;
	return true;
}

static void merge_list(struct json_object *into, struct json_object *from)
{
	for (size_t i = 0; i < json_object_array_length(from); i++) {
		struct json_object *entry = json_object_array_get_idx(from, i);
		size_t at = 0;

		while (at < json_object_array_length(into) &&
		       !same_entry(json_object_array_get_idx(into, at), entry))
			at++;
		json_object_array_put_idx(into, at, json_object_get(entry));
	}
}

static void merge(struct json_object *into, struct json_object *from)
{
	json_object_object_foreach(from, key, value)
	{
		struct json_object *old = json_get(into, key);

		if (old && json_object_get_type(old) == json_object_get_type(value) &&
		    json_object_is_type(value, json_type_object))
			merge(old, value);
		else if (old && json_object_is_type(old, json_type_array) &&
			 json_object_is_type(value, json_type_array))
			merge_list(old, value);
		else
			json_object_object_add(into, key, json_object_get(value));
	}
}

/* The object of that key, made where there is none. */
static struct json_object *object_at(struct json_object *obj, const char *key)
{
	struct json_object *inner = json_get(obj, key);

	if (inner && json_object_is_type(inner, json_type_object))
		return inner;
	inner = json_object_new_object();
	json_object_object_add(obj, key, inner);
	return inner;
}

void plan_update_record(const struct plan_update *p, struct json_object *config)
{
	struct json_object *resources = object_at(object_at(config, "linux"), "resources");
	struct json_object *given = json_encode(p->given, oci_resources_fields);
	const struct oci_cpu *cpu = p->given->cpu;

	merge(resources, given);
	json_object_put(given);
	if (cpu && cpu->idle.set && !cpu->shares.set)
		json_object_object_del(object_at(resources, "cpu"), "shares");
}

/* Files with a line for each device: what a device has that is not in there. */
static const struct {
	const char *end; /* of the file's name */
	const char *none;
} keyed[] = {
	{ "_bps_device", "0" },
	{ "_iops_device", "0" },
	{ "weight_device", "0" },
	{ "io.max", "rbps=max wbps=max riops=max wiops=max" },
	{ "io.weight", "default" },
	{ "io.bfq.weight", "default" },
	{ "rdma.max", "hca_handle=max hca_object=max" },
	{ "ifpriomap", "0" },
};

/* The rest of the line that begins with that word, or NULL. */
static const char *line_of(const char *text, const char *word, size_t len, struct arena *a)
{
	for (char **line = str_split(a, text, '\n', NULL); *line; line++)
		if (!strncmp(*line, word, len) && (*line)[len] == ' ')
			return *line + len + 1;
	return NULL;
}

const char *plan_update_old(const struct plan_cgroup_write *w, const char *text, struct arena *a)
{
	size_t len = strcspn(w->value, " ");
	const char *word = arena_strndup(a, w->value, len), *old;

	if (!strcmp(w->file, "memory.oom_control"))
		return line_of(text, "oom_kill_disable", strlen("oom_kill_disable"), a);
	for (size_t i = 0; w->value[len] && i < countof(keyed); i++) {
		if (!str_ends(w->file, keyed[i].end))
			continue;
		old = line_of(text, word, len, a);
		return arena_printf(a, "%s %s", word, old ? old : keyed[i].none);
	}
	if (!*text)
		return "\n"; /* an empty cpuset: a write of nothing would be none */
	old = strchr(text, '\n');
	if (!old)
		return text;
	/* "default 100", then lines of devices */
	return str_starts(text, "default ") ? arena_strndup(a, text, (size_t)(old - text)) : NULL;
}
