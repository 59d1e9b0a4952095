/* SPDX-License-Identifier: Apache-2.0 */
/* ptp: pure planners of pods that the host routes to, without a bridge. */
#ifndef CNI_PTP_H
#define CNI_PTP_H

#include "cni/ipam.h"
#include "cni/plan.h"
#include "cni/pod_plan.h"
#include "spec/base/err.h"

/*
 * The pod reaches everything, its own subnet too, through its gateway, whose
 * address the host has on its end of the pair; the host has a route to each of
 * the pod's addresses. So there is no broadcast, and no limit of ports.
 */

/* The network has to give each address with a gateway (CNI_ERR_CONFIG). */
int ptp_plan_add(const struct pod_conf *c, const struct attach *at, const struct ipam_result *ipam,
		 struct plan *p, struct err *e);

/* The same in two parts, as bridge_plan_link() and bridge_plan_net(). */
void ptp_plan_link(const struct pod_conf *c, const struct attach *at, struct plan *p);
int ptp_plan_net(const struct pod_conf *c, const struct attach *at, const struct ipam_result *ipam,
		 struct plan *p, struct err *e);

#endif
