/* SPDX-License-Identifier: Apache-2.0 */
/* rdt: resctrl groups of Intel's and others' cache and memory bandwidth control. */
#ifndef SHIM_ENGINE_RDT_H
#define SHIM_ENGINE_RDT_H

#include <stdbool.h>
#include <sys/types.h>

#include "shim/engine/plan_rdt.h"
#include "spec/base/err.h"
#include "spec/oci/state.h"

/*
 * All take the resctrl mount as fd, so that tests have one of their own; -1 where the
 * container has no intelRdt, and then nothing is done. Errors start with "linux: intelRdt".
 */

/* The mount: /sys/fs/resctrl, or where else mountinfo has one. ENOTSUP without any. */
int rdt_open(struct err *e);

/*
 * Make the groups of the plan and write its lines. What was made is noted in the record
 * (.rdt_clos, .rdt_monitor, .rdt_made), which must be written before tasks go in.
 */
int rdt_make(const struct plan_rdt *p, int resctrl, struct oci_state *record, struct arena *a,
	     struct err *e);

/* Put a process (all of whose threads are one) into the groups of the record. */
int rdt_join(const struct oci_state *record, int resctrl, pid_t pid, struct err *e);

/* New lines for the group of the record, each of which may be NULL (`update`). */
int rdt_update(const struct oci_state *record, int resctrl, const char *l3, const char *mb,
	       struct err *e);

/*
 * Remove what the record says was made for it. A group with a closID of the config's, which
 * others may have joined, stays as long as there are tasks in it.
 */
int rdt_remove(const struct oci_state *record, int resctrl, struct err *e);

#endif
