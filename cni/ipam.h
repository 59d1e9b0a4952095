/* SPDX-License-Identifier: Apache-2.0 */
/* ipam: what address management gives to the planners, whoever did it. */
#ifndef CNI_IPAM_H
#define CNI_IPAM_H

#include <stddef.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/addr.h"
#include "spec/cni/result.h"

struct ipam_addr {
	struct ip_net address;
	struct ip_addr gateway; /* none: there is none */
};

struct ipam_result {
	struct {
		size_t n;
		struct ipam_addr *v;
	} ips;
	struct cni_routes routes;
	struct cni_dns dns;
	/* Every gateway that the network's ranges have: they may stand on the bridge side by side.
	 */
	struct {
		size_t n;
		struct ip_addr *v;
	} gateways;
};

/*
 * The same from the prevResult of an attachment: its addresses on that
 * interface (or on none) and its routes. In the arena.
 */
int ipam_from_result(const struct cni_result *r, const char *ifname, struct arena *a,
		     struct ipam_result *out, struct err *e);

/* The ips, routes and dns as a result; all ips on interface number `iface` (-1: none told). */
void ipam_to_result(const struct ipam_result *ipam, int iface, struct arena *a,
		    struct cni_result *out);

/* The first gateway of the same family as ip, or NULL. */
const struct ip_addr *ipam_gateway(const struct ipam_result *ipam, const struct ip_addr *ip);

#endif
