/* SPDX-License-Identifier: Apache-2.0 */
/* dead: names are derived, aliases are read; deleting is pairs_delete()'s. */
#include "cni/dead.h"

#include <errno.h>
#include <stdio.h>

#include "cni/bandwidth.h"
#include "cni/owner.h"
#include "cni/proxy.h"
#include "spec/base/str.h"

void dead_pair(struct dead *dead, const struct pair *pair)
{
	pairs_add(&dead->pairs, pair, dead->a);
}

/* What has that name is one more, and no packet passes it from now on. */
static int dead_named(struct dead *dead, const char *name, struct err *e)
{
	struct pair pair = { .index = 0 };
	struct link link;
	int there = link_get(&dead->n->host, name, &link, e);

	if (there <= 0)
		return there;
	if (link_detach(&dead->n->host, link.index, e) && e->num != ENODEV)
		return -1;
	pair.index = link.index;
	snprintf(pair.name, sizeof(pair.name), "%s", name);
	dead_pair(dead, &pair);
	return 0;
}

int dead_lease(struct dead *dead, const char *network, const struct lease_owner *owner,
	       const struct ip_addr *ip, struct err *e)
{
	const struct attach at = { network, owner->container_id, owner->ifname };
	int index = dead->bridge;

	if (dead_named(dead, attach_host_name(&at, dead->a), e) ||
	    dead_named(dead, bandwidth_ifb(&at, true, dead->a), e))
		return -1;
	if (index == DEAD_ANY)
		index = proxy_find(&dead->n->host, ip, e);
	return index <= 0 ? index : proxy_del(&dead->n->host, index, ip, e);
}

static int dead_but(struct dead *dead, const char *kind, const char *network,
		    const struct owners *owners, struct err *e)
{
	struct pairs pairs;

	if (pairs_list(&dead->n->host, kind, dead->a, &pairs, e))
		return -1;
	for (size_t i = 0; i < pairs.n; i++)
		if (str_eq(pairs.v[i].network, network) && !owners_have(owners, pairs.v[i].owner))
			dead_pair(dead, &pairs.v[i]);
	return 0;
}

int dead_ifbs_but(struct dead *dead, const char *network, const struct cni_attachment *valid,
		  size_t n, struct err *e)
{
	const struct owners owners = owners_of(network, valid, n, dead->a);

	return dead_but(dead, PAIR_IFB, network, &owners, e);
}

int dead_pairs_but(struct dead *dead, const char *network, const struct cni_attachment *valid,
		   size_t n, struct err *e)
{
	const struct owners owners = owners_of(network, valid, n, dead->a);

	return dead_but(dead, PAIR_VETH, network, &owners, e) ||
			       dead_but(dead, PAIR_IFB, network, &owners, e)
		       ? -1
		       : 0;
}

int dead_bury(struct dead *dead, struct err *e)
{
	return pairs_delete(&dead->n->host, &dead->pairs, e);
}
