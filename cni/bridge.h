/* SPDX-License-Identifier: Apache-2.0 */
/* bridge: config and pure planners of the bridge and peapod plugins. */
#ifndef CNI_BRIDGE_H
#define CNI_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "cni/ipam.h"
#include "cni/plan.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"
#include "spec/cni/netconf.h"

#define BRIDGE_DEFAULT "cni0"

/* The plugin's own keys, after checks. */
struct bridge_conf {
	char *bridge;
	bool is_gateway, is_default_gateway, force_address, ip_masq;
	bool hairpin, promisc, isolated;
	uint32_t mtu;
	struct mac mac; /* asked for */
	bool has_mac;
};

/*
 * runtimeConfig.mac beats args.cni.mac, which beats CNI_ARGS MAC. Keys that are
 * known but not built are refused by name (CNI_ERR_FIELD), values that make no
 * sense too (CNI_ERR_CONFIG).
 */
int bridge_conf_make(const struct cni_conf *conf, const struct cni_args *args, struct arena *a,
		     struct bridge_conf *out, struct err *e);

/* Interfaces of a result, in this order. */
enum {
	BRIDGE_IFACE_BRIDGE,
	BRIDGE_IFACE_HOST,
	BRIDGE_IFACE_POD,
	BRIDGE_IFACES
};

/* All that ADD does behind address management. Routes were checked. */
int bridge_plan_add(const struct bridge_conf *c, const struct attach *at,
		    const struct ipam_result *ipam, struct plan *p, struct err *e);

/*
 * The same in two parts, for address management that works through the pod's
 * interface: the pair (its MAC is not derived from an address), and all else.
 */
void bridge_plan_link(const struct bridge_conf *c, const struct attach *at, struct plan *p);
int bridge_plan_net(const struct bridge_conf *c, const struct attach *at,
		    const struct ipam_result *ipam, struct plan *p, struct err *e);

/*
 * The host ports of a pod: behind the rest of ADD. Nothing without mappings.
 */
int bridge_plan_ports(const struct cni_conf *conf, const struct bridge_conf *c,
		      const struct attach *at, const struct ipam_result *ipam, struct plan *p,
		      struct err *e);

/* Derived from names alone (ports: host ports too): works with no state, no netns and no usable
 * config. */
void bridge_plan_del(const struct attach *at, const char *data_dir, bool ports, struct plan *p);

#endif
