/* SPDX-License-Identifier: Apache-2.0 */
/* portmap_table: sets, chains and rules of port mappings, and the keys of their elements. */
#ifndef CNI_PORTMAP_TABLE_H
#define CNI_PORTMAP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cni/nft.h"
#include "cni/nft_set.h"
#include "cni/ports.h"

/* What differs between IPv4 and IPv6. */
struct portmap_family {
	uint8_t nfproto;
	uint8_t addr_len;
	uint32_t type;	       /* enum nft_type */
	uint32_t saddr, daddr; /* offsets in the header */
	const char *ports, *hostports, *snat_local, *snat_all, *self, *hairpin;
	const char *old_snat; /* the map that they were once, whose elements had verdicts */
};
#define PORTMAP_FAMILIES 2
extern const struct portmap_family portmap_families[PORTMAP_FAMILIES];
const struct portmap_family *portmap_family(const struct ip_addr *ip);

#define PORTMAP_HAIR	"hair"
#define PORTMAP_MASQALL "masqall"
#define PORTMAP_INDEX	"index"

/*
 * All of it but the elements, right whatever was there before. with_old: the
 * old maps are there too, for pods that an older version of this program wired.
 */
void portmap_put_table(struct nft_batch *b, bool with_old);

/* Keys and values, each part filled up to 4 bytes as registers are: of ports, or of hostports if
 * the mapping has a host_ip. */
struct nft_value portmap_port_key(const struct port_map *map);
struct nft_value portmap_port_value(const struct port_map *map);
struct nft_value portmap_snat_key(const struct port_map *map);
struct nft_value portmap_self_key(const struct ip_addr *ip);
struct nft_value portmap_hair_key(const char *bridge);

/* The opposite of the first two; -1 if that is none. with_ip: of hostports. */
int portmap_read(const struct portmap_family *f, bool with_ip, const struct nft_value *key,
		 const struct nft_value *value, struct port_map *out);

#endif
