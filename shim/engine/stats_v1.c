/* SPDX-License-Identifier: Apache-2.0 */
/* stats_v1: figures of v1 controllers (Documentation/admin-guide/cgroup-v1). */
#include <string.h>
#include <unistd.h>

#include "shim/engine/cgroup_dir.h"
#include "shim/engine/stats_files.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"

#define NANO	1000000000ULL
#define COLUMNS 3 /* of cpuacct.usage_all: cpu user system */

static void read_cpu(const struct stats_dir *d, struct cgroup_stats *out)
{
	struct stats_keys keys = { 0 };
	struct stats_cpu *c = &out->cpu;

	c->there = true;
	if (!stats_read_keys(d, "cpu.stat", &keys))
		return;
	c->periods = stats_value(&keys, "nr_periods");
	c->throttled_periods = stats_value(&keys, "nr_throttled");
	c->throttled_time = stats_value(&keys, "throttled_time");
	c->bursts = stats_value(&keys, "nr_bursts");
	c->burst_time = stats_value(&keys, "burst_time");
}

/* A line "CPU USER SYSTEM" for each CPU behind the heading. */
static void read_usage_all(const struct stats_dir *d, struct stats_cpu *c)
{
	char *text = stats_text(d, "cpuacct.usage_all");
	struct stats_list all;

	if (!text || !stats_line(&text))
		return;
	all.n = 0;
	all.v = arena_array(d->a, strlen(text) / 2 + 1, sizeof(*all.v));
	for (char *line; (line = stats_line(&text));) {
		char **word;
		size_t n;

		word = str_split(d->a, line, ' ', &n);
		for (size_t i = 0; n == COLUMNS && i < n; i++)
			if (!parse_u64(word[i], 10, UINT64_MAX, &all.v[all.n]))
				all.n++;
	}
	if (all.n % COLUMNS)
		return;
	c->percpu_user.v = arena_array(d->a, all.n / COLUMNS + 1, sizeof(*c->percpu_user.v));
	c->percpu_kernel.v = arena_array(d->a, all.n / COLUMNS + 1, sizeof(*c->percpu_kernel.v));
	for (size_t i = 0; i < all.n; i += COLUMNS) {
		c->percpu_user.v[c->percpu_user.n++] = all.v[i + 1];
		c->percpu_kernel.v[c->percpu_kernel.n++] = all.v[i + 2];
	}
}

static void read_cpuacct(const struct stats_dir *d, struct cgroup_stats *out)
{
	struct stats_keys keys = { 0 };
	struct stats_cpu *c = &out->cpu;
	uint64_t tick = NANO / (uint64_t)sysconf(_SC_CLK_TCK);

	c->there = true;
	stats_number(d, "cpuacct.usage", &c->total);
	c->percpu = stats_numbers(d, "cpuacct.usage_percpu");
	read_usage_all(d, c);
	if (stats_read_keys(d, "cpuacct.stat", &keys)) {
		c->user = stats_value(&keys, "user") * tick;
		c->kernel = stats_value(&keys, "system") * tick;
	}
}

static const struct {
	const char *file;
	size_t offset;
} cpuset_flags[] = {
	{ "cpuset.cpu_exclusive", offsetof(struct stats_cpuset, cpu_exclusive) },
	{ "cpuset.mem_exclusive", offsetof(struct stats_cpuset, mem_exclusive) },
	{ "cpuset.mem_hardwall", offsetof(struct stats_cpuset, mem_hardwall) },
	{ "cpuset.memory_migrate", offsetof(struct stats_cpuset, memory_migrate) },
	{ "cpuset.memory_spread_page", offsetof(struct stats_cpuset, memory_spread_page) },
	{ "cpuset.memory_spread_slab", offsetof(struct stats_cpuset, memory_spread_slab) },
	{ "cpuset.memory_pressure", offsetof(struct stats_cpuset, memory_pressure) },
	{ "cpuset.sched_load_balance", offsetof(struct stats_cpuset, sched_load_balance) },
};

static const char *first_line(const struct stats_dir *d, const char *file)
{
	char *text = stats_text(d, file), *line = text ? stats_line(&text) : NULL;

	return arena_strdup(d->a, line);
}

static void read_cpuset(const struct stats_dir *d, struct cgroup_stats *out)
{
	struct stats_cpuset *c = &out->cpuset;
	const char *level;

	c->there = true;
	c->cpus = first_line(d, "cpuset.cpus");
	c->mems = first_line(d, "cpuset.mems");
	for (size_t i = 0; i < countof(cpuset_flags); i++)
		stats_number(d, cpuset_flags[i].file,
			     (uint64_t *)(void *)((char *)c + cpuset_flags[i].offset));
	level = first_line(d, "cpuset.sched_relax_domain_level");
	if (level)
		parse_i64(level, INT32_MIN, INT32_MAX, &c->sched_relax_domain_level);
}

static void read_figure(const struct stats_dir *d, const char *prefix, struct stats_figure *f)
{
	f->limit = STATS_NO_LIMIT;
	f->there = stats_number(d, arena_printf(d->a, "%s.usage_in_bytes", prefix), &f->usage);
	if (!f->there)
		return; /* no accounting of it: spares three opens */
	stats_number(d, arena_printf(d->a, "%s.limit_in_bytes", prefix), &f->limit);
	stats_number(d, arena_printf(d->a, "%s.max_usage_in_bytes", prefix), &f->peak);
	stats_number(d, arena_printf(d->a, "%s.failcnt", prefix), &f->failcnt);
}

static void read_memory(const struct stats_dir *d, struct cgroup_stats *out)
{
	struct stats_memory *m = &out->memory;

	m->there = true;
	read_figure(d, "memory", &m->usage);
	read_figure(d, "memory.memsw", &m->swap);
	read_figure(d, "memory.kmem", &m->kernel);
	read_figure(d, "memory.kmem.tcp", &m->tcp);
	stats_read_keys(d, "memory.stat", &m->stat);
	stats_read_keys(d, "memory.oom_control", &m->events);
}

static void read_pids(const struct stats_dir *d, struct cgroup_stats *out)
{
	out->pids = (struct stats_pids){ .there = true, .limit = STATS_NO_LIMIT };
	stats_number(d, "pids.current", &out->pids.current);
	stats_number(d, "pids.max", &out->pids.limit);
}

/* "8:0 Read 1234"; "8:0 1234" in files without operations. The totals of all devices are skipped.
 */
static bool io_entry(const struct stats_dir *d, const char *line, struct stats_io_entry *out)
{
	const char *at = stats_device(line, &out->major, &out->minor), *space;

	if (!at)
		return false;
	space = strchr(at, ' ');
	out->op = space ? arena_strndup(d->a, at, (size_t)(space - at)) : "";
	return !parse_u64(space ? space + 1 : at, 10, UINT64_MAX, &out->value);
}

static void read_io_file(const struct stats_dir *d, const char *file, struct stats_io_entries *out)
{
	char *text = stats_text(d, file), *line;
	size_t cap = 0;

	while (text && out->n < STATS_ENTRIES_MAX && (line = stats_line(&text))) {
		struct stats_io_entry entry;

		if (!io_entry(d, line, &entry))
			continue;
		if (out->n == cap) {
			struct stats_io_entry *old = out->v;

			cap = cap ? cap * 2 : 16;
			out->v = arena_array(d->a, cap, sizeof(*out->v));
			if (out->n)
				memcpy(out->v, old, out->n * sizeof(*old));
		}
		out->v[out->n++] = entry;
	}
}

/*
 * The scheduler that a disk has decides which files count: BFQ, (long ago) CFQ,
 * or no scheduler with weights, when throttling does.
 */
static void read_io(const struct stats_dir *d, struct cgroup_stats *out)
{
	static const char *const prefixes[] = { "blkio.bfq.", "blkio.", "blkio.throttle." };
	static const char *const names[STATS_IO_FILES] = {
		[STATS_IO_SERVICE_BYTES] = "io_service_bytes_recursive",
		[STATS_IO_SERVICED] = "io_serviced_recursive",
		[STATS_IO_QUEUED] = "io_queued_recursive",
		[STATS_IO_SERVICE_TIME] = "io_service_time_recursive",
		[STATS_IO_WAIT_TIME] = "io_wait_time_recursive",
		[STATS_IO_MERGED] = "io_merged_recursive",
		[STATS_IO_TIME] = "time_recursive",
		[STATS_IO_SECTORS] = "sectors_recursive",
	};
	struct stats_io_entries *serviced = &out->io.files[STATS_IO_SERVICED];

	out->io.there = true;
	for (size_t k = 0; k < countof(prefixes) && !serviced->n; k++) {
		const char *name =
			arena_printf(d->a, "%s%s", prefixes[k], names[STATS_IO_SERVICED]);

		read_io_file(d, name, serviced);
		for (size_t i = 0; serviced->n && i < STATS_IO_FILES; i++)
			if (i != STATS_IO_SERVICED)
				read_io_file(d, arena_printf(d->a, "%s%s", prefixes[k], names[i]),
					     &out->io.files[i]);
	}
}

static void read_hugetlb(const struct stats_dir *d, struct cgroup_stats *out)
{
	const char **sizes = NULL;
	size_t n = stats_page_sizes(d, ".usage_in_bytes", &sizes);

	out->hugetlb = arena_array(d->a, n, sizeof(*out->hugetlb));
	out->n_hugetlb = n;
	for (size_t i = 0; i < n; i++) {
		out->hugetlb[i].page_size = sizes[i];
		read_figure(d, arena_printf(d->a, "hugetlb.%s", sizes[i]), &out->hugetlb[i].figure);
	}
}

void stats_read_v1(const struct stats_dir *d, const char *key, struct cgroup_stats *out)
{
	static const struct {
		const char *controller;
		enum stats_part part;
		void (*read)(const struct stats_dir *d, struct cgroup_stats *out);
	} readers[] = {
		{ "cpu", STATS_CPU, read_cpu },
		{ "cpuacct", STATS_CPU, read_cpuacct },
		{ "cpuset", STATS_CPUSET, read_cpuset },
		{ "memory", STATS_MEMORY, read_memory },
		{ "pids", STATS_PIDS, read_pids },
		{ "blkio", STATS_IO, read_io },
		{ "hugetlb", STATS_HUGETLB, read_hugetlb },
		{ "rdma", STATS_RDMA, stats_read_rdma },
	};

	for (size_t i = 0; i < countof(readers); i++)
		if ((d->parts & readers[i].part) && cgroup_key_has(key, readers[i].controller))
			readers[i].read(d, out);
}
