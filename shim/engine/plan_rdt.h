/* SPDX-License-Identifier: Apache-2.0 */
/* plan_rdt: which resctrl group the container's processes go into, and what is written there. */
#ifndef SHIM_ENGINE_PLAN_RDT_H
#define SHIM_ENGINE_PLAN_RDT_H

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"
#include "spec/oci/config.h"

struct plan_input;

/* linux.intelRdt (runtime-spec config-linux.md "IntelRdt"; resctrl.rst of the kernel). */
struct plan_rdt {
	bool present;
	const char *clos;    /* directory below the resctrl mount; "" is the mount itself */
	bool must_exist;     /* closID without schema: somebody else has set it up */
	char **compare;	     /* lines (NULL-terminated) that a group which is there must have */
	char **lines;	     /* and what is written into schemata, one after the other */
	const char *monitor; /* mon_groups/<this> is made in it; NULL: none */
	bool cache_monitoring, bandwidth_monitoring; /* the machine must be capable of it */
};

/* Nothing here depends on the host; closID was checked by oci_validate(). */
int plan_rdt(const struct plan_input *in, struct arena *a, struct plan_rdt *out, struct err *e);

/*
 * Does the text of a schemata file have what the line ("L3:0=f;1=f0") says? Domains that the
 * line leaves out do not matter, nor do spaces and leading zeros.
 */
bool plan_rdt_matches(const char *schemata, const char *line);

void plan_rdt_print(const struct plan_rdt *p, struct str *out);

#endif
