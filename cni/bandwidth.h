/* SPDX-License-Identifier: Apache-2.0 */
/* bandwidth: from rates to token buckets and operations; pure. */
#ifndef CNI_BANDWIDTH_H
#define CNI_BANDWIDTH_H

#include <stdbool.h>

#include "cni/plan.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"

/* Directions as the pod sees them: ingress is what it receives. */
struct bandwidth {
	struct tbf ingress, egress; /* rate 0: no limit */
};

/*
 * ingressRate, ingressBurst, egressRate, egressBurst (bit/s, bit) of the config;
 * only if it has none of them, runtimeConfig.bandwidth. A rate goes with a
 * burst, which is less than 4 GiB (CNI_ERR_CONFIG).
 */
int bandwidth_make(const struct cni_conf *conf, struct arena *a, struct bandwidth *out,
		   struct err *e);

bool bandwidth_none(const struct bandwidth *b);

/*
 * The name of the ifb device: the reference's (of network and container; two
 * interfaces of one pod on one network cannot both have one), or of all three.
 */
const char *bandwidth_ifb(const struct attach *at, bool whole, struct arena *a);

/* Limit the pod whose end on the host is `host`; the device is marked as its owner's. */
void bandwidth_plan_add(const struct bandwidth *b, const struct attach *at, const char *host,
			const char *ifb, struct plan *p);

/* From names alone. */
void bandwidth_plan_del(const char *ifb, struct plan *p);

#endif
