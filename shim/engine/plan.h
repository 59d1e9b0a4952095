/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what would be done for a config on a host, as plain records; pure, printable. */
#ifndef SHIM_ENGINE_PLAN_H
#define SHIM_ENGINE_PLAN_H

#include "shim/engine/plan_cgroup.h"
#include "shim/engine/plan_dev.h"
#include "shim/engine/plan_input.h"
#include "shim/engine/plan_mounts.h"
#include "shim/engine/plan_netdev.h"
#include "shim/engine/plan_ns.h"
#include "shim/engine/plan_proc.h"
#include "shim/engine/plan_rdt.h"
#include "shim/engine/plan_seccomp.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"
#include "spec/oci/config.h"

struct plan {
	const struct plan_input *in;
	struct plan_ns ns;
	struct plan_mounts mounts;
	struct plan_dev dev;
	struct plan_cgroup cgroup;
	struct plan_netdevs netdevs;
	struct plan_rdt rdt;
	struct plan_proc proc;
	struct plan_seccomp seccomp;
};

/*
 * Refuse what is not built or not possible here, naming the field, then run
 * the planners in order. Everything in the arena.
 */
int plan_make(const struct plan_input *in, struct arena *a, struct plan *out, struct err *e);

/* One line per operation, in the order in which they are carried out. */
void plan_print(const struct plan *p, struct str *out);

#endif
