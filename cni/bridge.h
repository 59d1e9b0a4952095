/* SPDX-License-Identifier: Apache-2.0 */
/* bridge: config and pure planners of pods on a bridge. */
#ifndef CNI_BRIDGE_H
#define CNI_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "cni/ipam.h"
#include "cni/plan.h"
#include "cni/pod_plan.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"

#define BRIDGE_DEFAULT "cni0"

/* The plugin's own keys, after checks. */
struct bridge_conf {
	struct pod_conf pod;
	char *bridge;
	bool is_gateway, is_default_gateway, force_address;
	bool hairpin, promisc, isolated, spoof_check;
	bool tagged;	    /* vlan or vlanTrunk is there: the bridge filters by VLAN */
	struct vlans vlans; /* of the pod's port */
	char *vlan_dev;	    /* the interface with the gateway's address; NULL: the bridge */
};

/*
 * All keys of the reference plugin. Values that make no sense are refused by
 * name (CNI_ERR_CONFIG). with_auto: mtu may be "auto".
 */
int bridge_conf_make(const struct cni_conf *conf, const struct cni_args *args, bool with_auto,
		     struct arena *a, struct bridge_conf *out, struct err *e);

/*
 * What the bridge adds to what address management said, in its answer too: a
 * gateway's address where none is told (the first one of the subnet), and
 * default routes through it. Doing it again changes nothing.
 */
void bridge_complete(const struct bridge_conf *c, struct arena *a, struct ipam_result *ipam);

/* All that ADD does behind address management and bridge_complete(). */
int bridge_plan_add(const struct bridge_conf *c, const struct attach *at,
		    const struct ipam_result *ipam, struct plan *p, struct err *e);

/*
 * The same in two parts, for address management that works through the pod's
 * interface: the pair (its MAC is not derived from an address), and all else.
 */
void bridge_plan_link(const struct bridge_conf *c, const struct attach *at, struct plan *p);
int bridge_plan_net(const struct bridge_conf *c, const struct attach *at,
		    const struct ipam_result *ipam, struct plan *p, struct err *e);

#endif
