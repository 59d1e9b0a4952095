/* SPDX-License-Identifier: Apache-2.0 */
/* record: the record of a container that is about to be made. */
#ifndef SHIM_ENGINE_RECORD_H
#define SHIM_ENGINE_RECORD_H

#include "shim/engine/engine.h"
#include "shim/engine/plan.h"

/* All but config, pid and start time; of the cgroups (cgroup_to_state) that nothing is made yet. */
void record_fill(const struct engine_create *req, const struct plan *plan, struct arena *a,
		 struct oci_state *out);

#endif
