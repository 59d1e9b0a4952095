/* SPDX-License-Identifier: Apache-2.0 */
/* range: sets of address ranges as host-local understands them; pure arithmetic. */
#ifndef SPEC_CNI_RANGE_H
#define SPEC_CNI_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/addr.h"
#include "spec/cni/netconf.h"

#define IP_RANGES_MAX 256 /* of one set */

/* A range: start to end, both included, all inside of subnet. */
struct ip_range {
	struct ip_net subnet;
	struct ip_addr start, end, gateway;
};

/* One address is taken from each set; its ranges have one family and do not overlap. */
struct ip_range_set {
	size_t n;
	struct ip_range *v;
};

/*
 * Check a config and fill in the defaults: gateway and start are the subnet's
 * first address, end its last one (IPv4: less the broadcast address). Refused
 * are host bits in the subnet, a prefix longer than all bits but two, a start or
 * end outside, mixed families, overlaps and too many ranges. In the arena.
 */
int ip_range_set_make(const struct cni_range_set_conf *conf, struct arena *a,
		      struct ip_range_set *out, struct err *e);

bool ip_range_sets_overlap(const struct ip_range_set *a, const struct ip_range_set *b);

/* The range that has the address, or NULL. */
const struct ip_range *ip_range_find(const struct ip_range_set *set, const struct ip_addr *ip);

/* "10.1.0.1-10.1.0.254,10.2.0.1-10.2.0.9", for messages. */
char *ip_range_set_text(const struct ip_range_set *set, struct arena *a);

/*
 * Round robin: every address of the set but the gateways once, beginning
 * behind `last` if the set has it, else with the first.
 */
struct ip_range_iter {
	const struct ip_range_set *set;
	size_t at;
	struct ip_addr cur, stop; /* none before the first step */
};
struct ip_range_iter ip_range_iter(const struct ip_range_set *set, const struct ip_addr *last);

/* The next address and the range it is of; false when all have been seen. */
bool ip_range_next(struct ip_range_iter *it, struct ip_addr *out, const struct ip_range **range);

#endif
