/* SPDX-License-Identifier: Apache-2.0 */
/* owned: elements of nftables sets whose comment says whose they are. */
#ifndef CNI_OWNED_H
#define CNI_OWNED_H

#include <stddef.h>
#include <stdint.h>

#include "cni/nft.h"
#include "cni/owner.h"
#include "spec/base/err.h"

#define OWNED_KEY_MAX 32 /* bytes */

struct owned {
	const char *set;
	uint8_t key[OWNED_KEY_MAX];
	uint8_t len;
};

/* Sets of one table: its family, and what makes it in a batch. */
struct owned_table {
	uint8_t family; /* NFPROTO_* */
	void (*put)(struct nft_batch *b);
};

/*
 * Have the elements, all with that owner, by one batch. What is there under
 * another name was left by somebody who had the key before, and is replaced.
 * owner NULL: the elements belong to nobody, and one that is there is as good.
 */
int owned_ensure(struct nft *n, const struct owned_table *t, const struct owned *v, size_t count,
		 const char *owner, struct err *e);

/* 1 when the element is there, 0, -1. */
int owned_present(struct nft *n, const struct owned_table *t, const struct owned *v, struct err *e);

/* Remove the elements of a set whose owners are to go; no table is fine. */
int owned_drop(struct nft *n, const struct owned_table *t, const char *set, owner_goes_fn *goes,
	       const void *arg, struct err *e);

#endif
