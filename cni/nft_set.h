/* SPDX-License-Identifier: Apache-2.0 */
/* nft_set: what is in a set of our table. */
#ifndef CNI_NFT_SET_H
#define CNI_NFT_SET_H

#include <stddef.h>
#include <stdint.h>

#include "cni/nft.h"
#include "cni/nft_table.h"
#include "spec/base/err.h"

#define NFT_VALUE_MAX                                                                              \
	64 /* bytes of a key, or of what it leads to; longer ones are told as none                 \
	    */

struct nft_value {
	uint8_t b[NFT_VALUE_MAX];
	size_t len;
};

struct nft_element {
	struct nft_value key, data; /* data: of a map */
	char comment[NFT_COMMENT_MAX + 1];
};

typedef void nft_element_fn(const struct nft_element *elem, void *arg);

/*
 * Tell fn of the element with that key, or (NULL) of all, which costs as much
 * as there are. No table, no set and no element are none: 0; or -1.
 */
int nft_elements(struct nft *n, uint8_t family, const char *set, const struct nft_value *key,
		 nft_element_fn *fn, void *arg, struct err *e);

#endif
