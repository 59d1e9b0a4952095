/* SPDX-License-Identifier: Apache-2.0 */
/* record: who, what, where and since when. */
#include "shim/engine/record.h"

#include <unistd.h>

#include "shim/engine/cgroup.h"
#include "spec/base/when.h"

void record_fill(const struct engine_create *req, const struct plan *plan, struct arena *a,
		 struct oci_state *out)
{
	const struct oci_config *c = plan->in->config;
	char now[WHEN_SIZE];

	when_now(now);
	*out = (struct oci_state){
		.oci_version = c->oci_version ? c->oci_version : arena_strdup(a, "1.0.0"),
		.id = arena_strdup(a, req->id),
		.bundle = arena_strdup(a, req->bundle),
		.rootfs = arena_strdup(a, plan->mounts.rootfs),
		.created = arena_strdup(a, now),
		.owner = geteuid() ? arena_printf(a, "%u", geteuid()) : arena_strdup(a, "root"),
		.own_pidns = plan->ns.own_pidns,
		.has_poststart = c->hooks.poststart.n,
		.has_poststop = c->hooks.poststop.n,
		.has_listener =
			c->linux_ && c->linux_->seccomp && c->linux_->seccomp->listener_path,
	};
	out->annotations.n = c->annotations.n;
	out->annotations.v = c->annotations.v;
	cgroup_to_state(&plan->cgroup, NULL, out, a);
}
