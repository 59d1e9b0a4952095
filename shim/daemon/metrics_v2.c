/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_v2: figures of cgroup v2 as io.containerd.cgroups.v2.Metrics. */
#include "shim/daemon/metrics_keys.h"
#include "spec/base/auto.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/metrics_v2.pb-c.h"

#define TYPE  "io.containerd.cgroups.v2.Metrics"
#define US_NS 1000

#define M(k)                                                                                       \
	{                                                                                          \
#k, offsetof(V2__MemoryStat, k)                                                    \
	}
static const struct metrics_key memory_keys[] = {
	M(anon),
	M(file),
	M(kernel_stack),
	M(slab),
	M(sock),
	M(shmem),
	M(file_mapped),
	M(file_dirty),
	M(file_writeback),
	M(anon_thp),
	M(inactive_anon),
	M(active_anon),
	M(inactive_file),
	M(active_file),
	M(unevictable),
	M(slab_reclaimable),
	M(slab_unreclaimable),
	M(pgfault),
	M(pgmajfault),
	{ "workingset_refault_file", offsetof(V2__MemoryStat, workingset_refault) },
	{ "workingset_activate_file", offsetof(V2__MemoryStat, workingset_activate) },
	M(workingset_nodereclaim),
	M(pgrefill),
	M(pgscan),
	M(pgsteal),
	M(pgactivate),
	M(pgdeactivate),
	M(pglazyfree),
	M(pglazyfreed),
	M(thp_fault_alloc),
	M(thp_collapse_alloc),
};
#define E(k)                                                                                       \
	{                                                                                          \
#k, offsetof(V2__MemoryEvents, k)                                                  \
	}
static const struct metrics_key event_keys[] = {
	E(low), E(high),     E(max),
	E(oom), E(oom_kill), { "oom_group_kill", offsetof(V2__MemoryEvents, oom_group_kill) },
};

static V2__PSIData *psi_line(const struct stats_psi_line *line, struct arena *a)
{
	V2__PSIData *p = arena_alloc(a, sizeof(*p));

	v2__psidata__init(p);
	p->avg10 = line->avg10;
	p->avg60 = line->avg60;
	p->avg300 = line->avg300;
	p->total = line->total;
	return p;
}

static V2__PSIStats *psi(const struct stats_psi *s, struct arena *a)
{
	V2__PSIStats *p;

	if (!s->there)
		return NULL;
	p = arena_alloc(a, sizeof(*p));
	v2__psistats__init(p);
	p->some = psi_line(&s->some, a);
	p->full = psi_line(&s->full, a);
	return p;
}

static void add_cpu(V2__Metrics *m, const struct stats_cpu *s, struct arena *a)
{
	V2__CPUStat *c = m->cpu = arena_alloc(a, sizeof(*c));

	v2__cpustat__init(c);
	c->usage_usec = s->total / US_NS;
	c->user_usec = s->user / US_NS;
	c->system_usec = s->kernel / US_NS;
	c->nr_periods = s->periods;
	c->nr_throttled = s->throttled_periods;
	c->throttled_usec = s->throttled_time / US_NS;
	c->nr_bursts = s->bursts;
	c->burst_usec = s->burst_time / US_NS;
	c->psi = psi(&s->psi, a);
}

static void add_memory(V2__Metrics *m, const struct stats_memory *s, struct arena *a)
{
	V2__MemoryStat *mem = m->memory = arena_alloc(a, sizeof(*mem));

	v2__memory_stat__init(mem);
	metrics_fill(&s->stat, memory_keys, countof(memory_keys), mem);
	mem->usage = s->usage.usage;
	mem->usage_limit = s->usage.limit;
	mem->max_usage = s->usage.peak;
	mem->swap_usage = s->swap.usage;
	mem->swap_limit = s->swap.limit;
	mem->swap_max_usage = s->swap.peak;
	mem->psi = psi(&s->psi, a);
	m->memory_events = arena_alloc(a, sizeof(*m->memory_events));
	v2__memory_events__init(m->memory_events);
	metrics_fill(&s->events, event_keys, countof(event_keys), m->memory_events);
}

static void add_io(V2__Metrics *m, const struct stats_io *s, struct arena *a)
{
	m->io = arena_alloc(a, sizeof(*m->io));
	v2__iostat__init(m->io);
	m->io->n_usage = s->n_devices;
	m->io->usage = arena_array(a, s->n_devices, sizeof(void *));
	for (size_t i = 0; i < s->n_devices; i++) {
		V2__IOEntry *io = m->io->usage[i] = arena_alloc(a, sizeof(*io));

		v2__ioentry__init(io);
		io->major = s->devices[i].major;
		io->minor = s->devices[i].minor;
		io->rbytes = s->devices[i].rbytes;
		io->wbytes = s->devices[i].wbytes;
		io->rios = s->devices[i].rios;
		io->wios = s->devices[i].wios;
	}
	m->io->psi = psi(&s->psi, a);
}

static void add_hugetlb(V2__Metrics *m, const struct cgroup_stats *s, struct arena *a)
{
	m->hugetlb = arena_array(a, s->n_hugetlb, sizeof(void *));
	m->n_hugetlb = s->n_hugetlb;
	for (size_t i = 0; i < s->n_hugetlb; i++) {
		V2__HugeTlbStat *h = m->hugetlb[i] = arena_alloc(a, sizeof(*h));

		v2__huge_tlb_stat__init(h);
		h->current = s->hugetlb[i].figure.usage;
		h->max = s->hugetlb[i].figure.limit;
		h->failcnt = s->hugetlb[i].figure.failcnt;
		h->pagesize = arena_strdup(a, s->hugetlb[i].page_size);
	}
}

Pb__Any *metrics_v2(const struct cgroup_stats *s, struct arena *a)
{
	V2__Metrics m = V2__METRICS__INIT;
	V2__PidsStat pids = V2__PIDS_STAT__INIT;

	pids.current = s->pids.current;
	pids.limit = s->pids.limit;
	m.pids = &pids;
	add_cpu(&m, &s->cpu, a);
	add_memory(&m, &s->memory, a);
	add_io(&m, &s->io, a);
	add_hugetlb(&m, s, a);
	return any_pack(TYPE, &m.base, a);
}
