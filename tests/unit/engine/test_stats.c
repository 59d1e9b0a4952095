/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics: files as kernels write them, and as none should, to figures. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/engine/stats_files.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "tests/unit/test.h"

/* A directory that stands for one of cgroupfs. */
struct fixture {
	struct arena a;
	char path[32];
	struct stats_buf buf;
	struct stats_dir dir;
	struct cgroup_stats stats;
};

static bool fixture_init(struct fixture *f, unsigned int parts)
{
	*f = (struct fixture){ .path = "/tmp/stats-test-XXXXXX" };
	if (!mkdtemp(f->path))
		return false;
	f->dir = (struct stats_dir){
		.fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.parts = parts,
		.a = &f->a,
		.buf = &f->buf,
	};
	return f->dir.fd >= 0;
}

static void fixture_done(struct fixture *f)
{
	struct err e;

	close(f->dir.fd);
	CHECK(!path_remove_tree(AT_FDCWD, f->path, &e));
	arena_done(&f->a);
}
#define auto_fixture __attribute__((cleanup(fixture_done)))

static void putn(struct fixture *f, const char *file, const char *text, size_t n)
{
	auto_fd int fd = openat(f->dir.fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && !write_all(fd, text, n));
}

static void put(struct fixture *f, const char *file, const char *text)
{
	putn(f, file, text, strlen(text));
}

TEST(stats_v1_cpu)
{
	auto_fixture struct fixture f;
	const struct stats_cpu *c = &f.stats.cpu;
	uint64_t tick = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);

	ASSERT(fixture_init(&f, STATS_ALL));
	put(&f, "cpuacct.usage", "720472071064\n");
	put(&f, "cpuacct.usage_percpu", "7 8 18446744073709551615 \n");
	put(&f, "cpuacct.usage_all", "cpu user system\n0 1 2\n1 3 4\n2 5 6\n");
	put(&f, "cpuacct.stat", "user 12\nsystem 34\n");
	put(&f, "cpu.stat",
	    "nr_periods 5\nnr_throttled 3\nthrottled_time 99\nnr_bursts 2\n"
	    "burst_time 7\n");
	stats_read_v1(&f.dir, "cpu,cpuacct", &f.stats);
	CHECK(c->there && c->total == 720472071064);
	ASSERT(c->percpu.n == 3 && c->percpu_user.n == 3 && c->percpu_kernel.n == 3);
	CHECK(c->percpu.v[1] == 8 && c->percpu.v[2] == UINT64_MAX);
	CHECK(c->percpu_user.v[2] == 5 && c->percpu_kernel.v[0] == 2);
	CHECK(c->user == 12 * tick && c->kernel == 34 * tick);
	CHECK(c->periods == 5 && c->throttled_periods == 3 && c->throttled_time == 99);
	CHECK(c->bursts == 2 && c->burst_time == 7);
	CHECK(!f.stats.memory.there && !f.stats.pids.there && !f.stats.io.there);
}

TEST(stats_v1_memory)
{
	auto_fixture struct fixture f;
	const struct stats_memory *m = &f.stats.memory;

	ASSERT(fixture_init(&f, STATS_ALL));
	put(&f, "memory.usage_in_bytes", "1000\n");
	put(&f, "memory.limit_in_bytes", "9223372036854771712\n");
	put(&f, "memory.max_usage_in_bytes", "3000\n");
	put(&f, "memory.failcnt", "4\n");
	put(&f, "memory.kmem.usage_in_bytes", "5\n");
	put(&f, "memory.stat", "cache 1\nrss 2\ntotal_cache 3\n");
	put(&f, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 6\n");
	stats_read_v1(&f.dir, "memory", &f.stats);
	CHECK(m->there && m->usage.there && m->usage.usage == 1000 && m->usage.peak == 3000);
	CHECK(m->usage.limit == 9223372036854771712ULL && m->usage.failcnt == 4);
	CHECK(!m->swap.there && m->swap.limit == STATS_NO_LIMIT); /* no swap accounting */
	CHECK(m->kernel.there && m->kernel.usage == 5 && !m->tcp.there);
	CHECK(m->stat.n == 3 && stats_value(&m->stat, "rss") == 2);
	CHECK(stats_value(&m->stat, "total") == 0 && stats_value(&m->stat, "total_cache") == 3);
	CHECK(stats_value(&m->events, "oom_kill") == 6);
}

TEST(stats_v1_io_of_the_scheduler_in_use)
{
	auto_fixture struct fixture f = { 0 };
	const struct stats_io_entries *files = f.stats.io.files;

	ASSERT(fixture_init(&f, STATS_ALL));
	put(&f, "blkio.bfq.io_serviced_recursive", "Total 0\n");
	put(&f, "blkio.throttle.io_serviced_recursive",
	    "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\n259:1 Read 4\nTotal 7\n");
	put(&f, "blkio.throttle.io_service_bytes_recursive", "8:0 Read 4096\n");
	stats_read_v1(&f.dir, "blkio", &f.stats);
	CHECK(f.stats.io.there);
	ASSERT(files[STATS_IO_SERVICED].n == 4 && files[STATS_IO_SERVICE_BYTES].n == 1);
	CHECK(files[STATS_IO_SERVICED].v[3].major == 259 &&
	      files[STATS_IO_SERVICED].v[3].minor == 1);
	CHECK_TEXT(files[STATS_IO_SERVICED].v[2].op, "Total");
	CHECK(files[STATS_IO_SERVICE_BYTES].v[0].value == 4096);

	memset(&f.stats, 0, sizeof(f.stats));
	put(&f, "blkio.bfq.io_serviced_recursive", "8:0 Read 9\n");
	put(&f, "blkio.bfq.sectors_recursive", "8:0 77\nTotal 77\n");
	stats_read_v1(&f.dir, "blkio", &f.stats);
	CHECK(files[STATS_IO_SERVICED].n == 1 && files[STATS_IO_SERVICED].v[0].value == 9);
	CHECK(files[STATS_IO_SERVICE_BYTES].n == 0);
	ASSERT(files[STATS_IO_SECTORS].n == 1);
	CHECK_TEXT(files[STATS_IO_SECTORS].v[0].op, "");
}

TEST(stats_v1_rest)
{
	auto_fixture struct fixture f;

	ASSERT(fixture_init(&f, STATS_ALL & ~(unsigned int)STATS_PIDS));
	put(&f, "cpuset.cpus", "0-2,7\n");
	put(&f, "cpuset.mems", "\n");
	put(&f, "cpuset.mem_hardwall", "1\n");
	put(&f, "cpuset.sched_relax_domain_level", "-1\n");
	put(&f, "pids.current", "5\n");
	put(&f, "hugetlb.2MB.usage_in_bytes", "10\n");
	put(&f, "hugetlb.2MB.max_usage_in_bytes", "20\n");
	put(&f, "hugetlb.2MB.rsvd.usage_in_bytes", "30\n");
	put(&f, "rdma.current", "mlx4_0 hca_handle=2 hca_object=2000\nmlx5_1 hca_handle=1\n");
	put(&f, "rdma.max", "mlx4_0 hca_handle=max hca_object=3000\n");
	stats_read_v1(&f.dir, "cpuset,pids,hugetlb,rdma", &f.stats);
	CHECK_TEXT(f.stats.cpuset.cpus, "0-2,7");
	CHECK_TEXT(f.stats.cpuset.mems, "");
	CHECK(f.stats.cpuset.mem_hardwall == 1 && f.stats.cpuset.sched_relax_domain_level == -1);
	CHECK(!f.stats.pids.there); /* not asked for */
	ASSERT(f.stats.n_hugetlb == 1 && f.stats.n_rdma == 2);
	CHECK_TEXT(f.stats.hugetlb[0].page_size, "2MB");
	CHECK(f.stats.hugetlb[0].figure.usage == 10 && f.stats.hugetlb[0].figure.peak == 20);
	CHECK(f.stats.rdma[0].handles == 2 && f.stats.rdma[0].handles_max == STATS_NO_LIMIT);
	CHECK(f.stats.rdma[0].objects == 2000 && f.stats.rdma[0].objects_max == 3000);
	CHECK(f.stats.rdma[1].handles == 1 && f.stats.rdma[1].objects_max == STATS_NO_LIMIT);
}

static void put_v2(struct fixture *f)
{
	put(f, "cpu.stat",
	    "usage_usec 100\nuser_usec 60\nsystem_usec 40\nnr_periods 3\n"
	    "nr_throttled 2\nthrottled_usec 5\nnr_bursts 1\nburst_usec 4\n");
	put(f, "cpu.pressure",
	    "some avg10=6.25 avg60=5.83 avg300=119.20 total=449112586\n"
	    "full avg10=0.00 avg60=0.01 avg300=0.00 total=7\n");
	put(f, "memory.current", "4096\n");
	put(f, "memory.max", "max\n");
	put(f, "memory.peak", "8192\n");
	put(f, "memory.swap.current", "0\n");
	put(f, "memory.swap.max", "1024\n");
	put(f, "memory.stat", "anon 11\nfile 22\n");
	put(f, "memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 5\n");
	put(f, "pids.current", "3\n");
	put(f, "pids.max", "max\n");
	put(f, "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n7:0 \n");
	put(f, "cpuset.cpus.effective", "0-1\n");
	put(f, "hugetlb.1GB.current", "0\n");
	put(f, "hugetlb.1GB.max", "max\n");
	put(f, "hugetlb.1GB.events", "max 9\n");
}

TEST(stats_v2)
{
	auto_fixture struct fixture f;
	const struct cgroup_stats *s = &f.stats;

	ASSERT(fixture_init(&f, STATS_ALL));
	put_v2(&f);
	stats_read_v2(&f.dir, &f.stats);
	CHECK(s->cpu.there && s->cpu.total == 100000 && s->cpu.user == 60000);
	CHECK(s->cpu.kernel == 40000 && s->cpu.throttled_time == 5000 && s->cpu.burst_time == 4000);
	CHECK(s->cpu.psi.there && s->cpu.psi.some.avg10 == 6.25 && s->cpu.psi.some.avg60 == 5.83);
	CHECK(s->cpu.psi.some.avg300 == 119.20 && s->cpu.psi.some.total == 449112586);
	CHECK(s->cpu.psi.full.avg60 == 0.01 && s->cpu.psi.full.total == 7);
	CHECK(!s->memory.psi.there);
	CHECK(s->memory.usage.usage == 4096 && s->memory.usage.limit == STATS_NO_LIMIT);
	CHECK(s->memory.usage.peak == 8192 && s->memory.usage.failcnt == 2);
	CHECK(s->memory.swap.there && s->memory.swap.limit == 1024);
	CHECK(stats_value(&s->memory.stat, "file") == 22);
	CHECK(stats_value(&s->memory.events, "oom_kill") == 4);
	CHECK(s->pids.there && s->pids.current == 3 && s->pids.limit == STATS_NO_LIMIT);
	ASSERT(s->io.there && s->io.n_devices == 2);
	CHECK(s->io.devices[0].wbytes == 2 && s->io.devices[0].dios == 6);
	CHECK(s->io.devices[1].major == 7 && s->io.devices[1].rbytes == 0);
	CHECK_TEXT(s->cpuset.cpus, "0-1");
	ASSERT(s->n_hugetlb == 1);
	CHECK(s->hugetlb[0].figure.limit == STATS_NO_LIMIT && s->hugetlb[0].figure.failcnt == 9);
}

/* What v1 has said counts; v2 adds the pressure. */
TEST(stats_hybrid)
{
	auto_fixture struct fixture f;

	ASSERT(fixture_init(&f, STATS_ALL));
	put(&f, "cpuacct.usage", "5\n");
	put(&f, "memory.usage_in_bytes", "6\n");
	stats_read_v1(&f.dir, "cpuacct", &f.stats);
	stats_read_v1(&f.dir, "memory", &f.stats);
	put_v2(&f);
	stats_read_v2(&f.dir, &f.stats);
	CHECK(f.stats.cpu.total == 5 && f.stats.memory.usage.usage == 6);
	CHECK(f.stats.cpu.psi.there && f.stats.cpu.psi.some.total == 449112586);
}

TEST(stats_of_an_empty_directory)
{
	auto_fixture struct fixture f;

	ASSERT(fixture_init(&f, STATS_ALL));
	stats_read_v2(&f.dir, &f.stats);
	CHECK(!f.stats.cpu.there && !f.stats.memory.there && !f.stats.io.there &&
	      !f.stats.pids.there && !f.stats.cpuset.there && !f.stats.n_hugetlb);
	stats_read_v1(&f.dir, "cpu,cpuacct,cpuset,memory,pids,blkio,hugetlb,rdma", &f.stats);
	CHECK(f.stats.cpu.there && !f.stats.cpu.total && !f.stats.cpu.percpu.n);
	CHECK(f.stats.memory.there && !f.stats.memory.usage.there && !f.stats.memory.stat.n);
	CHECK(f.stats.pids.there && f.stats.pids.limit == STATS_NO_LIMIT);
}

/* Every file of both versions holds the same nonsense. */
static void all_files(struct fixture *f, const char *text, size_t n)
{
	static const char *const files[] = {
		"cpuacct.usage",
		"cpuacct.usage_percpu",
		"cpuacct.usage_all",
		"cpuacct.stat",
		"cpu.stat",
		"cpuset.cpus",
		"cpuset.sched_relax_domain_level",
		"memory.usage_in_bytes",
		"memory.limit_in_bytes",
		"memory.stat",
		"memory.oom_control",
		"pids.current",
		"pids.max",
		"blkio.throttle.io_serviced_recursive",
		"hugetlb.2MB.usage_in_bytes",
		"hugetlb.2MB.current",
		"hugetlb..current",
		"hugetlb.2MB.events",
		"rdma.current",
		"rdma.max",
		"cpu.pressure",
		"memory.current",
		"memory.events",
		"io.stat",
		"io.pressure",
		"cpuset.cpus.effective",
	};

	for (size_t i = 0; i < countof(files); i++)
		putn(f, files[i], text, n);
	stats_read_v1(&f->dir, "cpu,cpuacct,cpuset,memory,pids,blkio,hugetlb,rdma", &f->stats);
	memset(&f->stats, 0, sizeof(f->stats));
	stats_read_v2(&f->dir, &f->stats);
}

TEST(stats_of_hostile_files)
{
	static const char *const texts[] = {
		"",
		"\n",
		"\n\n\n",
		" ",
		"-1\n",
		"99999999999999999999999999\n",
		"max",
		"maximum 1",
		"key",
		"key \n",
		" 1\n",
		"key -1\nkey x\nkey 99999999999999999999\n",
		"some\nfull\nsome avg10= avg60=x avg300=1e99 total=-3\n",
		"some avg10=99999999999999999999.99999999999999999999 total=max\n",
		"8:\n8:0\n:0 1\n8:0 \n8:x Read 1\n8:0 Read\n8:0 Read x\n8:0 a b c\n",
		"99999999999999999999:0 Read 1\n",
		"8:0 rbytes= wbytes=-1 rios=99999999999999999999 =\n",
		"0 1\n0 1 2 3\ncpu user system\n0 x y\n",
		"dev hca_handle hca_object=\n hca_handle=1\n",
	};

	for (size_t i = 0; i < countof(texts); i++) {
		auto_fixture struct fixture f;

		ASSERT(fixture_init(&f, STATS_ALL));
		all_files(&f, texts[i], strlen(texts[i]));
		all_files(&f, "a 1\0b 2\n\0", 9);
		CHECK(f.stats.n_hugetlb == 1); /* not the one without a size */
	}
}

/* What is larger than any kernel's file is cut between lines, and lists have an end. */
TEST(stats_of_huge_files)
{
	auto_fixture struct fixture f;
	auto_str struct str text = { 0 };

	ASSERT(fixture_init(&f, STATS_ALL));
	while (text.len < (size_t)2 * STATS_FILE_MAX)
		str_addf(&text, "8:%zu Read 1234567\n", text.len);
	all_files(&f, text.s, text.len);
	CHECK(f.stats.io.n_devices == STATS_ENTRIES_MAX);
	CHECK(f.buf.cap == STATS_FILE_MAX);
	str_clear(&text);
	while (text.len < (size_t)2 * STATS_FILE_MAX)
		str_addc(&text, '7');
	all_files(&f, text.s, text.len); /* no line at all */
	CHECK(!f.stats.memory.stat.n);
}

TEST(stats_of_no_cgroup)
{
	auto_arena struct arena a = { 0 };
	struct oci_cgroup_dir dirs[] = {
		{ (char *)"memory", (char *)"/sys/fs/cgroup/memory/stats-test/gone", true },
		{ (char *)"cpu", (char *)"/proc", true }, /* not on cgroupfs */
	};
	struct oci_state s = { 0 };
	struct cgroup_stats out;
	struct err e;

	CHECK(cgroup_stats_read(&s, STATS_ALL, &a, &out, &e) && e.num == ENOENT);
	s.cgroups.n = 2;
	s.cgroups.v = dirs;
	CHECK(cgroup_stats_read(&s, STATS_ALL, &a, &out, &e) && e.num == ENOENT);
}
