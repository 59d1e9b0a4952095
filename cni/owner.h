/* SPDX-License-Identifier: Apache-2.0 */
/* owner: whose an element in nftables is, as its comment. */
#ifndef CNI_OWNER_H
#define CNI_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "cni/nft_set.h"
#include "cni/plan.h"
#include "spec/cni/netconf.h"

/* "NETWORK CONTAINERID IFNAME", long ids shortened behind a hash. */
struct owner_text {
	char s[240];
};
struct owner_text owner_text(const char *network, const char *container_id, const char *ifname);

/* The same in an arena. */
const char *owner_of(const struct attach *at, struct arena *a);

/* Element i of an owner in an index: a hash of the owner, and i. */
#define OWNER_KEY_LEN 12
struct nft_value owner_key(const char *owner, uint32_t i);

/* Which owners' elements are to go. */
typedef bool owner_goes_fn(const void *arg, const char *owner);

/* arg: the owner's text, const char *. */
bool owner_is(const void *arg, const char *owner);

/* Owners' texts, in order. */
struct owners {
	const char **v;
	size_t n;
};
struct owners owners_of(const char *network, const struct cni_attachment *v, size_t n,
			struct arena *a);
void owners_sort(struct owners *owners);
bool owners_have(const struct owners *owners, const char *owner);

/* arg: of that network, and none of the valid attachments. */
struct owner_valid {
	const char *network;
	struct owners owners;
};
bool owner_is_stale(const void *arg, const char *owner);

#endif
