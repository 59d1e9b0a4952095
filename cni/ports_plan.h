/* SPDX-License-Identifier: Apache-2.0 */
/* ports_plan: the operations for a pod's host ports; pure. */
#ifndef CNI_PORTS_PLAN_H
#define CNI_PORTS_PLAN_H

#include "cni/plan.h"
#include "cni/ports.h"

/* Where the pod is on the host, as far as it is known. */
struct ports_place {
	const char *device; /* its end of the pair; "": not known */
	const char *route;  /* the interface behind which its addresses are; NULL: not known */
	bool bridge;	    /* that one is a bridge */
};

/* Nothing if there are no mappings. */
void ports_plan_add(const struct port_maps *maps, enum port_snat snat, const struct attach *at,
		    const struct ports_place *place, struct plan *p);

/* From names alone. */
void ports_plan_del(const struct attach *at, struct plan *p);

#endif
