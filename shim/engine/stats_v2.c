/* SPDX-License-Identifier: Apache-2.0 */
/* stats_v2: figures of the unified hierarchy (Documentation/admin-guide/cgroup-v2.rst). */
#include <string.h>

#include "shim/engine/stats_files.h"
#include "spec/base/auto.h"

#define US_NS 1000ULL

/* A hybrid host counts CPU time here as well; what v1 has said counts. */
static void read_cpu(const struct stats_dir *d, struct cgroup_stats *out)
{
	struct stats_keys keys = { 0 };
	struct stats_cpu *c = &out->cpu;

	stats_read_psi(d, "cpu.pressure", &c->psi);
	if (c->there || !stats_read_keys(d, "cpu.stat", &keys))
		return;
	c->there = true;
	c->total = stats_value(&keys, "usage_usec") * US_NS;
	c->user = stats_value(&keys, "user_usec") * US_NS;
	c->kernel = stats_value(&keys, "system_usec") * US_NS;
	c->periods = stats_value(&keys, "nr_periods");
	c->throttled_periods = stats_value(&keys, "nr_throttled");
	c->throttled_time = stats_value(&keys, "throttled_usec") * US_NS;
	c->bursts = stats_value(&keys, "nr_bursts");
	c->burst_time = stats_value(&keys, "burst_usec") * US_NS;
}

static void read_cpuset(const struct stats_dir *d, struct cgroup_stats *out)
{
	char *text;

	if (out->cpuset.there || !(text = stats_text(d, "cpuset.cpus.effective")))
		return;
	out->cpuset.there = true;
	out->cpuset.cpus = arena_strdup(d->a, stats_line(&text));
	if ((text = stats_text(d, "cpuset.mems.effective")))
		out->cpuset.mems = arena_strdup(d->a, stats_line(&text));
}

static void read_memory(const struct stats_dir *d, struct cgroup_stats *out)
{
	struct stats_memory *m = &out->memory;

	stats_read_psi(d, "memory.pressure", &m->psi);
	m->usage.there = m->usage.there || stats_number(d, "memory.current", &m->usage.usage);
	if (m->there || !m->usage.there)
		return;
	m->there = true;
	m->usage.limit = m->swap.limit = STATS_NO_LIMIT;
	stats_number(d, "memory.max", &m->usage.limit);
	stats_number(d, "memory.peak", &m->usage.peak); /* 5.19 */
	m->swap.there = stats_number(d, "memory.swap.current", &m->swap.usage);
	stats_number(d, "memory.swap.max", &m->swap.limit);
	stats_number(d, "memory.swap.peak", &m->swap.peak); /* 6.5 */
	stats_read_keys(d, "memory.stat", &m->stat);
	stats_read_keys(d, "memory.events", &m->events);
	m->usage.failcnt = stats_value(&m->events, "max");
}

static void read_pids(const struct stats_dir *d, struct cgroup_stats *out)
{
	struct stats_pids *p = &out->pids;

	if (p->there || !stats_number(d, "pids.current", &p->current))
		return;
	p->there = true;
	p->limit = STATS_NO_LIMIT;
	stats_number(d, "pids.max", &p->limit);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void read_io(const struct stats_dir *d, struct cgroup_stats *out)
{
	struct stats_io *io = &out->io;
	char *text, *line;
	size_t cap = 0;

	stats_read_psi(d, "io.pressure", &io->psi);
	text = io->there ? NULL : stats_text(d, "io.stat");
	io->there = io->there || text;
	while (text && io->n_devices < STATS_ENTRIES_MAX && (line = stats_line(&text))) {
		struct stats_io_device dev = { 0 };

		if (!stats_device(line, &dev.major, &dev.minor))
			continue;
		dev.rbytes = stats_field(line, "rbytes");
		dev.wbytes = stats_field(line, "wbytes");
		dev.rios = stats_field(line, "rios");
		dev.wios = stats_field(line, "wios");
		dev.dbytes = stats_field(line, "dbytes");
		dev.dios = stats_field(line, "dios");
		if (io->n_devices == cap) {
			struct stats_io_device *old = io->devices;

			cap = cap ? cap * 2 : 16;
			io->devices = arena_array(d->a, cap, sizeof(*old));
			if (old)
				memcpy(io->devices, old, io->n_devices * sizeof(*old));
		}
		io->devices[io->n_devices++] = dev;
	}
}

static void read_hugetlb(const struct stats_dir *d, struct cgroup_stats *out)
{
	const char **sizes = NULL;
	size_t n = out->n_hugetlb ? 0 : stats_page_sizes(d, ".current", &sizes);

	if (!n)
		return;
	out->hugetlb = arena_array(d->a, n, sizeof(*out->hugetlb));
	out->n_hugetlb = n;
	for (size_t i = 0; i < n; i++) {
		struct stats_figure *f = &out->hugetlb[i].figure;
		struct stats_keys events = { 0 };

		out->hugetlb[i].page_size = sizes[i];
		f->limit = STATS_NO_LIMIT;
		f->there = stats_number(d, arena_printf(d->a, "hugetlb.%s.current", sizes[i]),
					&f->usage);
		stats_number(d, arena_printf(d->a, "hugetlb.%s.max", sizes[i]), &f->limit);
		if (stats_read_keys(d, arena_printf(d->a, "hugetlb.%s.events", sizes[i]), &events))
			f->failcnt = stats_value(&events, "max");
	}
}

void stats_read_v2(const struct stats_dir *d, struct cgroup_stats *out)
{
	static const struct {
		enum stats_part part;
		void (*read)(const struct stats_dir *d, struct cgroup_stats *out);
	} readers[] = {
		{ STATS_CPU, read_cpu },	 { STATS_CPUSET, read_cpuset },
		{ STATS_MEMORY, read_memory },	 { STATS_PIDS, read_pids },
		{ STATS_IO, read_io },		 { STATS_HUGETLB, read_hugetlb },
		{ STATS_RDMA, stats_read_rdma },
	};

	for (size_t i = 0; i < countof(readers); i++)
		if (d->parts & readers[i].part)
			readers[i].read(d, out);
}
