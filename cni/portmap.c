/* SPDX-License-Identifier: Apache-2.0 */
/* portmap: try the elements alone; make the table, or look who is in the way, on refusal. */
#include "cni/portmap.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "cni/nft_table.h"
#include "cni/portmap_held.h"
#include "cni/portmap_table.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define TRIES 4 /* while others change what was just read */

/* ---- elements ---- */

static void put_element(struct nft_batch *b, uint16_t msg, const char *set,
			const struct nft_value *key)
{
	uint16_t flags = msg == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0;
	struct nlattr *list = nft_put_elements(b, msg, flags, set);
	struct nlattr *elem = nft_nest(b, NFTA_LIST_ELEM);

	nft_put_value(b, NFTA_SET_ELEM_KEY, key->b, key->len);
	nft_end(b, elem);
	nft_end(b, list);
}

static void put_mapping(struct nft_batch *b, const struct port_map *map, const char *comment)
{
	struct nft_value key = portmap_port_key(map), value = portmap_port_value(map);
	struct nlattr *list =
		nft_put_elements(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, held_set(map));
	struct nlattr *elem = nft_nest(b, NFTA_LIST_ELEM);

	nft_put_value(b, NFTA_SET_ELEM_KEY, key.b, key.len);
	nft_put_value(b, NFTA_SET_ELEM_DATA, value.b, value.len);
	nft_put_comment(b, comment);
	nft_end(b, elem);
	nft_end(b, list);
}

static void put_snat(struct nft_batch *b, const struct port_map *map, enum port_snat snat)
{
	const struct portmap_family *f = portmap_family(&map->ip);
	struct nft_value key = portmap_snat_key(map);

	put_element(b, NFT_MSG_NEWSETELEM, snat == PORT_SNAT_ALL ? f->snat_all : f->snat_local,
		    &key);
}

static bool same_key(struct nft_value a, struct nft_value b)
{
	return a.len == b.len && !memcmp(a.b, b.b, a.len);
}

/* Is the mapping's snat element, or its pod's self element, also that of one before it? */
static bool seen(const struct port_map *v, size_t i, bool self)
{
	for (size_t j = 0; j < i; j++)
		if (self ? ip_eq(&v[j].ip, &v[i].ip)
			 : same_key(portmap_snat_key(&v[j]), portmap_snat_key(&v[i])))
			return true;
	return false;
}

static void put_all(struct nft_batch *b, const struct portmap *p)
{
	char comment[NFT_COMMENT_MAX + 1];

	snprintf(comment, sizeof(comment), "%s %s", p->owner, p->device);
	for (size_t i = 0; i < p->maps->n; i++) {
		const struct port_map *map = &p->maps->v[i];
		struct nft_value self = portmap_self_key(&map->ip);

		put_mapping(b, map, comment);
		if (p->snat == PORT_SNAT_NONE)
			continue;
		if (!seen(p->maps->v, i, false))
			put_snat(b, map, p->snat);
		if (!seen(p->maps->v, i, true))
			put_element(b, NFT_MSG_NEWSETELEM, portmap_family(&map->ip)->self, &self);
	}
	index_put(b, p->owner, p->maps);
	if (p->bridge && p->snat != PORT_SNAT_NONE) {
		struct nft_value hair = portmap_hair_key(p->bridge);

		put_element(b, NFT_MSG_NEWSETELEM, PORTMAP_HAIR, &hair);
	}
}

/* ---- removing ---- */

/* One element by a batch of its own; that it is gone already is no error. */
static int remove_element(struct nft *n, const char *set, const struct nft_value *key,
			  struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	struct nft_batch b;

	nft_begin(n, &b, buf);
	put_element(&b, NFT_MSG_DELSETELEM, set, key);
	return nft_commit(n, &b, e) && e->num != ENOENT ? -1 : 0;
}

/* What goes together: mappings, and keys of the index. */
struct removal {
	const struct port_map *v;
	const struct nft_value *index;
	size_t count, n_index;
};

/*
 * One after the other; the mapping behind what is found by it, the index last
 * and from its end on: a run that is killed leaves no gap, so the next one
 * finds the rest.
 */
static int remove_each(struct nft *n, const struct removal *r, struct err *e)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct port_map *map = &r->v[i];
		const struct portmap_family *f = portmap_family(&map->ip);
		struct nft_value port = portmap_port_key(map), snat = portmap_snat_key(map),
				 self = portmap_self_key(&map->ip);

		if (remove_element(n, f->snat_local, &snat, e) ||
		    remove_element(n, f->snat_all, &snat, e) ||
		    remove_element(n, f->old_snat, &snat, e) ||
		    remove_element(n, f->self, &self, e) ||
		    remove_element(n, held_set(map), &port, e))
			return err_ctx(e, "unmap host port %s", port_text(map).s);
	}
	for (size_t i = r->n_index; i--;)
		if (remove_element(n, PORTMAP_INDEX, &r->index[i], e))
			return err_ctx(e, "forget host ports");
	return 0;
}

/*
 * All by one batch, as nearly all pods are mapped. It is refused if anything of
 * it is missing, as with masqAll, snat off or what is left of an older version:
 * then each by itself.
 */
static int remove_all(struct nft *n, const struct removal *r, struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	struct nft_batch b;

	if (!r->count && !r->n_index)
		return 0;
	nft_begin(n, &b, buf);
	for (size_t i = 0; i < r->count; i++) {
		const struct port_map *map = &r->v[i];
		const struct portmap_family *f = portmap_family(&map->ip);
		struct nft_value port = portmap_port_key(map), snat = portmap_snat_key(map),
				 self = portmap_self_key(&map->ip);

		put_element(&b, NFT_MSG_DELSETELEM, held_set(map), &port);
		if (!seen(r->v, i, false))
			put_element(&b, NFT_MSG_DELSETELEM, f->snat_local, &snat);
		if (!seen(r->v, i, true))
			put_element(&b, NFT_MSG_DELSETELEM, f->self, &self);
	}
	for (size_t i = 0; i < r->n_index; i++)
		put_element(&b, NFT_MSG_DELSETELEM, PORTMAP_INDEX, &r->index[i]);
	if (!nft_commit(n, &b, e))
		return 0;
	return e->num == ENOENT || e->num == E2BIG ? remove_each(n, r, e)
						   : err_ctx(e, "unmap host ports");
}

int portmap_drop(struct nft *n, const char *owner, struct arena *a, struct port_maps *gone,
		 struct err *e)
{
	struct nft_value index[2 * PORTS_MAX];
	struct port_map *v = arena_array(a, 2UL * PORTS_MAX, sizeof(*v)), map;
	size_t count = 0, indexed = 0;
	int there = 0;

	while (indexed < countof(index) &&
	       (there = index_get(n, owner, (uint32_t)indexed, &map, e)) > 0) {
		struct held held;
		int mapped = held_get(n, &map, &held, e);

		if (mapped < 0)
			return -1;
		if (mapped && str_eq(held.owner, owner)) /* and not another's by now */
			v[count++] = held.map;
		index[indexed] = owner_key(owner, (uint32_t)indexed);
		indexed++;
	}
	if (there < 0 || remove_all(n, &(struct removal){ v, index, count, indexed }, e))
		return -1;
	gone->n = count;
	gone->v = v;
	return 0;
}

int portmap_drop_all(struct nft *n, owner_goes_fn *goes, const void *arg, struct arena *a,
		     struct port_maps *gone, struct err *e)
{
	__attribute__((cleanup(held_done))) struct all_held all = { 0 };
	__attribute__((cleanup(index_done))) struct index_keys index = { 0 };
	struct port_map *v;

	if (held_list(n, goes, arg, &all, e) || index_list(n, goes, arg, &index, e))
		return -1;
	v = arena_array(a, all.n + 1, sizeof(*v));
	for (size_t i = 0; i < all.n; i++)
		v[i] = all.v[i].map;
	if (remove_all(n, &(struct removal){ v, index.v, all.n, index.n }, e))
		return -1;
	gone->n = all.n;
	gone->v = v;
	return 0;
}

/* ---- adding ---- */

/* Take away what holds our ports without a right to; an error if something has one. */
static int clear_way(struct nft *n, const struct portmap *p, portmap_lives_fn *lives, void *arg,
		     struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct port_maps own;

	if (portmap_drop(n, p->owner, &a, &own, e)) /* of an ADD that had no DEL */
		return -1;
	for (size_t i = 0; i < p->maps->n; i++) {
		const struct port_map *map = &p->maps->v[i];
		struct held h;
		int there = held_get(n, map, &h, e), alive;

		if (there <= 0) {
			if (there < 0)
				return -1;
			continue;
		}
		alive = str_eq(h.owner, p->owner) ? 0 : *h.device ? lives(arg, h.device, e) : 1;
		if (alive)
			return alive < 0
				       ? -1
				       : cni_err(e, CNI_ERR_CONFIG, "host port %s is taken by '%s'",
						 port_text(map).s, h.owner);
		if (remove_all(n, &(struct removal){ .v = &h.map, .count = 1 }, e))
			return -1;
	}
	return 0;
}

/* Did an older version make the table? Its pods' elements stay where they are. */
static int has_old(struct nft *n, struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	struct nft_batch b;

	nft_begin(n, &b, buf);
	nft_msg(&b, NFT_MSG_GETSET, 0);
	nft_put_str(&b, NFTA_SET_TABLE, NFT_TABLE);
	nft_put_str(&b, NFTA_SET_NAME, portmap_families[0].old_snat); /* both, or none */
	if (nft_ask(n, &b, NULL, NULL, e))
		return e->num == ENOENT ? 0 : err_ctx(e, "look for older host ports");
	return 1;
}

int portmap_ensure(struct nft *n, const struct portmap *p, portmap_lives_fn *lives, void *arg,
		   struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	bool table = false;
	int old = 0;

	if (!p->maps->n)
		return 0;
	for (int i = 0; i < TRIES; i++) {
		struct nft_batch b;

		nft_begin(n, &b, buf);
		if (table)
			portmap_put_table(&b, old > 0);
		put_all(&b, p);
		if (!nft_commit(n, &b, e))
			return 0;
		if (e->num == ENOENT && !table) {
			table = true;
			old = has_old(n, e);
			if (old < 0)
				return -1;
		} else if (e->num != EEXIST && e->num != EBUSY)
			break;
		else if (clear_way(n, p, lives, arg, e))
			return -1;
	}
	return err_ctx(e, "map host ports");
}

int portmap_present(struct nft *n, const struct portmap *p, const struct port_map **missing,
		    struct err *e)
{
	for (size_t i = 0; i < p->maps->n; i++) {
		const struct port_map *map = &p->maps->v[i];
		struct held h;
		int there = held_get(n, map, &h, e);

		if (there < 0)
			return -1;
		if (!there || !str_eq(h.owner, p->owner) ||
		    !same_key(portmap_port_value(map), portmap_port_value(&h.map))) {
			*missing = map;
			return 0;
		}
	}
	return 1;
}
