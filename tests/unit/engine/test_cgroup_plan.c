/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup plans: linux.resources on every layout of a host, as text. */
#include <errno.h>

#include "shim/engine/plan.h"
#include "tests/unit/test.h"

enum layout {
	V1,
	HYBRID,
	V2
};

static const struct {
	enum host_cgroup_mode mode;
	const char *v1;		   /* hierarchies, by ' ' */
	const char *v2, *v2_holds; /* mount point, controllers */
} layouts[] = {
	[V1] = { HOST_CGROUP_V1,
		 "memory cpu cpuset pids devices blkio hugetlb net_cls net_prio rdma", NULL, NULL },
	[HYBRID] = { HOST_CGROUP_HYBRID, "memory devices", "/sys/fs/cgroup/unified",
		     "hugetlb rdma" },
	[V2] = { HOST_CGROUP_V2, NULL, "/sys/fs/cgroup", "cpuset cpu io memory hugetlb pids rdma" },
};

static struct host *host_of(struct arena *a, enum layout l)
{
	struct host *h = arena_alloc(a, sizeof(*h));

	h->cgroup_mode = layouts[l].mode;
	h->swap_accounting = true;
	h->cgroups.v = arena_array(a, CGROUP_DIRS_MAX, sizeof(*h->cgroups.v));
	for (char **key = layouts[l].v1 ? str_split(a, layouts[l].v1, ' ', NULL) : NULL;
	     key && *key; key++) {
		struct host_cgroup *c = &h->cgroups.v[h->cgroups.n++];

		c->key = *key;
		c->mountpoint = arena_printf(a, "/sys/fs/cgroup/%s", *key);
		c->root = arena_strdup(a, "/");
		c->own = arena_strdup(a, "/own");
		c->controllers.v = str_split(a, *key, ',', &c->controllers.n);
	}
	if (layouts[l].v2) {
		struct host_cgroup *c = &h->cgroups.v[h->cgroups.n++];

		c->key = arena_strdup(a, "");
		c->mountpoint = arena_strdup(a, layouts[l].v2);
		c->root = arena_strdup(a, "/");
		c->own = arena_strdup(a, "/own/scope");
		c->controllers.v = str_split(a, layouts[l].v2_holds, ' ', &c->controllers.n);
	}
	return h;
}

/* Decoded only: what spec/oci would refuse already is the planner's to refuse as well. */
static struct oci_resources *resources_of(struct arena *a, const char *text, struct err *e)
{
	struct oci_resources *r = arena_alloc(a, sizeof(*r));
	struct json_object *doc = json_parse(text, strlen(text), e);

	return doc && !json_decode(json_own(a, doc), oci_resources_fields, r, a, e) ? r : NULL;
}

/* The plan's text without the directories and the device rules, or the error's text. */
static const char *limits(struct arena *a, enum layout l, const char *resources)
{
	struct oci_linux linux_ = { .cgroups_path = (char *)"/c" };
	struct oci_config config = { .linux_ = &linux_ };
	struct plan_input in = { .config = &config, .host = host_of(a, l), .id = "id" };
	struct plan_cgroup p;
	struct err e = { 0 };
	auto_str struct str text = { 0 };

	linux_.resources = resources_of(a, resources, &e);
	if (!linux_.resources || plan_cgroup(&in, a, &p, &e))
		return arena_strdup(a, e.msg);
	p.dev = CGROUP_DEV_NONE;
	p.n_dirs = 0;
	plan_cgroup_print(&p, &text);
	return arena_strdup(a, str_text(&text));
}

#define CHECK_LIMITS(host, resources, want)                                                        \
	do {                                                                                       \
		auto_arena struct arena arena_ = { 0 };                                            \
		CHECK_TEXT(limits(&arena_, host, resources), want);                                \
	} while (0)

static const char *paths(struct arena *a, const struct host *host, const char *path)
{
	struct oci_linux linux_ = { .cgroups_path = (char *)(uintptr_t)path };
	struct oci_config config = { .linux_ = &linux_ };
	struct plan_input in = { .config = &config, .host = host, .id = "id" };
	struct plan_cgroup p;
	struct err e = { 0 };
	auto_str struct str text = { 0 };

	if (plan_cgroup(&in, a, &p, &e))
		return arena_strdup(a, e.msg);
	for (size_t i = 0; i < p.n_dirs; i++)
		str_addf(&text, "%s%s\n", p.dirs[i].mountpoint, p.dirs[i].path);
	return arena_strdup(a, str_text(&text));
}

TEST(cgroup_weight_curve)
{
	static const uint64_t known[][2] = { { 0, 0 },	       { 1, 1 },      { 2, 1 },
					     { 100, 17 },      { 256, 35 },   { 512, 59 },
					     { 1024, 100 },    { 2048, 174 }, { 4096, 303 },
					     { 262144, 10000 } };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		CHECK(cgroup_weight_of_shares(known[i][0]) == known[i][1]);
	CHECK(cgroup_io_weight(10) == 1);
	CHECK(cgroup_io_weight(1000) == 10000);
}

TEST(cgroup_memory)
{
	const char *r = "{\"memory\":{\"limit\":1000,\"swap\":3000,\"reservation\":500}}";

	CHECK_LIMITS(V1, r,
		     "cgroup limit memory: memory.limit_in_bytes = 1000\n"
		     "cgroup limit memory: memory.memsw.limit_in_bytes = 3000\n"
		     "cgroup limit memory: memory.soft_limit_in_bytes = 500\n");
	CHECK_LIMITS(V2, r,
		     "cgroup limit memory: memory.max = 1000\n"
		     "cgroup limit memory: memory.swap.max = 2000\n"
		     "cgroup limit memory: memory.low = 500\n");
}

TEST(cgroup_swap_rules)
{
	CHECK_LIMITS(V2, "{\"memory\":{\"limit\":1000,\"swap\":1000}}",
		     "cgroup limit memory: memory.max = 1000\n"
		     "cgroup limit memory: memory.swap.max = 0, if there\n");
	CHECK_LIMITS(V2, "{\"memory\":{\"limit\":-1}}",
		     "cgroup limit memory: memory.max = max\n"
		     "cgroup limit memory: memory.swap.max = max, if there\n");
	CHECK_LIMITS(V1, "{\"memory\":{\"limit\":-1,\"swap\":-1}}",
		     "cgroup limit memory: memory.limit_in_bytes = -1\n"
		     "cgroup limit memory: memory.memsw.limit_in_bytes = -1, if there\n");
	CHECK_LIMITS(
		V2, "{\"memory\":{\"limit\":1000,\"swap\":999}}",
		"linux: resources: memory: swap: 999 is memory and swap together, and less than "
		"memory.limit 1000");
	CHECK_LIMITS(V2, "{\"memory\":{\"swap\":999}}",
		     "linux: resources: memory: swap: is memory and swap together, and needs a "
		     "memory.limit");
	CHECK_LIMITS(V2, "{\"memory\":{\"limit\":-2}}",
		     "linux: resources: memory: limit: -2 is negative");
}

TEST(cgroup_v1_only_memory)
{
	const char *r = "{\"memory\":{\"swappiness\":7,\"disableOOMKiller\":true,"
			"\"useHierarchy\":true,\"kernelTCP\":9}}";

	CHECK_LIMITS(V1, r,
		     "cgroup limit memory: memory.kmem.tcp.limit_in_bytes = 9\n"
		     "cgroup limit memory: memory.oom_control = 1\n"
		     "cgroup limit memory: memory.use_hierarchy = 1\n"
		     "cgroup limit memory: memory.swappiness = 7\n");
	CHECK_LIMITS(V2, "{\"memory\":{\"swappiness\":7}}",
		     "linux: resources: memory: swappiness: cgroup v2 has no such setting");
	CHECK_LIMITS(V2, "{\"memory\":{\"disableOOMKiller\":true}}",
		     "linux: resources: memory: disableOOMKiller: cgroup v2 has no such setting");
	CHECK_LIMITS(V2, "{\"memory\":{\"kernel\":5}}",
		     "linux: resources: memory: kernel: cgroup v2 has no such setting");
	/* What docker and podman send for "not set". */
	CHECK_LIMITS(V2,
		     "{\"memory\":{\"swappiness\":0,\"disableOOMKiller\":false,\"kernel\":-1,"
		     "\"kernelTCP\":0,\"useHierarchy\":false,\"checkBeforeUpdate\":false}}",
		     "");
	CHECK_LIMITS(V1, "{\"memory\":{\"swappiness\":18446744073709551615}}", "");
	CHECK_LIMITS(V1, "{\"memory\":{\"swappiness\":101}}",
		     "linux: resources: memory: swappiness: 101 is more than 100");
	CHECK_LIMITS(V1, "{\"memory\":{\"kernel\":5}}",
		     "cgroup warning: linux: resources: memory: kernel: kernels since 5.16 have no "
		     "such limit, ignored\n");
	CHECK_LIMITS(V2, "{\"memory\":{\"limit\":5,\"checkBeforeUpdate\":true}}",
		     "cgroup limit memory: memory.max = 5, not below the usage\n");
}

TEST(cgroup_cpu)
{
	const char *r = "{\"cpu\":{\"shares\":1024,\"quota\":50000,\"period\":200000,\"burst\":10,"
			"\"idle\":1,\"cpus\":\"0-1\",\"mems\":\"0\"}}";

	CHECK_LIMITS(V1, r,
		     "cgroup early cpuset: cpuset.cpus = 0-1 | cpus = 0-1\n"
		     "cgroup early cpuset: cpuset.mems = 0 | mems = 0\n"
		     "cgroup limit cpu: cpu.shares = 1024, read back\n"
		     "cgroup limit cpu: cpu.idle = 1\n"
		     "cgroup limit cpu: cpu.cfs_period_us = 200000\n"
		     "cgroup limit cpu: cpu.cfs_quota_us = 50000\n"
		     "cgroup limit cpu: cpu.cfs_burst_us = 10\n");
	CHECK_LIMITS(V2, r,
		     "cgroup early cpuset: cpuset.cpus = 0-1\n"
		     "cgroup early cpuset: cpuset.mems = 0\n"
		     "cgroup limit cpu: cpu.weight = 100\n"
		     "cgroup limit cpu: cpu.idle = 1\n"
		     "cgroup limit cpu: cpu.max = 50000 200000\n"
		     "cgroup limit cpu: cpu.max.burst = 10\n");
	CHECK_LIMITS(V2, "{\"cpu\":{\"quota\":-1}}", "cgroup limit cpu: cpu.max = max 100000\n");
	CHECK_LIMITS(V2, "{\"cpu\":{\"period\":1000}}", "cgroup limit cpu: cpu.max = max 1000\n");
	CHECK_LIMITS(V1, "{\"cpu\":{\"realtimeRuntime\":950,\"realtimePeriod\":1000}}",
		     "cgroup early cpu: cpu.rt_period_us = 1000\n"
		     "cgroup early cpu: cpu.rt_runtime_us = 950\n");
	CHECK_LIMITS(V2, "{\"cpu\":{\"realtimeRuntime\":950}}",
		     "linux: resources: cpu: realtimeRuntime: cgroup v2 has no such setting");
	CHECK_LIMITS(V2, "{\"cpu\":{\"realtimeRuntime\":0,\"shares\":0,\"quota\":0}}", "");
	CHECK_LIMITS(V1, "{\"cpu\":{\"shares\":262145}}",
		     "linux: resources: cpu: shares: 262145 is more than 262144");
	CHECK_LIMITS(V1, "{\"cpu\":{\"cpus\":\"0\\n1\"}}",
		     "linux: resources: cpu: cpus: '0 1' is not a list like 0-3,7");
}

TEST(cgroup_pids)
{
	CHECK_LIMITS(V1, "{\"pids\":{\"limit\":-1}}", "cgroup limit pids: pids.max = max\n");
	CHECK_LIMITS(V2, "{\"pids\":{\"limit\":0}}", "cgroup limit pids: pids.max = 1\n");
	CHECK_LIMITS(V2, "{\"pids\":{\"limit\":77}}", "cgroup limit pids: pids.max = 77\n");
	CHECK_LIMITS(
		HYBRID, "{\"pids\":{\"limit\":77}}",
		"linux: resources: pids: limit: this host has no cgroup controller 'pids' (is it "
		"mounted, or disabled on the kernel's command line?)");
}

TEST(cgroup_io)
{
	const char *r = "{\"blockIO\":{\"weight\":500,"
			"\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10}],"
			"\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":100}],"
			"\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":0}]}}";

	CHECK_LIMITS(V1, r,
		     "cgroup limit blkio: blkio.weight = 500 | blkio.bfq.weight = 500\n"
		     "cgroup limit blkio: blkio.weight_device = 8:0 10 | "
		     "blkio.bfq.weight_device = 8:0 10\n"
		     "cgroup limit blkio: blkio.throttle.read_bps_device = 8:0 100\n"
		     "cgroup limit blkio: blkio.throttle.write_iops_device = 8:16 0\n");
	CHECK_LIMITS(V2, r,
		     "cgroup limit io: io.bfq.weight = 500 | io.weight = 4950\n"
		     "cgroup limit io: io.bfq.weight = 8:0 10 | io.weight = 8:0 1\n"
		     "cgroup limit io: io.max = 8:0 rbps=100\n"
		     "cgroup limit io: io.max = 8:16 wiops=max\n");
	CHECK_LIMITS(V2, "{\"blockIO\":{\"leafWeight\":100}}",
		     "linux: resources: blockIO: leafWeight: cgroup v2 has no such setting");
	CHECK_LIMITS(V1, "{\"blockIO\":{\"leafWeight\":100}}",
		     "cgroup limit blkio: blkio.leaf_weight = 100\n");
	CHECK_LIMITS(V2, "{\"blockIO\":{\"weight\":5}}",
		     "linux: resources: blockIO: weight: 5 is not within 10..1000");
	CHECK_LIMITS(V2, "{\"blockIO\":{\"weight\":0,\"leafWeight\":0}}", "");
}

TEST(cgroup_hugetlb_net_rdma)
{
	const char *huge = "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4096}]}";
	const char *net = "{\"network\":{\"classID\":7,\"priorities\":[{\"name\":\"eth0\","
			  "\"priority\":3}]}}";
	const char *rdma = "{\"rdma\":{\"mlx5_0\":{\"hcaHandles\":3}}}";

	CHECK_LIMITS(V1, huge,
		     "cgroup limit hugetlb: hugetlb.2MB.limit_in_bytes = 4096\n"
		     "cgroup limit hugetlb: hugetlb.2MB.rsvd.limit_in_bytes = 4096, if there\n");
	CHECK_LIMITS(HYBRID, huge,
		     "cgroup limit hugetlb: hugetlb.2MB.max = 4096\n"
		     "cgroup limit hugetlb: hugetlb.2MB.rsvd.max = 4096, if there\n");
	CHECK_LIMITS(V2, "{\"hugepageLimits\":[{\"pageSize\":\"../2MB\",\"limit\":4096}]}",
		     "linux: resources: hugepageLimits: '../2MB' is not a page size like 2MB");
	CHECK_LIMITS(V1, net,
		     "cgroup limit net_cls: net_cls.classid = 7\n"
		     "cgroup limit net_prio: net_prio.ifpriomap = eth0 3\n");
	CHECK_LIMITS(V2, net, "linux: resources: network: classID: cgroup v2 has no such setting");
	CHECK_LIMITS(V1, rdma,
		     "cgroup limit rdma: rdma.max = mlx5_0 hca_handle=3 hca_object=max\n");
	CHECK_LIMITS(V2, rdma,
		     "cgroup limit rdma: rdma.max = mlx5_0 hca_handle=3 hca_object=max\n");
}

TEST(cgroup_unified)
{
	CHECK_LIMITS(V2, "{\"unified\":{\"io.max\":\"8:0 rbps=1\\n8:16 wbps=2\\n\"}}",
		     "cgroup limit io: io.max = 8:0 rbps=1\n"
		     "cgroup limit io: io.max = 8:16 wbps=2\n");
	CHECK_LIMITS(V2, "{\"unified\":{\"cgroup.max.depth\":\"3\"}}",
		     "cgroup limit cgroup: cgroup.max.depth = 3\n");
	CHECK_LIMITS(V2, "{\"unified\":{\"misc.max\":\"3\"}}",
		     "linux: resources: unified: misc.max: this host has no cgroup v2 controller "
		     "'misc'");
	CHECK_LIMITS(V2, "{\"unified\":{\"../memory.max\":\"3\"}}",
		     "linux: resources: unified: ../memory.max: is not a file name like "
		     "CONTROLLER.PARAMETER");
	CHECK_LIMITS(V2, "{\"unified\":{\"cgroup.procs\":\"0\"}}",
		     "linux: resources: unified: cgroup.procs: belongs to the runtime");
	CHECK_LIMITS(V1, "{\"unified\":{\"memory.max\":\"3\"}}",
		     "linux: resources: unified: memory.max: needs cgroup v2");
	CHECK_LIMITS(
		HYBRID, "{\"unified\":{\"memory.max\":\"3\"}}",
		"linux: resources: unified: memory.max: needs cgroup v2, but 'memory' is in a v1 "
		"hierarchy");
	CHECK_LIMITS(HYBRID, "{\"unified\":{\"hugetlb.2MB.max\":\"0\"}}",
		     "cgroup limit hugetlb: hugetlb.2MB.max = 0\n");
}

#define CHECK_PATHS(host, path, want) CHECK_TEXT(paths(&a, host, path), want)

TEST(cgroup_paths)
{
	auto_arena struct arena a = { 0 };
	struct host *h = host_of(&a, HYBRID), *v2 = host_of(&a, V2);

	CHECK_PATHS(h, "/a//b/./c",
		    "/sys/fs/cgroup/memory/a/b/c\n/sys/fs/cgroup/devices/a/b/c\n"
		    "/sys/fs/cgroup/unified/a/b/c\n");
	CHECK_PATHS(h, "a/b",
		    "/sys/fs/cgroup/memory/own/a/b\n/sys/fs/cgroup/devices/own/a/b\n"
		    "/sys/fs/cgroup/unified/own/a/b\n");
	CHECK_PATHS(h, NULL,
		    "/sys/fs/cgroup/memory/own/id\n/sys/fs/cgroup/devices/own/id\n"
		    "/sys/fs/cgroup/unified/own/id\n");
	CHECK_PATHS(v2, "", "/sys/fs/cgroup/own/id\n");
	CHECK_PATHS(v2, "/x", "/sys/fs/cgroup/x\n");
	CHECK_PATHS(v2, "/..x", "/sys/fs/cgroup/..x\n");
	CHECK_PATHS(v2, "/a/../b", "linux: cgroupsPath: '/a/../b' has a '..'");
	CHECK_PATHS(v2, "..", "linux: cgroupsPath: '..' has a '..'");
	CHECK_PATHS(v2, "/", "linux: cgroupsPath: '/' is the root cgroup");
}

TEST(cgroup_paths_nested)
{
	auto_arena struct arena a = { 0 };
	struct host *h = host_of(&a, V1);
	struct host_cgroup *c = h->cgroups.v;

	h->cgroups.n = 1;
	/* A container without a cgroup namespace: its own part is what is mounted. */
	c[0].root = (char *)"/docker/c1";
	c[0].own = (char *)"/docker/c1";
	CHECK_PATHS(h, "", "/sys/fs/cgroup/memory/id\n");
	c[0].own = (char *)"/docker/c1/init";
	CHECK_PATHS(h, "", "/sys/fs/cgroup/memory/init/id\n");
	c[0].own = (char *)"/docker/c10";
	CHECK_PATHS(h, "", "/sys/fs/cgroup/memory/id\n");
	c[0].root = (char *)"/";
	c[0].own = (char *)"/../x";
	CHECK_PATHS(h, "", "/sys/fs/cgroup/memory/id\n");
}

TEST(cgroup_modes_without_cgroups)
{
	auto_arena struct arena a = { 0 };
	struct host none = { .cgroup_mode = HOST_CGROUP_NONE };
	struct oci_device_rule deny = { 0 };
	struct oci_resources r = { .devices = { 1, &deny } };
	struct oci_linux linux_ = { 0 };
	struct oci_config config = { .linux_ = &linux_ };
	struct plan_input in = { .config = &config, .host = &none, .id = "id" };
	struct plan_cgroup p;
	struct err e = { 0 };

	CHECK(!plan_cgroup(&in, &a, &p, &e));
	CHECK_HAS(p.warning, "no cgroup hierarchy is mounted");
	CHECK(p.n_dirs == 0 && p.dev == CGROUP_DEV_NONE);
	linux_.resources = &r;
	CHECK(plan_cgroup(&in, &a, &p, &e) && e.num == ENOTSUP);
	CHECK_HAS(e.msg, "linux: resources: devices");
	in.cgroups_disabled = true;
	CHECK(!plan_cgroup(&in, &a, &p, &e));
	CHECK_HAS(p.warning, "cgroups are disabled");
	CHECK_HAS(p.warning, "nothing enforces it");
	in.cgroups_disabled = false;
	in.rootless = true;
	CHECK(!plan_cgroup(&in, &a, &p, &e));
}

#define NOBODY (-1)

/* Who gets the directory: process.user.uid `uid`, with or without namespaces of its own. */
static int64_t owner(enum layout l, bool cgroupns, bool userns, uint32_t uid, bool ro)
{
	auto_arena struct arena a = { 0 };
	struct oci_namespace ns[] = { { cgroupns ? OCI_NS_CGROUP : OCI_NS_PID, NULL },
				      { OCI_NS_USER, NULL } };
	struct oci_idmap map = { 0, 100000, 65536 };
	char *options[] = { (char *)"nosuid", (char *)"ro", NULL };
	struct oci_mount mount = { .type = (char *)"cgroup", .options = { ro ? 2 : 0, options } };
	struct oci_linux linux_ = { .namespaces = { userns ? 2 : 1, ns },
				    .uid_mappings = { 1, &map } };
	struct oci_process process = { .user = { .uid = uid } };
	struct oci_config config = { .linux_ = &linux_,
				     .process = &process,
				     .mounts = { 1, &mount } };
	struct plan_input in = { .config = &config, .host = host_of(&a, l), .id = "id" };
	struct plan_cgroup p = { 0 };
	struct err e = { 0 };

	CHECK(!plan_cgroup(&in, &a, &p, &e));
	return p.delegate ? (int64_t)p.owner : NOBODY;
}

/* runtime-spec "Cgroup ownership": v2, a new cgroup namespace, and a writable mount. */
TEST(cgroup_owner)
{
	CHECK(owner(V2, true, true, 7, false) == 100007);
	CHECK(owner(V2, true, true, 0, false) == 100000);
	CHECK(owner(V2, true, true, 70000, false) == NOBODY); /* unmapped */
	CHECK(owner(V2, true, false, 7, false) == 7);
	CHECK(owner(V2, true, false, 0, false) == NOBODY); /* root has it already */
	CHECK(owner(V2, true, true, 0, true) == NOBODY);
	CHECK(owner(V2, false, true, 0, false) == NOBODY);
	CHECK(owner(V1, true, true, 0, false) == NOBODY);
	CHECK(owner(HYBRID, true, true, 0, false) == NOBODY);
}

/* What a kubelet's pod sends, complete. */
TEST(cgroup_whole_plan_v2)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str text = { 0 };
	const char *doc = "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
			  "{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,"
			  "\"access\":\"rw\"}],\"cpu\":{\"shares\":2}}";
	struct oci_linux linux_ = { .cgroups_path = (char *)"/kubepods/pod1/c1" };
	struct oci_config config = { .linux_ = &linux_ };
	struct plan_input in = { .config = &config, .host = host_of(&a, V2), .id = "c1" };
	struct plan_cgroup p;
	struct err e = { 0 };

	linux_.resources = resources_of(&a, doc, &e);
	ASSERT(linux_.resources);
	ASSERT(!plan_cgroup(&in, &a, &p, &e));
	plan_cgroup_print(&p, &text);
	CHECK_TEXT(str_text(&text),
		   "cgroup make /sys/fs/cgroup/kubepods/pod1/c1 (v2, needed) +cpu\n"
		   "cgroup limit cpu: cpu.weight = 1\n"
		   "cgroup devices by program in /sys/fs/cgroup/kubepods/pod1/c1\n"
		   "cgroup device deny a *:* rwm\n"
		   "cgroup device allow c 10:229 rw\n"
		   "cgroup device allow c *:* m\n"
		   "cgroup device allow b *:* m\n"
		   "cgroup device allow c 1:3 rwm\n"
		   "cgroup device allow c 1:5 rwm\n"
		   "cgroup device allow c 1:7 rwm\n"
		   "cgroup device allow c 1:8 rwm\n"
		   "cgroup device allow c 1:9 rwm\n"
		   "cgroup device allow c 5:0 rwm\n"
		   "cgroup device allow c 5:1 rwm\n"
		   "cgroup device allow c 5:2 rwm\n"
		   "cgroup device allow c 136:* rwm\n"
		   "cgroup device allow c 10:200 rwm\n");
}
