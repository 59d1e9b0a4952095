/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of `events`: runc's keys, its omissions, its meaning of v2's figures. */
#include "shim/cli/events_json.h"
#include "spec/base/json.h"
#include "tests/unit/test.h"

/* The text of one member of data. */
static const char *part(const struct cgroup_stats *s, const char *key, struct arena *a)
{
	const char *text = events_stats("id", s, a);
	struct err e;
	struct json_object *doc = json_parse(text, strlen(text), &e);

	if (!doc)
		return arena_strdup(a, e.msg);
	json_own(a, doc);
	return json_text(json_get(json_get(doc, "data"), key), false, a);
}

TEST(events_of_nothing)
{
	auto_arena struct arena a = { 0 };
	struct cgroup_stats s = { 0 };

	CHECK_TEXT(events_oom("c1", &a), "{\"type\":\"oom\",\"id\":\"c1\"}");
	CHECK_TEXT(part(&s, "cpu", &a), "{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}}");
	CHECK_TEXT(part(&s, "pids", &a), "{}");
	CHECK_TEXT(part(&s, "blkio", &a), "{}");
	CHECK_TEXT(part(&s, "hugetlb", &a), "{}");
	CHECK_TEXT(part(&s, "network_interfaces", &a), "[]");
	CHECK_TEXT(part(&s, "memory", &a),
		   "{\"usage\":{\"limit\":0,\"failcnt\":0},\"swap\":{\"limit\":0,\"failcnt\":0},"
		   "\"kernel\":{\"limit\":0,\"failcnt\":0},"
		   "\"kernelTCP\":{\"limit\":0,\"failcnt\":0}}");
}

TEST(events_cpu)
{
	auto_arena struct arena a = { 0 };
	uint64_t percpu[] = { 1, UINT64_MAX };
	struct cgroup_stats s = {
		.cpu = { .total = 5,
			 .kernel = 2,
			 .user = 3,
			 .percpu = { 2, percpu },
			 .periods = 7,
			 .throttled_periods = 8,
			 .throttled_time = 9,
			 .psi = { true, { 0.1, 12.34, 100, 6 }, { 0, 0, 0, 0 } } },
	};

	CHECK_TEXT(part(&s, "cpu", &a),
		   "{\"usage\":{\"total\":5,\"percpu\":[1,18446744073709551615],\"kernel\":2,"
		   "\"user\":3},\"throttling\":{\"periods\":7,\"throttledPeriods\":8,"
		   "\"throttledTime\":9},\"psi\":{\"some\":{\"avg10\":0.10,\"avg60\":12.34,"
		   "\"avg300\":100.00,\"total\":6},\"full\":{\"avg10\":0.00,\"avg60\":0.00,"
		   "\"avg300\":0.00,\"total\":0}}}");
}

TEST(events_memory_of_v2_is_told_as_v1)
{
	auto_arena struct arena a = { 0 };
	struct stats_key stat[] = { { "anon", 1 }, { "file", 22 } };
	struct cgroup_stats s = {
		.v2 = true,
		.memory = { .usage = { true, 100, 1000, 150, 4 },
			    .swap = { true, 10, 500, 20, 0 },
			    .stat = { 2, stat } },
	};

	CHECK_HAS(part(&s, "memory", &a), "\"cache\":22,");
	CHECK_HAS(part(&s, "memory", &a), "\"swap\":{\"limit\":1500,\"usage\":110,\"failcnt\":0}");
	CHECK_HAS(part(&s, "memory", &a), "\"raw\":{\"anon\":1,\"file\":22}");
	s.memory.swap.limit = STATS_NO_LIMIT;
	CHECK_HAS(part(&s, "memory", &a), "\"swap\":{\"limit\":18446744073709551615,");
	s.v2 = false;
	s.memory.swap.limit = 500;
	CHECK_HAS(part(&s, "memory", &a),
		  "\"swap\":{\"limit\":500,\"usage\":10,\"max\":20,\"failcnt\":0}");
}

TEST(events_lists)
{
	static const char *const rows[][2] = {
		{ "0-2,7", "[0,1,2,7]" }, { "0", "[0]" },  { "5-4", "[]" }, { "x", "[]" },
		{ "1,x", "[1]" },	  { "3-", "[3]" }, { "1,", "[1]" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		auto_arena struct arena a = { 0 };
		struct cgroup_stats s = { .cpuset = { .there = true, .cpus = rows[i][0] } };
		char want[64];

		snprintf(want, sizeof(want), "{\"cpus\":%s,\"cpu_exclusive\":0,", rows[i][1]);
		CHECK_HAS(part(&s, "cpuset", &a), want);
	}
}

TEST(events_blkio_and_the_rest)
{
	auto_arena struct arena a = { 0 };
	struct stats_io_entry time = { 8, 0, "", 5 };
	struct stats_io_device dev = { 8, 1, 1, 2, 3, 4, 5, 6 };
	struct stats_hugetlb huge = { "2MB", { true, 1, 2, 3, 4 } };
	struct cgroup_stats s = {
		.pids = { true, 3, STATS_NO_LIMIT },
		.io = { .there = true, .n_devices = 1, .devices = &dev },
		.n_hugetlb = 1,
		.hugetlb = &huge,
	};

	s.io.files[STATS_IO_TIME] = (struct stats_io_entries){ 1, &time };
	CHECK_TEXT(part(&s, "pids", &a), "{\"current\":3}");
	CHECK_TEXT(part(&s, "hugetlb", &a), "{\"2MB\":{\"usage\":1,\"max\":3,\"failcnt\":4}}");
	CHECK_TEXT(part(&s, "blkio", &a),
		   "{\"ioTimeRecursive\":[{\"major\":8,\"minor\":0,\"value\":5}],"
		   "\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":1,\"op\":\"Read\","
		   "\"value\":1},{\"major\":8,\"minor\":1,\"op\":\"Write\",\"value\":2}],"
		   "\"ioServicedRecursive\":[{\"major\":8,\"minor\":1,\"op\":\"Read\",\"value\":3},"
		   "{\"major\":8,\"minor\":1,\"op\":\"Write\",\"value\":4}]}");
}
