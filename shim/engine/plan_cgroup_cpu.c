/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup_cpu: linux: resources: cpu to the cpu and cpuset controllers. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "shim/engine/plan_cgroup.h"
#include "shim/engine/plan_cgroup_build.h"

#define SHARES_MIN   2
#define SHARES_MAX   262144
#define WEIGHT_MAX   10000
#define PERIOD_US    100000 /* the kernel's default */
#define CPU_LIST_MAX 4096   /* bytes; the kernel takes a page */

static const struct cgroup_setting shares_setting = {
	.field = "cpu: shares",
	.controller = "cpu",
	.v1_file = "cpu.shares",
	.v2_file = "cpu.weight",
	.flags = CGROUP_READ_BACK,
	.group = CGROUP_GROUP_WEIGHT,
};
static const struct cgroup_setting idle_setting = {
	.field = "cpu: idle",
	.controller = "cpu",
	.v1_file = "cpu.idle",
	.v2_file = "cpu.idle",
	.group = CGROUP_GROUP_WEIGHT,
};
static const struct cgroup_setting max_setting = {
	.field = "cpu: quota",
	.controller = "cpu",
	.v1_file = "cpu.cfs_quota_us",
	.v2_file = "cpu.max",
	.group = CGROUP_GROUP_CFS,
};
static const struct cgroup_setting period_setting = {
	.field = "cpu: period",
	.controller = "cpu",
	.v1_file = "cpu.cfs_period_us",
	.v2_file = "cpu.max",
	.group = CGROUP_GROUP_CFS,
};
static const struct cgroup_setting burst_setting = {
	.field = "cpu: burst",
	.controller = "cpu",
	.v1_file = "cpu.cfs_burst_us",
	.v2_file = "cpu.max.burst",
	.group = CGROUP_GROUP_CFS,
};
/* Before joining: a realtime process may join only where there is a budget. */
static const struct cgroup_setting rt_period_setting = {
	.field = "cpu: realtimePeriod",
	.controller = "cpu",
	.v1_file = "cpu.rt_period_us",
	.flags = CGROUP_EARLY,
	.group = CGROUP_GROUP_RT,
};
static const struct cgroup_setting rt_runtime_setting = {
	.field = "cpu: realtimeRuntime",
	.controller = "cpu",
	.v1_file = "cpu.rt_runtime_us",
	.flags = CGROUP_EARLY,
	.group = CGROUP_GROUP_RT,
};
/* Before joining, so that no page is allocated on a node to be left again. */
static const struct cgroup_setting cpus_setting = {
	.field = "cpu: cpus",
	.controller = "cpuset",
	.v1_file = "cpuset.cpus",
	.v1_alt = "cpus", /* mounted with noprefix */
	.v2_file = "cpuset.cpus",
	.flags = CGROUP_EARLY,
};
static const struct cgroup_setting mems_setting = {
	.field = "cpu: mems",
	.controller = "cpuset",
	.v1_file = "cpuset.mems",
	.v1_alt = "mems",
	.v2_file = "cpuset.mems",
	.flags = CGROUP_EARLY,
};

uint64_t cgroup_weight_of_shares(uint64_t shares)
{
	double l;

	if (!shares)
		return 0;
	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	l = log2((double)shares);
	return (uint64_t)ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

static void plan_weight(struct cgroup_build *b, const struct oci_cpu *cpu)
{
	uint64_t shares = cpu->shares.v;

	if (shares > SHARES_MAX)
		cgroup_fail(b, EINVAL, "cpu: shares", "%llu is more than %d",
			    (unsigned long long)shares, SHARES_MAX);
	else if (shares)
		cgroup_put(b, &shares_setting,
			   arena_printf(b->a, "%llu", (unsigned long long)shares),
			   arena_printf(b->a, "%llu",
					(unsigned long long)cgroup_weight_of_shares(shares)),
			   NULL);
	if (!cpu->idle.set || !cpu->idle.v)
		return;
	if (cpu->idle.v != 1)
		cgroup_fail(b, EINVAL, "cpu: idle", "%lld is neither 0 nor 1",
			    (long long)cpu->idle.v);
	cgroup_put_num(b, &idle_setting, cpu->idle.v);
}

/* One file on v2, "QUOTA PERIOD". */
static void plan_max(struct cgroup_build *b, int64_t quota, uint64_t period)
{
	unsigned long long us = period ? period : PERIOD_US;
	const char *text = quota > 0 ? arena_printf(b->a, "%lld %llu", (long long)quota, us)
				     : arena_printf(b->a, "max %llu", us);

	if (quota || period)
		cgroup_put(b, quota ? &max_setting : &period_setting, NULL, text, NULL);
}

static void plan_bandwidth(struct cgroup_build *b, const struct oci_cpu *cpu)
{
	int64_t quota = cpu->quota.v;
	uint64_t period = cpu->period.v;
	bool v2 = cgroup_is_v2(b, &max_setting);

	if (period > INT64_MAX || cpu->burst.v > INT64_MAX)
		cgroup_fail(b, EINVAL, period > INT64_MAX ? "cpu: period" : "cpu: burst",
			    "out of range");
	if (v2)
		plan_max(b, quota, period);
	if (!v2 && period)
		cgroup_put_num(b, &period_setting, (int64_t)period);
	if (!v2 && quota)
		cgroup_put_num(b, &max_setting, quota < 0 ? -1 : quota);
	if (cpu->burst.v)
		cgroup_put_num(b, &burst_setting, (int64_t)cpu->burst.v);
}

static void plan_realtime(struct cgroup_build *b, const struct oci_cpu *cpu)
{
	if (cpu->realtime_period.v > INT64_MAX)
		cgroup_fail(b, EINVAL, "cpu: realtimePeriod", "out of range");
	if (cpu->realtime_period.v)
		cgroup_put_num(b, &rt_period_setting, (int64_t)cpu->realtime_period.v);
	if (cpu->realtime_runtime.v)
		cgroup_put_num(b, &rt_runtime_setting, cpu->realtime_runtime.v);
}

/* "0-3,7": digits, commas and dashes; the kernel judges the rest. */
static void plan_list(struct cgroup_build *b, const struct cgroup_setting *s, const char *list)
{
	if (!list || !*list)
		return;
	if (list[strspn(list, "0123456789,-")] || strlen(list) > CPU_LIST_MAX)
		cgroup_fail(b, EINVAL, s->field, "'%.64s' is not a list like 0-3,7", list);
	cgroup_put(b, s, list, list, NULL);
}

void cgroup_plan_cpu(struct cgroup_build *b, const struct oci_resources *r)
{
	if (!r->cpu)
		return;
	plan_list(b, &cpus_setting, r->cpu->cpus);
	plan_list(b, &mems_setting, r->cpu->mems);
	plan_realtime(b, r->cpu);
	plan_weight(b, r->cpu);
	plan_bandwidth(b, r->cpu);
}
