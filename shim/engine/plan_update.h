/* SPDX-License-Identifier: Apache-2.0 */
/* plan_update: new limits for a container that exists, as file writes and as its new record. */
#ifndef SHIM_ENGINE_PLAN_UPDATE_H
#define SHIM_ENGINE_PLAN_UPDATE_H

#include "shim/engine/host.h"
#include "shim/engine/plan_cgroup.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/config.h"
#include "spec/oci/state.h"

struct plan_update {
	/*
	 * The writes alone: no devices, nothing early. The directories are
	 * those of the record, in .mountpoint, with an empty .path.
	 */
	struct plan_cgroup cgroup;
	struct oci_resources *given; /* what changes, completed by what is bound to it */
};

/*
 * Pure: what `given` changes about the container of that record.
 *   - 0 and "" are "not given" where they mean nothing (limits, shares, quota, weights);
 *   - quota and period, and the limits of memory and of memory with swap, are
 *     completed by the stored one, as the kernel takes or judges them together;
 *   - memory.limit -1 alone lifts the limit of swap as well;
 *   - devices are left alone: a container's devices do not change with its limits.
 * Refused, naming the key: what plan_cgroup() refuses, and a setting in a
 * hierarchy where the container has no directory.
 */
int plan_update(const struct oci_state *s, const struct host *host,
		const struct oci_resources *given, struct arena *a, struct plan_update *out,
		struct err *e);

/*
 * Put the given fields into a document of config.json, below linux.resources: lists
 * entry by entry (by page size, device, interface). cpu.idle without
 * cpu.shares drops the stored shares, as the kernel does. The given tree is borrowed.
 */
void plan_update_record(const struct plan_update *p, struct json_object *config);

/*
 * What to write into the write's file to get back what `text`, its content now,
 * says; NULL where the file cannot tell. In the arena.
 */
const char *plan_update_old(const struct plan_cgroup_write *w, const char *text, struct arena *a);

#endif
