/* SPDX-License-Identifier: Apache-2.0 */
/* spoof: a pod on a bridge sends frames with its own MAC only. */
#ifndef CNI_SPOOF_H
#define CNI_SPOOF_H

#include <stdint.h>

#include "cni/nft.h"
#include "cni/owner.h"
#include "spec/base/err.h"

/*
 * table bridge peapod {
 *	set guarded { ifname }			ports whose frames are checked
 *	set macs { ifname . ether_addr }	what may come from them
 *	chain prerouting { filter hook at -300
 *		iifname . ether saddr @macs return
 *		iifname @guarded drop }
 * }
 * Both elements of a port have its owner as their comment, and are in an index
 * by owner (cni/owned.h).
 */
int spoof_ensure(struct nft *n, const char *owner, const char *port, const uint8_t mac[6],
		 struct err *e);

/* 1 when that is so, 0 when not, -1. */
int spoof_present(struct nft *n, const char *port, const uint8_t mac[6], struct err *e);

/* Free the owner's ports. */
int spoof_free(struct nft *n, const char *owner, struct err *e);

/* The same of the owners that are to go; all is read. */
int spoof_drop(struct nft *n, owner_goes_fn *goes, const void *arg, struct err *e);

#endif
