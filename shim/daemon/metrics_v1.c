/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_v1: figures of cgroup v1 as io.containerd.cgroups.v1.Metrics. */
#include "shim/daemon/metrics_keys.h"
#include "spec/base/auto.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/metrics_v1.pb-c.h"

#define TYPE "io.containerd.cgroups.v1.Metrics"

#define M(k, m)                                                                                    \
	{                                                                                          \
		k, offsetof(V1__MemoryStat, m)                                                     \
	}
static const struct metrics_key memory_keys[] = {
	M("cache", cache),
	M("rss", rss),
	M("rss_huge", rss_huge),
	M("mapped_file", mapped_file),
	M("dirty", dirty),
	M("writeback", writeback),
	M("pgpgin", pg_pg_in),
	M("pgpgout", pg_pg_out),
	M("pgfault", pg_fault),
	M("pgmajfault", pg_maj_fault),
	M("inactive_anon", inactive_anon),
	M("active_anon", active_anon),
	M("inactive_file", inactive_file),
	M("active_file", active_file),
	M("unevictable", unevictable),
	M("hierarchical_memory_limit", hierarchical_memory_limit),
	M("hierarchical_memsw_limit", hierarchical_swap_limit),
	M("total_cache", total_cache),
	M("total_rss", total_rss),
	M("total_rss_huge", total_rss_huge),
	M("total_mapped_file", total_mapped_file),
	M("total_dirty", total_dirty),
	M("total_writeback", total_writeback),
	M("total_pgpgin", total_pg_pg_in),
	M("total_pgpgout", total_pg_pg_out),
	M("total_pgfault", total_pg_fault),
	M("total_pgmajfault", total_pg_maj_fault),
	M("total_inactive_anon", total_inactive_anon),
	M("total_active_anon", total_active_anon),
	M("total_inactive_file", total_inactive_file),
	M("total_active_file", total_active_file),
	M("total_unevictable", total_unevictable),
};
static const struct metrics_key oom_keys[] = {
	{ "oom_kill_disable", offsetof(V1__MemoryOomControl, oom_kill_disable) },
	{ "under_oom", offsetof(V1__MemoryOomControl, under_oom) },
	{ "oom_kill", offsetof(V1__MemoryOomControl, oom_kill) },
};
static V1__MemoryEntry *entry(const struct stats_figure *f, struct arena *a)
{
	V1__MemoryEntry *m = arena_alloc(a, sizeof(*m));

	v1__memory_entry__init(m);
	if (!f->there)
		return m;
	m->limit = f->limit;
	m->usage = f->usage;
	m->max = f->peak;
	m->failcnt = f->failcnt;
	return m;
}

static void add_memory(V1__Metrics *m, const struct stats_memory *s, struct arena *a)
{
	m->memory = arena_alloc(a, sizeof(*m->memory));
	v1__memory_stat__init(m->memory);
	metrics_fill(&s->stat, memory_keys, countof(memory_keys), m->memory);
	m->memory->usage = entry(&s->usage, a);
	m->memory->swap = entry(&s->swap, a);
	m->memory->kernel = entry(&s->kernel, a);
	m->memory->kernel_tcp = entry(&s->tcp, a);
	m->memory_oom_control = arena_alloc(a, sizeof(*m->memory_oom_control));
	v1__memory_oom_control__init(m->memory_oom_control);
	metrics_fill(&s->events, oom_keys, countof(oom_keys), m->memory_oom_control);
}

static void add_cpu(V1__Metrics *m, const struct stats_cpu *s, struct arena *a)
{
	V1__CPUUsage *u = arena_alloc(a, sizeof(*u));
	V1__Throttle *t = arena_alloc(a, sizeof(*t));

	m->cpu = arena_alloc(a, sizeof(*m->cpu));
	v1__cpustat__init(m->cpu);
	v1__cpuusage__init(u);
	v1__throttle__init(t);
	u->total = s->total;
	u->user = s->user;
	u->kernel = s->kernel;
	u->n_per_cpu = s->percpu.n;
	u->per_cpu = s->percpu.v;
	t->periods = s->periods;
	t->throttled_periods = s->throttled_periods;
	t->throttled_time = s->throttled_time;
	m->cpu->usage = u;
	m->cpu->throttling = t;
}

static V1__BlkIOEntry **entries(const struct stats_io_entries *s, struct arena *a)
{
	V1__BlkIOEntry **out = arena_array(a, s->n, sizeof(void *));

	for (size_t i = 0; i < s->n; i++) {
		V1__BlkIOEntry *b = out[i] = arena_alloc(a, sizeof(*b));

		v1__blk_ioentry__init(b);
		b->major = s->v[i].major;
		b->minor = s->v[i].minor;
		b->op = arena_strdup(a, s->v[i].op);
		b->value = s->v[i].value;
	}
	return out;
}

static void add_io(V1__Metrics *m, const struct stats_io *s, struct arena *a)
{
	V1__BlkIOStat *io = m->blkio = arena_alloc(a, sizeof(*io));

	v1__blk_iostat__init(io);
	io->n_io_service_bytes_recursive = s->files[STATS_IO_SERVICE_BYTES].n;
	io->io_service_bytes_recursive = entries(&s->files[STATS_IO_SERVICE_BYTES], a);
	io->n_io_serviced_recursive = s->files[STATS_IO_SERVICED].n;
	io->io_serviced_recursive = entries(&s->files[STATS_IO_SERVICED], a);
}

static void add_hugetlb(V1__Metrics *m, const struct cgroup_stats *s, struct arena *a)
{
	m->hugetlb = arena_array(a, s->n_hugetlb, sizeof(V1__HugetlbStat *));
	m->n_hugetlb = s->n_hugetlb;
	for (size_t i = 0; i < s->n_hugetlb; i++) {
		V1__HugetlbStat *h = m->hugetlb[i] = arena_alloc(a, sizeof(*h));

		v1__hugetlb_stat__init(h);
		h->usage = s->hugetlb[i].figure.usage;
		h->max = s->hugetlb[i].figure.peak;
		h->failcnt = s->hugetlb[i].figure.failcnt;
		h->pagesize = arena_strdup(a, s->hugetlb[i].page_size);
	}
}

Pb__Any *metrics_v1(const struct cgroup_stats *s, struct arena *a)
{
	V1__Metrics m = V1__METRICS__INIT;
	V1__PidsStat pids = V1__PIDS_STAT__INIT;

	if (s->pids.there) {
		pids.current = s->pids.current;
		pids.limit = s->pids.limit == STATS_NO_LIMIT ? 0 : s->pids.limit;
		m.pids = &pids;
	}
	if (s->cpu.there)
		add_cpu(&m, &s->cpu, a);
	if (s->memory.there)
		add_memory(&m, &s->memory, a);
	if (s->io.there)
		add_io(&m, &s->io, a);
	add_hugetlb(&m, s, a);
	return any_pack(TYPE, &m.base, a);
}
