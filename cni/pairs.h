/* SPDX-License-Identifier: Apache-2.0 */
/* pairs: the interfaces that this program made for pods, and whose they are. */
#ifndef CNI_PAIRS_H
#define CNI_PAIRS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "cni/rtnl.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

#define PAIR_ALIAS_MAX 255 /* bytes, with no NUL behind them: IFALIASZ - 1 */

#define PAIR_VETH "veth"
#define PAIR_IFB  "ifb"

/*
 * The host end of a pair has the alias "peapod OWNER DATADIR" (ip-link(8) shows
 * it), where OWNER is "NETWORK CONTAINERID IFNAME" as in nftables, and DATADIR
 * is where its lease is; "-" for a pair without one. An ifb device, by which
 * the pod's packets make a detour, has its host end's name there. "" if it
 * would not fit.
 */
char *pair_alias(const char *owner, const char *place, struct arena *a);

struct pair {
	int index;
	char name[IF_NAMESIZE];
	const char *network, *owner, *place; /* of the alias; place "" for none */
};
struct pairs {
	struct pair *v;
	size_t n;
};

void pairs_add(struct pairs *pairs, const struct pair *p, struct arena *a);

/*
 * All of that kind with such an alias. In the arena. r->torn: one may be missing,
 * even after some tries.
 */
int pairs_list(struct rtnl *r, const char *kind, struct arena *a, struct pairs *out, struct err *e);

/* Delete many at once: what takes the kernel long is done once for all. */
int pairs_delete(struct rtnl *r, const struct pairs *pairs, struct err *e);

#endif
