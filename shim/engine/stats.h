/* SPDX-License-Identifier: Apache-2.0 */
/* stats: what a container's cgroups count, in one form for v1, hybrid and v2. */
#ifndef SHIM_ENGINE_STATS_H
#define SHIM_ENGINE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/state.h"

#define STATS_NO_LIMIT	  UINT64_MAX /* "max"; v1 has its own huge number instead */
#define STATS_ENTRIES_MAX 4096	     /* lines of a file; further ones are left out */

/* What shall be read; the rest stays zero. */
enum stats_part {
	STATS_CPU = 1,
	STATS_CPUSET = 2,
	STATS_MEMORY = 4,
	STATS_PIDS = 8,
	STATS_IO = 16,
	STATS_HUGETLB = 32,
	STATS_RDMA = 64,
	STATS_ALL = 127,
};

/* The lines "KEY NUMBER" of a file, in its order. */
struct stats_key {
	const char *key;
	uint64_t value;
};
struct stats_keys {
	size_t n;
	struct stats_key *v;
};

struct stats_list {
	size_t n;
	uint64_t *v;
};

/* Pressure stall information (Documentation/accounting/psi.rst); v1 has it on a hybrid host. */
struct stats_psi_line {
	double avg10, avg60, avg300; /* per cent */
	uint64_t total;		     /* us */
};
struct stats_psi {
	bool there;
	struct stats_psi_line some, full;
};

/* All times in ns, whatever the file has. */
struct stats_cpu {
	bool there;
	uint64_t total, user, kernel;
	struct stats_list percpu, percpu_user, percpu_kernel; /* v1 alone */
	uint64_t periods, throttled_periods, throttled_time, bursts, burst_time;
	struct stats_psi psi;
};

/* v1; v2 has cpus and mems, those in effect, alone. Lists as "0-3,7". */
struct stats_cpuset {
	bool there;
	const char *cpus, *mems; /* NULL: not known */
	uint64_t cpu_exclusive, mem_exclusive, mem_hardwall, memory_migrate, memory_spread_page,
		memory_spread_slab, memory_pressure, sched_load_balance;
	int64_t sched_relax_domain_level;
};

struct stats_figure {
	bool there;
	uint64_t usage, limit, peak, failcnt; /* bytes, but for failcnt */
};

struct stats_memory {
	bool there;
	struct stats_figure usage;
	struct stats_figure swap;	 /* v1: memory and swap together; v2: swap alone */
	struct stats_figure kernel, tcp; /* v1 alone */
	struct stats_keys stat;		 /* memory.stat */
	struct stats_keys events;	 /* v1: memory.oom_control; v2: memory.events */
	struct stats_psi psi;
};

struct stats_pids {
	bool there;
	uint64_t current, limit;
};

/* v1's files of the block layer, in runc's order. */
enum stats_io_file {
	STATS_IO_SERVICE_BYTES,
	STATS_IO_SERVICED,
	STATS_IO_QUEUED,
	STATS_IO_SERVICE_TIME,
	STATS_IO_WAIT_TIME,
	STATS_IO_MERGED,
	STATS_IO_TIME,
	STATS_IO_SECTORS,
	STATS_IO_FILES,
};
struct stats_io_entry {
	uint64_t major, minor;
	const char *op; /* "Read", "Write", "Total"...; "" in STATS_IO_TIME and _SECTORS */
	uint64_t value;
};
struct stats_io_entries {
	size_t n;
	struct stats_io_entry *v;
};

/* A line of v2's io.stat. */
struct stats_io_device {
	uint64_t major, minor;
	uint64_t rbytes, wbytes, rios, wios, dbytes, dios;
};

struct stats_io {
	bool there;
	struct stats_io_entries files[STATS_IO_FILES]; /* v1 */
	size_t n_devices;
	struct stats_io_device *devices; /* v2 */
	struct stats_psi psi;
};

struct stats_hugetlb {
	const char *page_size; /* "2MB" */
	struct stats_figure figure;
};

struct stats_rdma {
	const char *device;
	uint64_t handles, objects, handles_max, objects_max;
};

struct cgroup_stats {
	bool v2; /* neither cpu nor memory is of v1 */
	struct stats_cpu cpu;
	struct stats_cpuset cpuset;
	struct stats_memory memory;
	struct stats_pids pids;
	struct stats_io io;
	size_t n_hugetlb;
	struct stats_hugetlb *hugetlb; /* by page size as the directory has them */
	size_t n_rdma;
	struct stats_rdma *rdma;
};

/*
 * Read the files of the container's cgroups, and nothing else: some 30 small ones, in
 * well under a millisecond. Only s->cgroups is looked at. A file that is
 * missing, empty or not understood leaves zeros (a limit: STATS_NO_LIMIT); a controller
 * that the container does not have leaves .there false. Texts and lists are in
 * the arena. ENOENT: the container has no cgroup, or it is gone.
 */
int cgroup_stats_read(const struct oci_state *s, unsigned int parts, struct arena *a,
		      struct cgroup_stats *out, struct err *e);

/* The value of a key; 0 when it is not there. */
uint64_t stats_value(const struct stats_keys *keys, const char *key);

#endif
