/* SPDX-License-Identifier: Apache-2.0 */
/* owner: ids of any length in a comment of at most 255 bytes. */
#include "cni/owner.h"

#include <stdio.h>
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

bool owner_is(const void *arg, const char *owner)
{
	return str_eq(arg, owner);
}

bool owner_is_stale(const void *arg, const char *owner)
{
	const struct owner_valid *valid = arg;
	struct owner_text any = owner_text(valid->network, "", "");
	size_t part = strcspn(any.s, " ");

	if (strncmp(any.s, owner, part + 1) != 0) /* with the space: of this very network */
		return false;
	for (size_t i = 0; i < valid->n; i++) {
		const char *id = valid->v[i].container_id, *ifname = valid->v[i].ifname;

		any = owner_text(valid->network, id ? id : "", ifname ? ifname : "");
		if (str_eq(any.s, owner))
			return false;
	}
	return true;
}
