/* SPDX-License-Identifier: Apache-2.0 */
/* pod_plan: keys and operations that pods on a bridge and routed ones have in common; pure. */
#ifndef CNI_POD_PLAN_H
#define CNI_POD_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "cni/ipam.h"
#include "cni/plan.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"

/* The keys of both. */
struct pod_conf {
	uint32_t mtu;  /* 0: the kernel's default */
	bool mtu_auto; /* "auto": the uplink's, which the caller puts into mtu */
	bool ip_masq;
	bool dad;	/* IPv6 addresses are tried before they are used */
	bool idle;	/* the pod's interface is left down */
	struct mac mac; /* asked for */
	bool has_mac;
	/*
	 * Its MAC follows from its IPv4 address and all its neighbours are this
	 * host's: there is nothing to announce. An announcement would go to every
	 * port of the bridge, a thousand copies for a thousand pods.
	 */
	bool quiet;
	bool bare; /* the host's end has no IPv6, if nobody speaks it with that end itself */
};

/*
 * mtu, ipMasq, ipMasqBackend and the MAC: runtimeConfig.mac beats args.cni.mac,
 * which beats CNI_ARGS MAC. What is known but not built is refused by name
 * (CNI_ERR_FIELD), values that make no sense too (CNI_ERR_CONFIG).
 */
int pod_conf_make(const struct cni_conf *conf, const struct cni_args *args, bool allow_auto,
		  struct arena *a, struct pod_conf *out, struct err *e);

bool pod_has_family(const struct ipam_result *ipam, bool v4);

/* The first address of the family, or NULL. */
const struct ip_addr *pod_address(const struct ipam_result *ipam, bool v4);

/* The MAC of the pod's end: the one asked for, or attach_pod_mac(). */
struct mac pod_mac(const struct pod_conf *c, const struct attach *at,
		   const struct ipam_result *ipam, struct arena *a);

/* Forwarding of the families that it has. */
void pod_plan_forwarding(const struct ipam_result *ipam, struct plan *p);

/* Addresses on the pod's interface, which is up then. */
void pod_plan_addresses(const struct pod_conf *c, const struct attach *at,
			const struct ipam_result *ipam, struct plan *p);

/* The routes of address management, checked. */
int pod_plan_routes(const struct attach *at, const struct ipam_result *ipam, struct plan *p,
		    struct err *e);

/* Masquerading of its subnets, if that is configured. */
void pod_plan_masq(const struct pod_conf *c, const struct attach *at,
		   const struct ipam_result *ipam, struct plan *p);

#endif
