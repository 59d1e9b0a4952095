/* SPDX-License-Identifier: Apache-2.0 */
/* events_json: figures to runc's document; keys that Go leaves out when zero are left out here. */
#include "shim/cli/events_json.h"

#include <stdio.h>
#include <string.h>

#include "spec/base/auto.h"
#include "spec/base/json.h"
#include "spec/base/str.h"

#define CPUS_MAX 65535 /* numbers of a list */

/* A new object as a member of another. */
static struct json_object *object(struct json_object *in, const char *key)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(in, key, obj);
	return obj;
}

static void number(struct json_object *in, const char *key, uint64_t v)
{
	json_object_object_add(in, key, json_object_new_uint64(v));
}

static void nonzero(struct json_object *in, const char *key, uint64_t v)
{
	if (v)
		number(in, key, v);
}

static void numbers(struct json_object *in, const char *key, const struct stats_list *list)
{
	struct json_object *array;

	if (!list->n)
		return;
	array = json_object_new_array_ext((int)list->n);
	for (size_t i = 0; i < list->n; i++)
		json_object_array_add(array, json_object_new_uint64(list->v[i]));
	json_object_object_add(in, key, array);
}

static void psi_line(struct json_object *in, const char *key, const struct stats_psi_line *p)
{
	struct json_object *obj = object(in, key);
	const struct {
		const char *key;
		double v;
	} rows[] = { { "avg10", p->avg10 }, { "avg60", p->avg60 }, { "avg300", p->avg300 } };
	char text[32];

	for (size_t i = 0; i < countof(rows); i++) {
		snprintf(text, sizeof(text), "%.2f", rows[i].v);
		json_object_object_add(obj, rows[i].key, json_object_new_double_s(rows[i].v, text));
	}
	number(obj, "total", p->total);
}

static void psi(struct json_object *in, const struct stats_psi *p)
{
	struct json_object *obj;

	if (!p->there)
		return;
	obj = object(in, "psi");
	psi_line(obj, "some", &p->some);
	psi_line(obj, "full", &p->full);
}

static void put_cpu(struct json_object *data, const struct stats_cpu *c)
{
	struct json_object *cpu = object(data, "cpu");
	struct json_object *usage = object(cpu, "usage"), *throttling = object(cpu, "throttling");

	nonzero(usage, "total", c->total);
	numbers(usage, "percpu", &c->percpu);
	numbers(usage, "percpu_kernel", &c->percpu_kernel);
	numbers(usage, "percpu_user", &c->percpu_user);
	number(usage, "kernel", c->kernel);
	number(usage, "user", c->user);
	nonzero(throttling, "periods", c->periods);
	nonzero(throttling, "throttledPeriods", c->throttled_periods);
	nonzero(throttling, "throttledTime", c->throttled_time);
	psi(cpu, &c->psi);
}

/* "0-2,7" as numbers; what is no such list gives those before the fault. */
static void put_list(struct json_object *in, const char *key, const char *list)
{
	struct json_object *array;
	unsigned int first, last;
	int len;

	if (!list || !*list)
		return;
	array = json_object_new_array();
	for (; sscanf(list, "%5u%n", &first, &len) == 1; list += *list == ',') {
		list += len;
		last = first;
		if (*list == '-' && sscanf(list, "-%5u%n", &last, &len) == 1)
			list += len;
		for (unsigned int i = first; i <= last && i <= CPUS_MAX; i++)
			json_object_array_add(array, json_object_new_int64(i));
	}
	json_object_object_add(in, key, array);
}

static void put_cpuset(struct json_object *data, const struct stats_cpuset *c)
{
	struct json_object *set = object(data, "cpuset");

	put_list(set, "cpus", c->cpus);
	number(set, "cpu_exclusive", c->cpu_exclusive);
	put_list(set, "mems", c->mems);
	number(set, "mem_hardwall", c->mem_hardwall);
	number(set, "mem_exclusive", c->mem_exclusive);
	number(set, "memory_migrate", c->memory_migrate);
	number(set, "memory_spread_page", c->memory_spread_page);
	number(set, "memory_spread_slab", c->memory_spread_slab);
	number(set, "memory_pressure", c->memory_pressure);
	number(set, "sched_load_balance", c->sched_load_balance);
	json_object_object_add(set, "sched_relax_domain_level",
			       json_object_new_int64(c->sched_relax_domain_level));
}

static void put_figure(struct json_object *in, const char *key, const struct stats_figure *f)
{
	struct json_object *obj = object(in, key);

	number(obj, "limit", f->limit);
	nonzero(obj, "usage", f->usage);
	nonzero(obj, "max", f->peak);
	number(obj, "failcnt", f->failcnt);
}

/* v2 counts swap alone. */
static struct stats_figure both(const struct stats_figure *memory, struct stats_figure swap)
{
	swap.usage += memory->usage;
	swap.limit = swap.limit > STATS_NO_LIMIT - memory->limit ? STATS_NO_LIMIT
								 : swap.limit + memory->limit;
	swap.peak = 0;
	return swap;
}

static void put_memory(struct json_object *data, const struct cgroup_stats *s)
{
	const struct stats_memory *m = &s->memory;
	struct stats_figure swap = s->v2 ? both(&m->usage, m->swap) : m->swap;
	struct json_object *memory = object(data, "memory"), *raw;

	nonzero(memory, "cache", stats_value(&m->stat, s->v2 ? "file" : "cache"));
	put_figure(memory, "usage", &m->usage);
	put_figure(memory, "swap", &swap);
	put_figure(memory, "kernel", &m->kernel);
	put_figure(memory, "kernelTCP", &m->tcp);
	if (m->stat.n) {
		raw = object(memory, "raw");
		for (size_t i = 0; i < m->stat.n; i++)
			number(raw, m->stat.v[i].key, m->stat.v[i].value);
	}
	psi(memory, &m->psi);
}

static void put_entry(struct json_object *in, const char *key, const struct stats_io_entry *e)
{
	struct json_object *array = json_object_object_get(in, key), *obj;

	if (!array) {
		array = json_object_new_array();
		json_object_object_add(in, key, array);
	}
	obj = json_object_new_object();
	number(obj, "major", e->major);
	number(obj, "minor", e->minor);
	if (*e->op)
		json_object_object_add(obj, "op", json_object_new_string(e->op));
	number(obj, "value", e->value);
	json_object_array_add(array, obj);
}

static void put_io(struct json_object *data, const struct stats_io *io)
{
	static const char *const keys[STATS_IO_FILES] = {
		[STATS_IO_SERVICE_BYTES] = "ioServiceBytesRecursive",
		[STATS_IO_SERVICED] = "ioServicedRecursive",
		[STATS_IO_QUEUED] = "ioQueueRecursive",
		[STATS_IO_SERVICE_TIME] = "ioServiceTimeRecursive",
		[STATS_IO_WAIT_TIME] = "ioWaitTimeRecursive",
		[STATS_IO_MERGED] = "ioMergedRecursive",
		[STATS_IO_TIME] = "ioTimeRecursive",
		[STATS_IO_SECTORS] = "sectorsRecursive",
	};
	struct json_object *blkio = object(data, "blkio");

	for (size_t k = 0; k < STATS_IO_FILES; k++)
		for (size_t i = 0; i < io->files[k].n; i++)
			put_entry(blkio, keys[k], &io->files[k].v[i]);
	for (size_t i = 0; i < io->n_devices; i++) {
		const struct stats_io_device *d = &io->devices[i];
		const struct stats_io_entry entries[] = {
			{ d->major, d->minor, "Read", d->rbytes },
			{ d->major, d->minor, "Write", d->wbytes },
			{ d->major, d->minor, "Read", d->rios },
			{ d->major, d->minor, "Write", d->wios },
		};

		for (size_t k = 0; k < countof(entries); k++)
			put_entry(blkio, keys[k < 2 ? STATS_IO_SERVICE_BYTES : STATS_IO_SERVICED],
				  &entries[k]);
	}
	psi(blkio, &io->psi);
}

static void put_rest(struct json_object *data, const struct cgroup_stats *s)
{
	struct json_object *pids = object(data, "pids"), *huge;

	nonzero(pids, "current", s->pids.current);
	nonzero(pids, "limit", s->pids.limit == STATS_NO_LIMIT ? 0 : s->pids.limit);
	put_io(data, &s->io);
	huge = object(data, "hugetlb");
	for (size_t i = 0; i < s->n_hugetlb; i++) {
		const struct stats_figure *f = &s->hugetlb[i].figure;
		struct json_object *size = object(huge, s->hugetlb[i].page_size);

		nonzero(size, "usage", f->usage);
		nonzero(size, "max", f->peak);
		number(size, "failcnt", f->failcnt);
	}
	object(data, "intel_rdt");
	json_object_object_add(data, "network_interfaces", json_object_new_array());
}

static struct json_object *event(const char *type, const char *id, struct arena *a)
{
	struct json_object *obj = json_own(a, json_object_new_object());

	json_object_object_add(obj, "type", json_object_new_string(type));
	json_object_object_add(obj, "id", json_object_new_string(id));
	return obj;
}

char *events_stats(const char *id, const struct cgroup_stats *s, struct arena *a)
{
	struct json_object *obj = event("stats", id, a), *data = object(obj, "data");

	put_cpu(data, &s->cpu);
	put_cpuset(data, &s->cpuset);
	put_memory(data, s);
	put_rest(data, s);
	return json_text(obj, false, a);
}

char *events_oom(const char *id, struct arena *a)
{
	return json_text(event("oom", id, a), false, a);
}
