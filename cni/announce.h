/* SPDX-License-Identifier: Apache-2.0 */
/* announce: tell the link's neighbours which MAC an address has now. */
#ifndef CNI_ANNOUNCE_H
#define CNI_ANNOUNCE_H

#include "cni/link.h"
#include "spec/cni/addr.h"

/*
 * One packet, from an interface of the current network namespace: a gratuitous
 * ARP request (RFC 5227, 3), or an unsolicited neighbour advertisement (RFC
 * 4861, 7.2.6). Neighbours that know the address put their caches right.
 * An IPv4 address may be announced to one of them only, whose MAC `to` is
 * (NULL: to all). 0, or -1 with errno.
 */
int announce(const struct link *link, const struct ip_addr *ip, const struct mac *to);

#endif
