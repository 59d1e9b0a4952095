/* SPDX-License-Identifier: Apache-2.0 */
/* Every planner of the engine, on any config that is valid. */
#include <stdlib.h>
#include <string.h>

#include "shim/engine/plan.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "tests/fuzz/fuzz.h"

static struct host_cgroup v1_cgroups[] = {
	{ "memory", "/sys/fs/cgroup/memory", "/", "/", { 0 } },
	{ "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "/", "/user", { 0 } },
	{ "name=systemd", "/sys/fs/cgroup/systemd", "/", "/", { 0 } },
	{ "", "/sys/fs/cgroup/unified", "/", "/", { 0 } },
};
static char *v2_controllers[] = {
	"cpu", "cpuset", "io", "memory", "pids", "hugetlb", "rdma", NULL
};
static struct host_cgroup v2_cgroups[] = {
	{ "", "/sys/fs/cgroup", "/", "/", { countof(v2_controllers) - 1, v2_controllers } },
};
static struct oci_idmap groups[] = { { 0, 1000, 1 } };
static const struct host hosts[] = {
	{ .cgroup_mode = HOST_CGROUP_HYBRID,
	  .cgroups = { countof(v1_cgroups), v1_cgroups },
	  .cgroup_base = "/sys/fs/cgroup",
	  .bounding = UINT64_MAX,
	  .last_cap = 40,
	  .seccomp = true,
	  .has_idmap = true,
	  .has_timens = true },
	{ .cgroup_mode = HOST_CGROUP_V2,
	  .cgroups = { countof(v2_cgroups), v2_cgroups },
	  .cgroup_base = "/sys/fs/cgroup",
	  .last_cap = 40,
	  .in_userns = true,
	  .gids = { countof(groups), groups },
	  .euid = 1000 },
	{ .cgroup_mode = HOST_CGROUP_V2,
	  .cgroups = { countof(v2_cgroups), v2_cgroups },
	  .cgroup_base = "/sys/fs/cgroup",
	  .bounding = UINT64_MAX,
	  .last_cap = 40,
	  .apparmor = true,
	  .selinux = true,
	  .seccomp = true,
	  .swap_accounting = true,
	  .has_idmap = true,
	  .has_timens = true },
};

/* The plan as text, or what was refused. */
static char *plan_text(const struct oci_config *c, const struct host *host, bool systemd,
		       struct arena *a)
{
	struct plan_input in = {
		.config = c, .host = host, .id = "fuzz", .bundle = "/bundle", .systemd = systemd
	};
	struct str out = { 0 };
	struct plan plan = { 0 };
	struct err e = { 0 };
	char *text;

	if (plan_make(&in, a, &plan, &e)) {
		if (!e.num || !*e.msg)
			abort();
		return arena_strdup(a, e.msg);
	}
	plan_print(&plan, &out);
	text = arena_strdup(a, str_text(&out));
	str_done(&out);
	return text;
}

/* Pure: the same text twice, with either cgroup driver. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	const struct oci_config *c = oci_config_parse((const char *)data, size, &a, &e);

	for (size_t i = 0; c && i < 2 * countof(hosts); i++) {
		const struct host *host = &hosts[i / 2];
		const char *first = plan_text(c, host, i % 2, &a);

		if (!str_eq(first, plan_text(c, host, i % 2, &a)))
			abort();
	}
	return 0;
}
