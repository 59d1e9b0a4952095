/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup_memory: linux: resources: memory and pids. */
#include <errno.h>
#include <string.h>

#include "shim/engine/plan_cgroup.h"
#include "shim/engine/plan_cgroup_build.h"

#define SWAPPINESS_MAX 100
#define UNLIMITED      (-1)

static const struct cgroup_setting limit_setting = {
	.field = "memory: limit",
	.controller = "memory",
	.v1_file = "memory.limit_in_bytes",
	.v2_file = "memory.max",
	.group = CGROUP_GROUP_MEMORY,
};
static const struct cgroup_setting swap_setting = {
	.field = "memory: swap",
	.controller = "memory",
	.v1_file = "memory.memsw.limit_in_bytes",
	.v2_file = "memory.swap.max",
	.group = CGROUP_GROUP_MEMORY,
};
/* Nothing that a kernel without swap accounting would not do as well. */
static const struct cgroup_setting no_swap_setting = {
	.field = "memory: swap",
	.controller = "memory",
	.v1_file = "memory.memsw.limit_in_bytes",
	.v2_file = "memory.swap.max",
	.flags = CGROUP_IF_THERE,
	.group = CGROUP_GROUP_MEMORY,
};
static const struct cgroup_setting reservation_setting = {
	.field = "memory: reservation",
	.controller = "memory",
	.v1_file = "memory.soft_limit_in_bytes",
	.v2_file = "memory.low",
};
static const struct cgroup_setting kernel_setting = {
	.field = "memory: kernel",
	.controller = "memory",
	.v1_file = "memory.kmem.limit_in_bytes",
};
static const struct cgroup_setting kernel_tcp_setting = {
	.field = "memory: kernelTCP",
	.controller = "memory",
	.v1_file = "memory.kmem.tcp.limit_in_bytes",
};
static const struct cgroup_setting swappiness_setting = {
	.field = "memory: swappiness",
	.controller = "memory",
	.v1_file = "memory.swappiness",
};
static const struct cgroup_setting oom_setting = {
	.field = "memory: disableOOMKiller",
	.controller = "memory",
	.v1_file = "memory.oom_control",
};
static const struct cgroup_setting hierarchy_setting = {
	.field = "memory: useHierarchy",
	.controller = "memory",
	.v1_file = "memory.use_hierarchy",
};
static const struct cgroup_setting pids_setting = {
	.field = "pids: limit",
	.controller = "pids",
	.v1_file = "pids.max",
	.v2_file = "pids.max",
};

/* -1 is "-1" on v1 and "max" on v2. */
static void put_limit(struct cgroup_build *b, const struct cgroup_setting *s, int64_t value)
{
	const char *text = arena_printf(b->a, "%lld", (long long)value);

	if (value < UNLIMITED)
		cgroup_fail(b, EINVAL, s->field, "%s is negative", text);
	cgroup_put(b, s, text, value == UNLIMITED ? "max" : text, NULL);
}

/*
 * The config's swap is memory and swap together, as v1 has it; v2 counts swap
 * alone. Unset (0) it is unlimited where memory is.
 */
static void plan_swap(struct cgroup_build *b, const struct oci_memory *m)
{
	int64_t limit = m->limit.v, swap = m->swap.v, own;

	if (!swap && limit == UNLIMITED)
		swap = UNLIMITED;
	if (!swap)
		return;
	if (swap == UNLIMITED) {
		put_limit(b, &no_swap_setting, UNLIMITED);
		return;
	}
	if (swap < 0)
		cgroup_fail(b, EINVAL, "memory: swap", "%lld is negative", (long long)swap);
	if (limit <= 0)
		cgroup_fail(b, EINVAL, "memory: swap",
			    "is memory and swap together, and needs a "
			    "memory.limit");
	if (swap < limit)
		cgroup_fail(b, EINVAL, "memory: swap",
			    "%lld is memory and swap together, and less than memory.limit %lld",
			    (long long)swap, (long long)limit);
	own = swap - limit;
	cgroup_put(b, own || !cgroup_is_v2(b, &swap_setting) ? &swap_setting : &no_swap_setting,
		   arena_printf(b->a, "%lld", (long long)swap),
		   arena_printf(b->a, "%lld", (long long)own), NULL);
}

/* What v2 does not have, and what kernels have given up. */
static void plan_v1_memory(struct cgroup_build *b, const struct oci_memory *m)
{
	bool v2 = cgroup_is_v2(b, &limit_setting);

	if (m->kernel.v > 0 && !v2)
		cgroup_warn(b, "linux: resources: memory: kernel: kernels since 5.16 have no such "
			       "limit, ignored");
	else if (m->kernel.v > 0)
		cgroup_put_num(b, &kernel_setting, m->kernel.v);
	if (m->kernel_tcp.v > 0)
		cgroup_put_num(b, &kernel_tcp_setting, m->kernel_tcp.v);
	if (m->disable_oom_killer.v)
		cgroup_put_num(b, &oom_setting, 1);
	if (m->use_hierarchy.v && !v2) /* v2 is never without */
		cgroup_put_num(b, &hierarchy_setting, 1);
	/* UINT64_MAX is how an unset -1 of old callers arrives; 0 would be v1's strictest. */
	if (!m->swappiness.set || m->swappiness.v == UINT64_MAX || (v2 && !m->swappiness.v))
		return;
	if (m->swappiness.v > SWAPPINESS_MAX)
		cgroup_fail(b, EINVAL, "memory: swappiness", "%llu is more than %d",
			    (unsigned long long)m->swappiness.v, SWAPPINESS_MAX);
	cgroup_put_num(b, &swappiness_setting, (int64_t)m->swappiness.v);
}

static void plan_pids(struct cgroup_build *b, const struct oci_pids *pids)
{
	const char *text;

	if (!pids || !pids->limit.set)
		return;
	/* 0 would not even let init run; 1 is what it can mean. */
	text = pids->limit.v < 0 ? "max"
	       : pids->limit.v	 ? arena_printf(b->a, "%lld", (long long)pids->limit.v)
				 : "1";
	cgroup_put(b, &pids_setting, text, text, NULL);
}

void cgroup_plan_memory(struct cgroup_build *b, const struct oci_resources *r)
{
	const struct oci_memory *m = r->memory;
	struct cgroup_setting limit = limit_setting;

	plan_pids(b, r->pids);
	if (!m)
		return;
	if (m->check_before_update.v)
		limit.v2_flags = CGROUP_CHECK_USAGE; /* v1 refuses by itself */
	if (m->limit.v)
		put_limit(b, &limit, m->limit.v);
	plan_swap(b, m);
	if (m->reservation.v)
		put_limit(b, &reservation_setting, m->reservation.v);
	plan_v1_memory(b, m);
}
