/* SPDX-License-Identifier: Apache-2.0 */
/* conntrack: forget the UDP flows of a host port, which otherwise go on to where they went. */
#ifndef CNI_CONNTRACK_H
#define CNI_CONNTRACK_H

#include <stdint.h>

#include "cni/nft.h"
#include "spec/base/err.h"

/*
 * Delete the entries of a family (NFPROTO_IPV4, NFPROTO_IPV6) whose first packet
 * went to that UDP port. The kernel picks them out (Linux 5.8), so the whole
 * table is never read. A kernel without connection tracking has none: success.
 */
int conntrack_forget_udp(struct nft *n, uint8_t nfproto, uint16_t port, struct err *e);

#endif
