/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_v1: figures of cgroup v1 (cgroup-v1/memory.rst, cpuacct.rst, blkio-controller.rst). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/daemon/metrics_files.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/metrics_v1.pb-c.h"

#define TYPE	  "io.containerd.cgroups.v1.Metrics"
#define BLKIO_MAX 1024 /* entries of a file */
#define NANO	  1000000000ULL

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
static const struct metrics_key throttle_keys[] = {
	{ "nr_periods", offsetof(V1__Throttle, periods) },
	{ "nr_throttled", offsetof(V1__Throttle, throttled_periods) },
	{ "throttled_time", offsetof(V1__Throttle, throttled_time) },
};

static V1__MemoryEntry *entry(const char *dir, const char *prefix, struct arena *a)
{
	V1__MemoryEntry *m = arena_alloc(a, sizeof(*m));

	v1__memory_entry__init(m);
	m->limit = metrics_number(dir, arena_printf(a, "%s.limit_in_bytes", prefix), a);
	m->usage = metrics_number(dir, arena_printf(a, "%s.usage_in_bytes", prefix), a);
	m->max = metrics_number(dir, arena_printf(a, "%s.max_usage_in_bytes", prefix), a);
	m->failcnt = metrics_number(dir, arena_printf(a, "%s.failcnt", prefix), a);
	return m;
}

static void add_memory(V1__Metrics *m, const char *dir, struct arena *a)
{
	m->memory = arena_alloc(a, sizeof(*m->memory));
	v1__memory_stat__init(m->memory);
	metrics_keys(dir, "memory.stat", memory_keys, countof(memory_keys), m->memory, a);
	m->memory->usage = entry(dir, "memory", a);
	m->memory->swap = entry(dir, "memory.memsw", a);
	m->memory->kernel = entry(dir, "memory.kmem", a);
	m->memory->kernel_tcp = entry(dir, "memory.kmem.tcp", a);
	m->memory_oom_control = arena_alloc(a, sizeof(*m->memory_oom_control));
	v1__memory_oom_control__init(m->memory_oom_control);
	metrics_keys(dir, "memory.oom_control", oom_keys, countof(oom_keys), m->memory_oom_control,
		     a);
}

/* "user 12" and "system 34", in clock ticks. */
static uint64_t ticks(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);

	return at ? strtoull(at + strlen(key), NULL, 10) * (NANO / hz) : 0;
}

static void add_cpu(V1__Metrics *m, const char *cpu, const char *cpuacct, struct arena *a)
{
	const char *stat = metrics_text(cpuacct, "cpuacct.stat", a);
	char *at = metrics_text(cpuacct, "cpuacct.usage_percpu", a), *end;
	V1__CPUUsage *u = arena_alloc(a, sizeof(*u));

	m->cpu = arena_alloc(a, sizeof(*m->cpu));
	v1__cpustat__init(m->cpu);
	v1__cpuusage__init(u);
	u->total = metrics_number(cpuacct, "cpuacct.usage", a);
	u->user = ticks(stat, "user ");
	u->kernel = ticks(stat, "system ");
	u->per_cpu = arena_array(a, strlen(at) / 2 + 1, sizeof(*u->per_cpu));
	for (uint64_t v = strtoull(at, &end, 10); end != at; v = strtoull(at, &end, 10)) {
		u->per_cpu[u->n_per_cpu++] = v;
		at = end;
	}
	m->cpu->usage = u;
	m->cpu->throttling = arena_alloc(a, sizeof(*m->cpu->throttling));
	v1__throttle__init(m->cpu->throttling);
	metrics_keys(cpu, "cpu.stat", throttle_keys, countof(throttle_keys), m->cpu->throttling, a);
}

/* "8:0 Read 1234" lines. */
static V1__BlkIOEntry **blkio_entries(const char *dir, const char *file, size_t *n, struct arena *a)
{
	size_t n_lines;
	char **lines = str_split(a, metrics_text(dir, file, a), '\n', &n_lines);
	V1__BlkIOEntry **out = arena_array(a, n_lines, sizeof(*out));

	for (size_t i = 0; i < n_lines && *n < BLKIO_MAX; i++) {
		V1__BlkIOEntry *b = arena_alloc(a, sizeof(*b));
		char op[16];

		v1__blk_ioentry__init(b);
		if (sscanf(lines[i], "%lu:%lu %15s %lu", &b->major, &b->minor, op, &b->value) != 4)
			continue;
		b->op = arena_strdup(a, op);
		out[(*n)++] = b;
	}
	return out;
}

Pb__Any *metrics_v1(const char *cgroups, struct arena *a)
{
	V1__Metrics m = V1__METRICS__INIT;
	V1__PidsStat pids = V1__PIDS_STAT__INIT;
	V1__BlkIOStat blkio = V1__BLK_IOSTAT__INIT;
	const char *dir = metrics_dir(cgroups, "pids", a);

	if (dir) {
		uint64_t limit = metrics_number(dir, "pids.max", a);

		pids.current = metrics_number(dir, "pids.current", a);
		pids.limit = limit == METRICS_UNLIMITED ? 0 : limit;
		m.pids = &pids;
	}
	dir = metrics_dir(cgroups, "cpuacct", a);
	if (dir)
		add_cpu(&m, metrics_dir(cgroups, "cpu", a), dir, a);
	dir = metrics_dir(cgroups, "memory", a);
	if (dir)
		add_memory(&m, dir, a);
	dir = metrics_dir(cgroups, "blkio", a);
	if (dir) {
		blkio.io_service_bytes_recursive =
			blkio_entries(dir, "blkio.throttle.io_service_bytes_recursive",
				      &blkio.n_io_service_bytes_recursive, a);
		blkio.io_serviced_recursive =
			blkio_entries(dir, "blkio.throttle.io_serviced_recursive",
				      &blkio.n_io_serviced_recursive, a);
		m.blkio = &blkio;
	}
	return any_pack(TYPE, &m.base, a);
}
