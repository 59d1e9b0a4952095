/* SPDX-License-Identifier: Apache-2.0 */
/* nft: a socket to nf_tables, atomic batches, and the few expressions that our rules have. */
#ifndef CNI_NFT_H
#define CNI_NFT_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/err.h"

#define NFT_BATCH_MAX 196608 /* bytes of one batch; a socket takes no more than 212 KB */

/*
 * nf_tables is spoken to directly, in terms of linux/netfilter/nf_tables.h.
 * Closing the socket after something was deleted takes 7 to 11 ms (a grace
 * period in the kernel): callers let a child do it (detach.h).
 */
struct nft {
	struct mnl_socket *sock; /* NULL: not open */
	uint32_t seq;
	bool slow; /* to close */
};

/* Open in the current network namespace, to stay there. */
int nft_open(struct nft *n, struct err *e);
void nft_close(struct nft *n);
int nft_fd(const struct nft *n); /* -1: not open */

/*
 * A batch: all of its messages take effect at once, or none. Puts return
 * nothing; what does not fit is remembered and makes nft_commit() fail.
 */
struct nft_batch {
	char *buf; /* NFT_BATCH_MAX bytes */
	size_t len;
	struct nlmsghdr *nlh; /* the message under construction */
	uint32_t first_seq, seq;
	uint8_t family; /* NFPROTO_* of the table; inet at the beginning */
	bool full, deletes;
};

/* Begin; the buffer is the caller's. */
void nft_begin(const struct nft *n, struct nft_batch *b, char *buf);

/* Start a message (NFT_MSG_*) to the batch's family; flags beside NLM_F_REQUEST. */
void nft_msg(struct nft_batch *b, uint16_t type, uint16_t flags);
/* The same to another subsystem (NFNL_SUBSYS_* << 8 | message), about a protocol family. */
void nft_msg_other(struct nft_batch *b, uint16_t type, uint16_t flags, uint8_t family);
void nft_put(struct nft_batch *b, uint16_t attr, const void *data, size_t len);
void nft_put_str(struct nft_batch *b, uint16_t attr, const char *s);
void nft_put_u32(struct nft_batch *b, uint16_t attr, uint32_t v); /* big-endian on the wire */
struct nlattr *nft_nest(struct nft_batch *b, uint16_t attr);
void nft_end(struct nft_batch *b, struct nlattr *nest);

/* Send the batch and wait for the kernel's verdict: e->num is its errno. */
int nft_commit(struct nft *n, struct nft_batch *b, struct err *e);

/* Send one request outside of a batch; fn (or NULL) gets each reply: 0 to go on, -1 with *e filled.
 */
typedef int nft_reply_fn(const struct nlmsghdr *nlh, void *arg, struct err *e);
int nft_ask(struct nft *n, struct nft_batch *b, nft_reply_fn *fn, void *arg, struct err *e);

/* ---- expressions, inside of NFTA_RULE_EXPRESSIONS ---- */

enum nft_header {
	NFT_HDR_LINK = 0,
	NFT_HDR_NETWORK = 1,
	NFT_HDR_TRANSPORT = 2
};

void nft_expr_nfproto(struct nft_batch *b, uint8_t proto); /* only packets of that family */
void nft_expr_meta(struct nft_batch *b, uint32_t key, uint32_t reg);
/* NFT_CT_*; of a key that both directions have the original one's. */
void nft_expr_ct(struct nft_batch *b, uint32_t key, bool directed, uint32_t reg);
void nft_expr_to_local(struct nft_batch *b); /* only packets to an address of this host */
void nft_expr_payload(struct nft_batch *b, enum nft_header header, uint32_t offset, uint32_t len,
		      uint32_t reg);
void nft_expr_mask(struct nft_batch *b, uint32_t reg, const void *mask, size_t len);
void nft_expr_cmp(struct nft_batch *b, uint32_t reg, const void *value, size_t len);
void nft_expr_nonzero(struct nft_batch *b, uint32_t reg); /* of 32 bits */
void nft_expr_lookup(struct nft_batch *b, const char *set, uint32_t reg);
/* Into `to` goes the element's data; to a verdict register its verdict. */
void nft_expr_map(struct nft_batch *b, const char *map, uint32_t reg, uint32_t to);
void nft_expr_dnat(struct nft_batch *b, uint8_t nfproto, uint32_t addr_reg, uint32_t port_reg);
void nft_expr_verdict(struct nft_batch *b, int verdict, const char *chain); /* chain: or NULL */
void nft_expr_plain(struct nft_batch *b, const char *name);		    /* "masq" */

#endif
