/* SPDX-License-Identifier: Apache-2.0 */
/* apply_ports: elements first, then the flows that still go by what was there before. */
#include "cni/apply_ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "cni/conntrack.h"
#include "cni/portmap.h"
#include "cni/portmap_table.h"
#include "spec/base/arena.h"
#include "spec/base/str.h"

static int device_lives(void *arg, const char *device, struct err *e)
{
	struct net *n = arg;
	struct link link;

	return link_get(&n->host, device, &link, e);
}

static int forget_flows(struct net *n, const struct port_maps *maps, struct err *e)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct port_map *map = &maps->v[i];

		if (map->proto == IPPROTO_UDP &&
		    conntrack_forget_udp(&n->nft, portmap_family(&map->ip)->nfproto, map->host_port,
					 e))
			return -1;
	}
	return 0;
}

int do_ports(struct net *n, const struct op *op, struct err *e)
{
	int rc;

	if (net_need_nft(n, e))
		return -1;
	rc = portmap_ensure(&n->nft, &op->ports, device_lives, n, e);
	n->mapped = !rc || rtnl_unsure(e) ? op->ports.owner : NULL;
	return rc ? rc : forget_flows(n, op->ports.maps, e);
}

int are_ports(struct net *n, const struct op *op, struct err *e)
{
	const struct port_map *missing;
	int there = net_need_nft(n, e) ? -1 : portmap_present(&n->nft, &op->ports, &missing, e);

	if (!there)
		return err_set(e, ENOENT, "host port %s is not mapped", port_text(missing).s);
	return there < 0 ? -1 : 0;
}

int unmap_ports(struct net *n, const char *owner, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct port_maps gone;

	if (net_need_nft(n, e) || portmap_drop(&n->nft, owner, &a, &gone, e))
		return -1;
	return forget_flows(n, &gone, e);
}

int do_unmap(struct net *n, const struct op *op, struct err *e)
{
	return unmap_ports(n, op->unmap, e);
}

int unmap_stale(struct net *n, const char *network, const struct cni_attachment *valid,
		size_t n_valid, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct owner_valid arg = { network, owners_of(network, valid, n_valid, &a) };

	struct port_maps gone;

	if (net_need_nft(n, e) || portmap_drop_all(&n->nft, owner_is_stale, &arg, &a, &gone, e))
		return -1;
	return forget_flows(n, &gone, e);
}
