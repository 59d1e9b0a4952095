/* SPDX-License-Identifier: Apache-2.0 */
/* nft_table: our table and its parts: sets, chains, rules, elements with comments. */
#ifndef CNI_NFT_TABLE_H
#define CNI_NFT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cni/nft.h"

#define NFT_TABLE                                                                                  \
	"peapod" /* of the inet (and, for MACs, bridge) family; all that we have is in it */
#define NFT_COMMENT_MAX 255 /* bytes with the NUL: the length is one byte */

/* Numbers by which nft(8) knows the types of keys; they only serve its display. */
enum nft_type {
	NFT_TYPE_IPV4 = 7,
	NFT_TYPE_IPV6 = 8,
	NFT_TYPE_ETHER = 9,
	NFT_TYPE_PROTO = 12,
	NFT_TYPE_PORT = 13,
	NFT_TYPE_MARK = 19,
	NFT_TYPE_IFNAME = 41,
	NFT_TYPE_BITS = 6
};
/* Of two keys, one behind the other; nests for more. */
#define NFT_CONCAT(a, b) ((uint32_t)(a) << NFT_TYPE_BITS | (uint32_t)(b))

/* Make the table, if it is not there. */
void nft_put_table(struct nft_batch *b);

/* Make a set without intervals. With data it is a map; data_type NFT_DATA_VERDICT: of verdicts. */
struct nft_set {
	const char *name;
	uint32_t id; /* unique in a batch */
	uint32_t key_type, key_len;
	uint32_t data_type, data_len;
};
void nft_put_set(struct nft_batch *b, const struct nft_set *set);

/* Make a chain, and empty it: rules have no names to be replaced by. hook NULL: to be jumped to. */
struct nft_hook {
	uint32_t num; /* NF_INET_*, NF_BR_* */
	int32_t priority;
	const char *type; /* "nat", "filter" */
};
void nft_put_chain(struct nft_batch *b, const char *name, const struct nft_hook *at);

/* Make a chain to be jumped to, if it is not there; what is in it stays. */
void nft_put_kept_chain(struct nft_batch *b, const char *name);

/*
 * Start a rule at the end of a chain; expressions follow, then nft_end(). With
 * nfproto (0: any) it is for that family: needed once on a packet's way, but
 * nft(8) can show no rule without it.
 */
struct nlattr *nft_put_rule(struct nft_batch *b, const char *chain, uint8_t nfproto);

/* Start a message (NFT_MSG_*SETELEM) about elements; NFTA_LIST_ELEM follow, then nft_end(). */
struct nlattr *nft_put_elements(struct nft_batch *b, uint16_t msg, uint16_t flags, const char *set);

/* Of an element: its key (or with NFTA_SET_ELEM_DATA its value), and its comment, cut to fit. */
void nft_put_value(struct nft_batch *b, uint16_t attr, const void *value, size_t len);
void nft_put_comment(struct nft_batch *b, const char *text);

/* The comment in an element's NFTA_SET_ELEM_USERDATA; false when there is none. */
bool nft_comment(const struct nlattr *userdata, char text[NFT_COMMENT_MAX + 1]);

#endif
