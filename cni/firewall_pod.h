/* SPDX-License-Identifier: Apache-2.0 */
/* firewall_pod: what the firewall has to know of a pod. */
#ifndef CNI_FIREWALL_POD_H
#define CNI_FIREWALL_POD_H

#include <stddef.h>

#include "spec/cni/addr.h"

enum ingress_policy {
	INGRESS_OPEN,
	INGRESS_SAME_BRIDGE, /* not from pods on another such bridge */
	INGRESS_ISOLATED,    /* and not from pods on its own */
};

struct firewall_pod {
	const char *owner;
	const struct ip_addr *ips;
	size_t n_ips;
	enum ingress_policy policy;
	const char *bridge; /* for a policy that is not open */
};

#endif
