/* SPDX-License-Identifier: Apache-2.0 */
/* Updates: what is stored and what is given to writes and to the new record, on every layout. */
#include <errno.h>

#include "shim/engine/plan_update.h"
#include "spec/base/auto.h"
#include "tests/unit/test.h"

/* Hierarchies of a host, v1 ones by ' '; and those that the container has. */
static const struct layout {
	enum host_cgroup_mode mode;
	const char *v1, *v2_holds;
} v1 = { HOST_CGROUP_V1, "memory cpu cpuset pids blkio hugetlb net_prio", NULL },
  hybrid = { HOST_CGROUP_HYBRID, "memory cpu", "pids hugetlb rdma" },
  v2 = { HOST_CGROUP_V2, NULL, "cpuset cpu io memory hugetlb pids rdma" };

struct fixture {
	struct arena a;
	struct host host;
	struct oci_state state;
	struct plan_update plan;
	struct err e;
};

static void add_hierarchy(struct fixture *f, const char *key, const char *controllers)
{
	struct host_cgroup *c = &f->host.cgroups.v[f->host.cgroups.n++];

	c->key = arena_strdup(&f->a, key);
	c->mountpoint = arena_printf(&f->a, "/m/%s", key);
	c->root = c->own = arena_strdup(&f->a, "/");
	c->controllers.v = str_split(&f->a, controllers, ' ', &c->controllers.n);
	f->state.cgroups.v[f->state.cgroups.n++] = (struct oci_cgroup_dir){
		.key = c->key, .path = arena_printf(&f->a, "/c/%s", key), .created = true
	};
}

static void fixture_init(struct fixture *f, const struct layout *l, const char *stored)
{
	struct arena *a = &f->a;

	*f = (struct fixture){ .state.id = (char *)"id" };
	f->host.cgroup_mode = l->mode;
	f->host.swap_accounting = true;
	f->host.cgroups.v = arena_array(a, CGROUP_DIRS_MAX, sizeof(*f->host.cgroups.v));
	f->state.cgroups.v = arena_array(a, CGROUP_DIRS_MAX, sizeof(*f->state.cgroups.v));
	for (char **key = l->v1 ? str_split(a, l->v1, ' ', NULL) : NULL; key && *key; key++)
		add_hierarchy(f, *key, *key);
	if (l->v2_holds)
		add_hierarchy(f, "", l->v2_holds);
	f->state.config = json_parse(stored, strlen(stored), &f->e);
	CHECK(f->state.config);
	json_own(a, f->state.config);
}

static void fixture_done(struct fixture *f)
{
	arena_done(&f->a);
}
#define auto_fixture __attribute__((cleanup(fixture_done)))

static int plan(struct fixture *f, const char *given)
{
	struct oci_resources *r = oci_resources_parse(given, strlen(given), &f->a, &f->e);

	return r ? plan_update(&f->state, &f->host, r, &f->a, &f->plan, &f->e) : -1;
}

/* The writes and the record that follow from it, or the error. */
static const char *result(struct fixture *f, const char *given)
{
	auto_str struct str text = { 0 };

	if (plan(f, given))
		return f->e.msg;
	f->plan.cgroup.n_dirs = 0;
	plan_cgroup_print(&f->plan.cgroup, &text);
	plan_update_record(&f->plan, f->state.config);
	str_add(&text,
		json_text(json_get(json_get(f->state.config, "linux"), "resources"), false, &f->a));
	return arena_strdup(&f->a, str_text(&text));
}

#define STORED(resources) "{\"ociVersion\":\"1.0.0\",\"linux\":{\"resources\":" resources "}}"
#define CHECK_UPDATE(layout, stored, given, want)                                                  \
	do {                                                                                       \
		auto_fixture struct fixture f_;                                                    \
		fixture_init(&f_, &(layout), STORED(stored));                                      \
		CHECK_TEXT(result(&f_, given), want);                                              \
	} while (0)

TEST(update_changes_only_what_is_given)
{
	CHECK_UPDATE(v1, "{\"cpu\":{\"shares\":100,\"cpus\":\"0\"},\"pids\":{\"limit\":5}}",
		     "{\"cpu\":{\"shares\":200},\"memory\":{},\"blockIO\":{\"weight\":0}}",
		     "cgroup limit cpu: cpu.shares = 200, read back\n"
		     "{\"cpu\":{\"shares\":200,\"cpus\":\"0\"},\"pids\":{\"limit\":5},"
		     "\"memory\":{},\"blockIO\":{}}");
	CHECK_UPDATE(v2, "{}", "{}", "{}");
	CHECK_UPDATE(v2, "{\"memory\":{\"limit\":7}}",
		     "{\"memory\":{\"limit\":0,\"swap\":0,\"reservation\":0},\"cpu\":{\"shares\":0,"
		     "\"quota\":0,\"period\":0,\"cpus\":\"\",\"mems\":\"\"}}",
		     "{\"memory\":{\"limit\":7},\"cpu\":{}}");
}

TEST(update_without_a_stored_config)
{
	auto_fixture struct fixture f;

	fixture_init(&f, &v2, "{}");
	CHECK_TEXT(result(&f, "{\"pids\":{\"limit\":-1}}"),
		   "cgroup limit pids: pids.max = max\n{\"pids\":{\"limit\":-1}}");
}

TEST(update_completes_quota_and_period)
{
	const char *stored =
		"{\"linux\":{\"resources\":{\"cpu\":{\"quota\":5000,\"period\":20000}}}}";
	auto_fixture struct fixture f;

	fixture_init(&f, &v2, stored);
	CHECK_HAS(result(&f, "{\"cpu\":{\"quota\":7000}}"), "cpu.max = 7000 20000\n");
	CHECK_HAS(result(&f, "{\"cpu\":{\"period\":50000}}"), "cpu.max = 7000 50000\n");
	CHECK_HAS(result(&f, "{\"cpu\":{\"quota\":-1}}"), "cpu.max = max 50000\n");
	CHECK_UPDATE(v1, "{\"cpu\":{\"quota\":5000,\"period\":20000}}",
		     "{\"cpu\":{\"quota\":7000}}",
		     "cgroup limit cpu: cpu.cfs_period_us = 20000\n"
		     "cgroup limit cpu: cpu.cfs_quota_us = 7000\n"
		     "{\"cpu\":{\"quota\":7000,\"period\":20000}}");
	CHECK_UPDATE(v1, "{}", "{\"cpu\":{\"quota\":7000}}",
		     "cgroup limit cpu: cpu.cfs_quota_us = 7000\n{\"cpu\":{\"quota\":7000}}");
}

TEST(update_completes_memory_and_swap)
{
	/* v2 takes swap alone, so a new memory limit moves it */
	CHECK_UPDATE(v2, "{\"memory\":{\"limit\":1000,\"swap\":3000}}",
		     "{\"memory\":{\"limit\":2000}}",
		     "cgroup limit memory: memory.max = 2000\n"
		     "cgroup limit memory: memory.swap.max = 1000\n"
		     "{\"memory\":{\"limit\":2000,\"swap\":3000}}");
	CHECK_UPDATE(v2, "{\"memory\":{\"limit\":1000}}", "{\"memory\":{\"swap\":3000}}",
		     "cgroup limit memory: memory.max = 1000\n"
		     "cgroup limit memory: memory.swap.max = 2000\n"
		     "{\"memory\":{\"limit\":1000,\"swap\":3000}}");
	CHECK_UPDATE(hybrid, "{\"memory\":{\"limit\":1000,\"swap\":3000}}",
		     "{\"memory\":{\"limit\":2000,\"swap\":4000}}",
		     "cgroup limit memory: memory.limit_in_bytes = 2000\n"
		     "cgroup limit memory: memory.memsw.limit_in_bytes = 4000\n"
		     "{\"memory\":{\"limit\":2000,\"swap\":4000}}");
	CHECK_UPDATE(v1, "{\"memory\":{\"limit\":1000,\"swap\":3000}}",
		     "{\"memory\":{\"limit\":-1}}",
		     "cgroup limit memory: memory.limit_in_bytes = -1\n"
		     "cgroup limit memory: memory.memsw.limit_in_bytes = -1, if there\n"
		     "{\"memory\":{\"limit\":-1,\"swap\":-1}}");
	CHECK_UPDATE(v1, "{\"memory\":{\"limit\":1000,\"swap\":3000}}",
		     "{\"memory\":{\"limit\":4000}}",
		     "linux: resources: memory: swap: 3000 is memory and swap together, and less "
		     "than memory.limit 4000");
	CHECK_UPDATE(v2, "{}", "{\"memory\":{\"swap\":4000}}",
		     "linux: resources: memory: swap: is memory and swap together, and needs a "
		     "memory.limit");
}

TEST(update_idle_and_shares)
{
	CHECK_UPDATE(v2, "{\"cpu\":{\"shares\":100,\"quota\":5}}", "{\"cpu\":{\"idle\":1}}",
		     "cgroup limit cpu: cpu.idle = 1\n{\"cpu\":{\"quota\":5,\"idle\":1}}");
	CHECK_UPDATE(v1, "{\"cpu\":{\"idle\":1}}", "{\"cpu\":{\"idle\":0,\"shares\":300}}",
		     "cgroup limit cpu: cpu.idle = 0, if there\n"
		     "cgroup limit cpu: cpu.shares = 300, read back\n"
		     "{\"cpu\":{\"idle\":0,\"shares\":300}}");
	CHECK_UPDATE(v2, "{}", "{\"cpu\":{\"burst\":0,\"quota\":2000}}",
		     "cgroup limit cpu: cpu.max.burst = 0, if there\n"
		     "cgroup limit cpu: cpu.max = 2000 100000\n"
		     "{\"cpu\":{\"quota\":2000,\"burst\":0}}");
}

TEST(update_leaves_devices_alone)
{
	CHECK_UPDATE(v1, "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}",
		     "{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}],\"pids\":{\"limit\":0}}",
		     "cgroup limit pids: pids.max = 1\n"
		     "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],\"pids\":{\"limit\":0}}");
}

TEST(update_merges_lists_by_their_keys)
{
	CHECK_UPDATE(
		v1,
		"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},{\"pageSize\":\"1GB\","
		"\"limit\":2}],\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,"
		"\"rate\":1}]}}",
		"{\"hugepageLimits\":[{\"pageSize\":\"1GB\",\"limit\":3}],\"blockIO\":{"
		"\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":1,\"rate\":9}]}}",
		"cgroup limit blkio: blkio.throttle.read_bps_device = 8:1 9\n"
		"cgroup limit hugetlb: hugetlb.1GB.limit_in_bytes = 3\n"
		"cgroup limit hugetlb: hugetlb.1GB.rsvd.limit_in_bytes = 3, if there\n"
		"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},{\"pageSize\":\"1GB\","
		"\"limit\":3}],\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,"
		"\"rate\":1},{\"major\":8,\"minor\":1,\"rate\":9}]}}");
	CHECK_UPDATE(v2, "{\"unified\":{\"memory.high\":\"1\",\"pids.max\":\"2\"}}",
		     "{\"unified\":{\"memory.high\":\"5\"}}",
		     "cgroup limit memory: memory.high = 5\n"
		     "{\"unified\":{\"memory.high\":\"5\",\"pids.max\":\"2\"}}");
}

TEST(update_refuses_by_name)
{
	auto_fixture struct fixture f;

	fixture_init(&f, &v2, "{}");
	CHECK(plan(&f, "{\"network\":{\"classID\":5}}") && f.e.num == ENOTSUP);
	CHECK_HAS(f.e.msg, "network: classID");
	fixture_done(&f);
	fixture_init(&f, &hybrid, "{}");
	CHECK(plan(&f, "{\"blockIO\":{\"weight\":100}}"));
	CHECK_HAS(f.e.msg, "no cgroup controller 'blkio'");
	/* the container was made when that hierarchy was not there */
	f.state.cgroups.v[0].created = false;
	CHECK(plan(&f, "{\"memory\":{\"limit\":5000}}"));
	CHECK_TEXT(f.e.msg,
		   "linux: resources: memory: limit: the container has no cgroup of controller "
		   "'memory'");
}

TEST(update_of_a_container_without_cgroups_says_why)
{
	auto_fixture struct fixture f;

	fixture_init(&f, &v2, "{}");
	f.state.cgroups.n = 0;
	CHECK_TEXT(result(&f, "{\"memory\":{\"limit\":1048576}}"),
		   "linux: resources: memory: limit: the container has no cgroup: it was created "
		   "with cgroups disabled, or without the right to make one");
	CHECK_HAS(result(&f, "{\"unified\":{\"pids.max\":\"3\"}}"), "the container has no cgroup");
	CHECK(!plan(&f, "{\"memory\":{\"limit\":0}}"));
}

TEST(update_uses_the_recorded_directory)
{
	auto_fixture struct fixture f;
	const struct plan_cgroup *p = &f.plan.cgroup;

	fixture_init(&f, &hybrid, "{}");
	ASSERT(!plan(&f, "{\"cpu\":{\"shares\":5},\"pids\":{\"limit\":9}}"));
	ASSERT(p->n_writes == 2);
	CHECK_TEXT(p->dirs[p->writes[0].dir].mountpoint, "/c/cpu");
	CHECK_TEXT(p->dirs[p->writes[1].dir].mountpoint, "/c/");
	CHECK_TEXT(p->dirs[p->writes[1].dir].path, "");
}

TEST(update_old_values)
{
	static const struct {
		const char *file, *value, *text, *want;
	} rows[] = {
		{ "cpu.shares", "5", "1024", "1024" },
		{ "cpu.max", "5000 100000", "max 100000", "max 100000" },
		{ "cpuset.cpus", "0", "", "\n" },
		{ "memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 0\noom_kill 0", "0" },
		{ "io.weight", "200", "default 100\n8:0 50", "default 100" },
		{ "io.weight", "8:0 70", "default 100\n8:0 50", "8:0 50" },
		{ "io.weight", "8:1 70", "default 100\n8:0 50", "8:1 default" },
		{ "io.max", "8:0 rbps=5", "", "8:0 rbps=max wbps=max riops=max wiops=max" },
		{ "io.max", "8:0 rbps=5", "8:0 rbps=1 wbps=max riops=max wiops=max",
		  "8:0 rbps=1 wbps=max riops=max wiops=max" },
		{ "blkio.throttle.read_bps_device", "8:0 9", "8:16 5", "8:0 0" },
		{ "blkio.throttle.read_bps_device", "8:16 9", "8:16 5", "8:16 5" },
		{ "rdma.max", "mlx4_0 hca_handle=1", "", "mlx4_0 hca_handle=max hca_object=max" },
		{ "net_prio.ifpriomap", "lo 3", "lo 1\neth0 2", "lo 1" },
		{ "memory.odd", "x", "two\nlines", NULL },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_arena struct arena a = { 0 };
		struct plan_cgroup_write w = { .file = rows[i].file, .value = rows[i].value };
		const char *old = plan_update_old(&w, rows[i].text, &a);

		CHECK_TEXT(old ? old : "(none)", rows[i].want ? rows[i].want : "(none)");
	}
}
