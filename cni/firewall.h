/* SPDX-License-Identifier: Apache-2.0 */
/* firewall: what may be forwarded to and from pods, by sets in nftables. */
#ifndef CNI_FIREWALL_H
#define CNI_FIREWALL_H

#include "cni/firewall_pod.h"
#include "cni/nft.h"
#include "cni/owner.h"
#include "spec/base/err.h"

/*
 * In our table (cni/nft_table.h), for IPv4, and the same with 6:
 *
 *	set pods4  { ip }		pods, each with its owner as comment
 *	set walls  { ifname }		bridges with ingressPolicy same-bridge or isolated
 *	set rooms  { ifname . ifname }	the same with themselves: not isolated
 *	set closed { ifname . ifname }	isolated ones with themselves
 *	chain forward { filter hook at 0
 *		iifname . oifname @closed drop
 *		iifname . oifname @rooms goto admitted
 *		iifname @walls oifname @walls drop
 *		goto admitted }
 *	chain admitted {
 *		jump CNI-ADMIN			the administrator's, never changed
 *		ip daddr @pods4 ct state established,related accept
 *		ip saddr @pods4 accept }
 *
 * That is what the reference makes in iptables. Like there, what was done for a
 * bridge stays. Unlike there, accepting here does not overrule a drop in
 * somebody else's table: nftables has no such thing.
 */
#define FIREWALL_ADMIN "CNI-ADMIN"

/* Have the pod's elements, all by one batch; those that a vanished pod left are replaced. */
int firewall_ensure(struct nft *n, const struct firewall_pod *pod, struct err *e);

/* 1 when all are there, 0, -1. */
int firewall_present(struct nft *n, const struct firewall_pod *pod, struct err *e);

/* Remove the owner's. */
int firewall_free(struct nft *n, const char *owner, struct err *e);

/* The same of the owners that are to go; all is read. */
int firewall_drop(struct nft *n, owner_goes_fn *goes, const void *arg, struct err *e);

#endif
