/* SPDX-License-Identifier: Apache-2.0 */
/* wire: one plan from all parts of the plugins bridge, ptp and peapod; pure. */
#ifndef CNI_WIRE_H
#define CNI_WIRE_H

#include <stdbool.h>

#include "cni/bandwidth.h"
#include "cni/bridge.h"
#include "cni/firewall_conf.h"
#include "cni/ipam.h"
#include "cni/plan.h"
#include "cni/pod_plan.h"
#include "cni/tuning.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"

/*
 * How many ports a bridge gets: the kernel walks all of them for each one more,
 * and copies each broadcast to all of them.
 */
#define WIRE_PORTS_DEFAULT 256
#define WIRE_PORTS_MAX	   1023 /* the kernel's limit */

enum wire_kind {
	WIRE_BRIDGE, /* the reference's bridge */
	WIRE_PTP,    /* the reference's ptp */
	WIRE_PEAPOD, /* the whole chain in one, on a bridge or routed */
};

/* What a config asks for. */
struct wire {
	enum wire_kind kind;
	bool routed; /* no bridge: only bridge.pod counts */
	bool spill;  /* may be routed though there is a bridge, when that is full */
	bool spilled;
	uint32_t ports_max;   /* of a bridge behind which pods are routed */
	const char *data_dir; /* of host-local's leases; NULL: addresses are not from there */
	struct bridge_conf bridge;
	/* of WIRE_PEAPOD: */
	struct bandwidth limits;
	bool walled; /* ingressPolicy is there */
	enum ingress_policy policy;
	struct tuning tuning; /* its mtu is not used, and its mac is bridge.pod's */
};

/* All keys, as far as they can be checked without addresses. */
int wire_make(enum wire_kind kind, const struct cni_conf *conf, const struct cni_args *args,
	      const char *ifname, struct arena *a, struct wire *out, struct err *e);

/*
 * Make it a plan for a routed pod, for whose addresses the host answers on the
 * bridge; false: that would not be the same network (no gateway on the host, a
 * port with properties that only a bridge has, addresses of others).
 */
bool wire_spill(struct wire *w);

/* What the network adds to the answer of address management; before planning. */
void wire_complete(const struct wire *w, struct arena *a, struct ipam_result *ipam);

/*
 * ADD: the pair alone, for address management that works through it; and all
 * the rest, or with `linked` false everything.
 */
void wire_plan_link(const struct wire *w, const struct attach *at, struct plan *p);
int wire_plan_add(const struct wire *w, const struct cni_conf *conf, const struct attach *at,
		  const struct ipam_result *ipam, bool linked, struct plan *p, struct err *e);

/* The bridge on which the host may answer for pods that it routes; NULL: there are no such pods. */
const char *wire_proxy_bridge(enum wire_kind kind, const struct cni_conf *conf);

/* DEL, from names and macspoofchk: no state, no netns; data_dir NULL: the addresses are not
 * host-local's. */
void wire_plan_del(enum wire_kind kind, const struct cni_conf *conf, const struct attach *at,
		   const char *data_dir, struct plan *p);

/* The number of the pod's interface in the result. */
int wire_pod_iface(const struct wire *w);

#endif
