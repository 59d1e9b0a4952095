/* SPDX-License-Identifier: Apache-2.0 */
/* portmap: host ports as elements of nftables maps; rules are the same however many there are. */
#ifndef CNI_PORTMAP_H
#define CNI_PORTMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "cni/nft.h"
#include "cni/owner.h"
#include "cni/ports.h"
#include "spec/base/err.h"

/*
 * In our table (cni/nft_table.h), for IPv4, and the same with 6:
 *
 *	map ports4     { proto . port : ip . port }	  on every local address
 *	map hostports4 { ip . proto . port : ip . port }  on one, and looked up first
 *	set snatlocal4 { proto . host port . ip . port }  masqueraded from here
 *	set snatall4   { the same }			  and from anywhere (masqAll)
 *	set self4      { ip . ip }			  pods with mappings
 *	set index      { hash of owner . number }	  whose comment tells a host port
 *	set hair       { ifname . ifname }		  bridges with such pods, twice
 *	chain prerouting, output { nat hooks at -100; to a local address: goto hostports }
 *	chain hostports { dnat to ... map @hostports4; dnat to ... map @ports4 }
 *	chain hairpin { nat hook at 99; if dnat happened: ... @snatlocal4 goto hairpin4;
 *			... @snatall4 goto masqall }
 *	chain hairpin4 { from itself, from its bridge, from 127.0.0.0/8: masquerade }
 *
 * These are no map of verdicts: with one of those in use the kernel walks all its
 * elements whenever one comes (nft_chain_validate()). Older versions had such, snat4;
 * where it is there its rule stays, and DEL empties it.
 *
 * The snats are looked up with the port that was asked for and the one that it
 * became, so connections that other people's rules redirect are left alone.
 * Elements of ports and hostports have the comment "OWNER DEVICE" (the owner is
 * owner_text()'s, the device the pod's end on the host): so DEL finds what
 * it has to remove with no state, and nobody removes what is another's.
 */

/* Is there that interface on the host? 1, 0, -1. */
typedef int portmap_lives_fn(void *arg, const char *device, struct err *e);

/*
 * Map all, in one batch, or none. A port that is mapped already belongs to its
 * owner while his device is there (or is not known): that is an error. Otherwise
 * it is what a pod left that went without DEL, and it is replaced.
 */
int portmap_ensure(struct nft *n, const struct portmap *p, portmap_lives_fn *lives, void *arg,
		   struct err *e);

/* 1 if all are mapped as they should, 0 if not (*missing says which), -1. */
int portmap_present(struct nft *n, const struct portmap *p, const struct port_map **missing,
		    struct err *e);

/*
 * Remove the mappings of an owner. He is asked for none of them: DEL must not
 * depend on the runtime's telling them again; set `index` has them, and it costs
 * the same however many others there are. *gone (in the arena) are those that
 * were there.
 */
int portmap_drop(struct nft *n, const char *owner, struct arena *a, struct port_maps *gone,
		 struct err *e);

/* The same for all owners that are to go, by reading all that there is. */
int portmap_drop_all(struct nft *n, owner_goes_fn *goes, const void *arg, struct arena *a,
		     struct port_maps *gone, struct err *e);

#endif
