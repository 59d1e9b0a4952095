/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_v2: figures of cgroup v2 (cgroup-v2.rst). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/daemon/metrics_files.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/metrics_v2.pb-c.h"

#define TYPE "io.containerd.cgroups.v2.Metrics"

#define C(k)                                                                                       \
	{                                                                                          \
#k, offsetof(V2__CPUStat, k)                                                       \
	}
static const struct metrics_key cpu_keys[] = {
	C(usage_usec),
	C(user_usec),
	C(system_usec),
	C(nr_periods),
	C(nr_throttled),
	C(throttled_usec),
	{ "nr_bursts", offsetof(V2__CPUStat, nr_bursts) },
	C(burst_usec),
};
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

static V2__PSIData *psi_line(const char *text, const char *kind, struct arena *a)
{
	V2__PSIData *p = arena_alloc(a, sizeof(*p));
	const char *line = strstr(text, kind);

	v2__psidata__init(p);
	if (line)
		sscanf(line + strlen(kind), " avg10=%lf avg60=%lf avg300=%lf total=%lu", &p->avg10,
		       &p->avg60, &p->avg300, &p->total);
	return p;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", then the same for full. */
static V2__PSIStats *psi(const char *dir, const char *file, struct arena *a)
{
	const char *text = metrics_text(dir, file, a);
	V2__PSIStats *p;

	if (!*text)
		return NULL;
	p = arena_alloc(a, sizeof(*p));
	v2__psistats__init(p);
	p->some = psi_line(text, "some", a);
	p->full = psi_line(text, "full", a);
	return p;
}

static void add_memory(V2__Metrics *m, const char *dir, struct arena *a)
{
	m->memory = arena_alloc(a, sizeof(*m->memory));
	v2__memory_stat__init(m->memory);
	metrics_keys(dir, "memory.stat", memory_keys, countof(memory_keys), m->memory, a);
	m->memory->usage = metrics_number(dir, "memory.current", a);
	m->memory->usage_limit = metrics_number(dir, "memory.max", a);
	m->memory->swap_usage = metrics_number(dir, "memory.swap.current", a);
	m->memory->swap_limit = metrics_number(dir, "memory.swap.max", a);
	m->memory->max_usage = metrics_number(dir, "memory.peak", a);
	m->memory->swap_max_usage = metrics_number(dir, "memory.swap.peak", a);
	m->memory->psi = psi(dir, "memory.pressure", a);
	m->memory_events = arena_alloc(a, sizeof(*m->memory_events));
	v2__memory_events__init(m->memory_events);
	metrics_keys(dir, "memory.events", event_keys, countof(event_keys), m->memory_events, a);
}

static uint64_t field(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" lines. */
static void add_io(V2__Metrics *m, const char *dir, struct arena *a)
{
	size_t n;
	char **lines = str_split(a, metrics_text(dir, "io.stat", a), '\n', &n);

	m->io = arena_alloc(a, sizeof(*m->io));
	v2__iostat__init(m->io);
	m->io->usage = arena_array(a, n, sizeof(*m->io->usage));
	for (size_t i = 0; i < n; i++) {
		V2__IOEntry *io = arena_alloc(a, sizeof(*io));

		v2__ioentry__init(io);
		if (sscanf(lines[i], "%lu:%lu", &io->major, &io->minor) != 2)
			continue;
		io->rbytes = field(lines[i], "rbytes=");
		io->wbytes = field(lines[i], "wbytes=");
		io->rios = field(lines[i], "rios=");
		io->wios = field(lines[i], "wios=");
		m->io->usage[m->io->n_usage++] = io;
	}
	m->io->psi = psi(dir, "io.pressure", a);
}

Pb__Any *metrics_v2(const char *dir, struct arena *a)
{
	V2__Metrics m = V2__METRICS__INIT;
	V2__PidsStat pids = V2__PIDS_STAT__INIT;
	V2__CPUStat cpu = V2__CPUSTAT__INIT;

	pids.current = metrics_number(dir, "pids.current", a);
	pids.limit = metrics_number(dir, "pids.max", a);
	m.pids = &pids;
	metrics_keys(dir, "cpu.stat", cpu_keys, countof(cpu_keys), &cpu, a);
	cpu.psi = psi(dir, "cpu.pressure", a);
	m.cpu = &cpu;
	add_memory(&m, dir, a);
	add_io(&m, dir, a);
	return any_pack(TYPE, &m.base, a);
}
