/* SPDX-License-Identifier: Apache-2.0 */
/* portmap_held: which host ports are mapped, one by one, by owner, or all. */
#ifndef CNI_PORTMAP_HELD_H
#define CNI_PORTMAP_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cni/nft.h"
#include "cni/nft_table.h"
#include "cni/owner.h"
#include "cni/portmap_table.h"
#include "cni/ports.h"
#include "spec/base/err.h"

/* An element of ports or hostports. */
struct held {
	struct port_map map;
	char owner[NFT_COMMENT_MAX + 2];
	const char *device; /* in owner, behind the NUL; "" when not known */
};

/* What holds the port that the mapping is for. 1, 0: nothing, -1. */
int held_get(struct nft *n, const struct port_map *map, struct held *out, struct err *e);

/* The set that the mapping is in. */
const char *held_set(const struct port_map *map);

/* All elements of all maps, or of those the owners that are to go; none when there is no table. */
struct all_held {
	struct held *v;
	size_t n;
};
void held_done(struct all_held *all);
int held_list(struct nft *n, owner_goes_fn *goes, const void *arg, struct all_held *out,
	      struct err *e);

/*
 * The index: element i of an owner has owner_key() as its key and
 * tells in its comment which port he mapped. An owner's elements are numbered
 * without a gap, so DEL asks for them one after the other.
 */
void index_put(struct nft_batch *b, const char *owner, const struct port_maps *maps);

/* "tcp 8080 ipv4 OWNER", "udp 53 127.0.0.1 OWNER", there and back; pure. */
struct index_text {
	char s[NFT_COMMENT_MAX];
};
struct index_text index_format(const char *owner, const struct port_map *map);
int index_parse(const char *text, struct port_map *out, const char **owner);

/* The port of element i: 1 and all of *out but ip and port is filled (ip.len is), 0, -1. */
int index_get(struct nft *n, const char *owner, uint32_t i, struct port_map *out, struct err *e);

/* Keys of the elements whose owners are to go. */
struct index_keys {
	struct nft_value *v;
	size_t n;
};
void index_done(struct index_keys *keys);
int index_list(struct nft *n, owner_goes_fn *goes, const void *arg, struct index_keys *out,
	       struct err *e);

#endif
