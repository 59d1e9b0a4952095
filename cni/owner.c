/* SPDX-License-Identifier: Apache-2.0 */
/* owner: ids of any length in a comment of at most 255 bytes. */
#include "cni/owner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/str.h"

#define ID_SHOWN   60 /* bytes of an id that are not hidden behind a hash */
#define ID_HASH	   16 /* hexadecimal digits */
#define PART_COUNT 3

struct owner_text owner_text(const char *network, const char *container_id, const char *ifname)
{
	const char *const part[PART_COUNT] = { network, container_id, ifname };
	struct owner_text out;
	size_t at = 0;

	for (size_t i = 0; i < PART_COUNT; i++) {
		const char *space = i ? " " : "";

		if (strlen(part[i]) <= ID_SHOWN + ID_HASH)
			at += (size_t)snprintf(out.s + at, sizeof(out.s) - at, "%s%s", space,
					       part[i]);
		else
			at += (size_t)snprintf(out.s + at, sizeof(out.s) - at, "%s%.*s%0*llx",
					       space, ID_SHOWN, part[i], ID_HASH,
					       (unsigned long long)plan_hash(&part[i], 1));
	}
	return out;
}

const char *owner_of(const struct attach *at, struct arena *a)
{
	return arena_strdup(a, owner_text(at->network, at->container_id, at->ifname).s);
}

struct nft_value owner_key(const char *owner, uint32_t i)
{
	uint64_t hash = plan_hash(&owner, 1);
	uint32_t part[] = { (uint32_t)(hash >> 32), (uint32_t)hash, i };
	struct nft_value key = { .len = OWNER_KEY_LEN };

	_Static_assert(sizeof(part) == OWNER_KEY_LEN, "three registers");
	memcpy(key.b, part, sizeof(part));
	return key;
}

bool owner_is(const void *arg, const char *owner)
{
	return str_eq(arg, owner);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct owners owners_of(const char *network, const struct cni_attachment *v, size_t n,
			struct arena *a)
{
	struct owners out = { arena_array(a, n + 1, sizeof(*out.v)), n };

	for (size_t i = 0; i < n; i++)
		out.v[i] = arena_strdup(a, owner_text(network,
						      v[i].container_id ? v[i].container_id : "",
						      v[i].ifname ? v[i].ifname : "")
						   .s);
	owners_sort(&out);
	return out;
}

void owners_sort(struct owners *owners)
{
	if (owners->n) /* an empty list may have no place */
		qsort(owners->v, owners->n, sizeof(*owners->v), by_text);
}

bool owners_have(const struct owners *owners, const char *owner)
{
	return owners->n &&
	       bsearch(&owner, owners->v, owners->n, sizeof(*owners->v), by_text) != NULL;
}

bool owner_is_stale(const void *arg, const char *owner)
{
	const struct owner_valid *valid = arg;
	struct owner_text any = owner_text(valid->network, "", "");
	size_t part = strcspn(any.s, " ");

	if (strncmp(any.s, owner, part + 1) != 0) /* with the space: of this very network */
		return false;
	return !owners_have(&valid->owners, owner);
}
