/* SPDX-License-Identifier: Apache-2.0 */
/* owned: elements of nftables sets whose comment says whose they are. */
#ifndef CNI_OWNED_H
#define CNI_OWNED_H

#include <stddef.h>
#include <stdint.h>

#include "cni/nft_set.h"
#include "cni/owner.h"
#include "spec/base/err.h"

struct owned {
	const char *set;
	struct nft_value key;
};

/* Sets of one table: its family, what makes it in a batch, and those that have owners. */
struct owned_table {
	uint8_t family; /* NFPROTO_* */
	void (*put)(struct nft_batch *b);
	const char *const *sets; /* NULL behind the last */
};

/*
 * An index of them, which put() makes too: element i of an owner has a hash of
 * the owner and i as its key, and tells in its comment "SET KEY OWNER" which
 * element is his, the key in hexadecimal digits. They are numbered without a
 * gap, so DEL asks for one after the other instead of reading whole sets.
 */
#define OWNED_INDEX "owners"
void owned_put_index(struct nft_batch *b, uint32_t id);

/*
 * Have the elements, all with that owner, by one batch. What is there under
 * another name was left by somebody who had the key before, and is replaced.
 * owner NULL: the elements belong to nobody, and one that is there is as good.
 */
int owned_ensure(struct nft *n, const struct owned_table *t, const struct owned *v, size_t count,
		 const char *owner, struct err *e);

/* 1 when the element is there, 0, -1. */
int owned_present(struct nft *n, const struct owned_table *t, const struct owned *v, struct err *e);

/* Remove what the owner has, by the index; no table is fine. */
int owned_free(struct nft *n, const struct owned_table *t, const char *owner, struct err *e);

/* Remove what owners have that are to go. All is read. */
int owned_drop(struct nft *n, const struct owned_table *t, owner_goes_fn *goes, const void *arg,
	       struct err *e);

#endif
