/* SPDX-License-Identifier: Apache-2.0 */
/* ports: port mappings, from the runtime's list to typed entries; pure. */
#ifndef CNI_PORTS_H
#define CNI_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/names.h"
#include "spec/cni/addr.h"
#include "spec/cni/netconf.h"

#define PORTS_MAX 128 /* mappings of one attachment; what one nftables batch can hold */

/* Whose connections to a host port appear to the pod as the host's. */
enum port_snat {
	PORT_SNAT_NONE,
	PORT_SNAT_LOCAL, /* of the pod itself, of pods beside it, and of 127.0.0.0/8 */
	PORT_SNAT_ALL,
};

struct port_map {
	uint8_t proto; /* IPPROTO_* */
	uint16_t host_port, port;
	struct ip_addr host_ip; /* none: every local one of the family */
	struct ip_addr ip;	/* of the pod */
};

struct port_maps {
	size_t n;
	const struct port_map *v;
};

/* All that one pod has, for cni/portmap.h to carry out. */
struct portmap {
	const struct port_maps *maps;
	enum port_snat snat;
	const char *owner;
	const char *device; /* "" if it is not known */
	const char *bridge; /* that the pod is on; NULL: none */
};

/* "tcp", "udp", "sctp" to IPPROTO_*. */
extern const struct name port_protocols[];

/* The keys of the portmap plugin. */
struct ports_conf {
	enum port_snat snat;
};

/*
 * snat, masqAll, markMasqBit (checked; no packet mark is needed here), backend.
 * externalSetMarkChain, conditionsV4, conditionsV6 and the iptables backend have
 * no meaning in nftables of our own and are refused by name (CNI_ERR_FIELD).
 */
int ports_conf_make(const struct cni_conf *conf, struct arena *a, struct ports_conf *out,
		    struct err *e);

/*
 * runtimeConfig.portMappings for a pod with these addresses (none: without that
 * family). A mapping without hostIP, or to 0.0.0.0 or ::, is made for each
 * family that it means and the pod has. Two for one port are an error.
 */
int ports_make(const struct cni_conf *conf, const struct ip_addr *v4, const struct ip_addr *v6,
	       struct arena *a, struct port_maps *out, struct err *e);

/* Do some need 127.0.0.0/8 to be routed to the pod? */
bool ports_need_localnet(const struct port_maps *maps, enum port_snat snat);

/* "tcp 8080", "udp 127.0.0.1:53": the host's side. */
struct port_text {
	char s[80];
};
struct port_text port_text(const struct port_map *map);

#endif
