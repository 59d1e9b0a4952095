/* SPDX-License-Identifier: Apache-2.0 */
/* plan: run the planners in order, print what they found. */
#include "shim/engine/plan.h"

int plan_make(const struct plan_input *in, struct arena *a, struct plan *out, struct err *e)
{
	struct plan p = { .in = in };

	if (plan_ns(in, a, &p.ns, e) || plan_proc(in, a, &p.proc, e) ||
	    plan_mounts(in, a, &p.mounts, e) || plan_dev(in, a, &p.dev, e) ||
	    plan_cgroup(in, a, &p.cgroup, e) || plan_netdevs(in, a, &p.netdevs, e) ||
	    plan_rdt(in, a, &p.rdt, e) || plan_seccomp(in, a, &p.seccomp, e))
		return -1;
	*out = p;
	return 0;
}

void plan_print(const struct plan *p, struct str *out)
{
	plan_cgroup_print(&p->cgroup, out);
	plan_rdt_print(&p->rdt, out);
	plan_ns_print(&p->ns, out);
	plan_netdevs_print(&p->netdevs, out);
	plan_mounts_print(&p->mounts, out);
	plan_dev_print(&p->dev, out);
	plan_seccomp_print(&p->seccomp, out);
	plan_proc_print(&p->proc, out);
}
