/* SPDX-License-Identifier: Apache-2.0 */
/* portmap: try the elements alone; make the table, or look who is in the way, on refusal. */
#include "cni/portmap.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni/nft_table.h"
#include "cni/portmap_table.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define HELD_MAX 65536 /* elements of all maps that are looked at */
#define TRIES	 4     /* while others change what was just read */

/* ---- what is there ---- */

/* An element of ports or hostports. */
struct held {
	struct port_map map;
	char owner[NFT_COMMENT_MAX + 1];
	const char *device; /* in owner, behind the NUL; "" when not known */
};

struct all_held {
	const struct portmap_family *f; /* of what is being read */
	bool with_ip;
	struct held *v;
	size_t n;
};

static void held_done(struct all_held *h)
{
	free(h->v);
}
#define auto_held __attribute__((cleanup(held_done)))

static void read_value(const struct nlattr *nest, struct portmap_key *out)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
	{
		size_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) != NFTA_DATA_VALUE || len > sizeof(out->b))
			continue;
		memcpy(out->b, mnl_attr_get_payload(attr), len);
		out->len = len;
	}
}

static void read_element(const struct nlattr *elem, struct all_held *all)
{
	struct portmap_key key = { 0 }, value = { 0 };
	struct held held = { 0 };
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, elem)
	{
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_KEY)
			read_value(attr, &key);
		else if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_DATA)
			read_value(attr, &value);
		else if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_USERDATA)
			nft_comment(attr, held.owner);
	}
	if (all->n == HELD_MAX || portmap_read(all->f, all->with_ip, &key, &value, &held.map))
		return;
	if (!(all->n & (all->n - 1))) /* at powers of two */
		all->v = mem_grow(all->v, all->n ? 2 * all->n : 1, sizeof(*all->v));
	all->v[all->n++] = held;
}

static int read_elements(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	const struct nlattr *attr, *elem;

	(void)e;
	if ((nlh->nlmsg_type & 0xff) != NFT_MSG_NEWSETELEM)
		return 0;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested(elem, attr) read_element(elem, arg);
	}
	return 0;
}

/* The comment is "OWNER DEVICE": cut it in two. */
static void split_comments(struct all_held *all)
{
	for (size_t i = 0; i < all->n; i++) {
		char *space = strrchr(all->v[i].owner, ' ');

		all->v[i].device = space ? space + 1 : "";
		if (space)
			*space = '\0';
	}
}

/* All elements of the four maps. None when there is no table. */
static int list(struct nft *n, struct all_held *all, struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));

	for (size_t i = 0; i < 2UL * PORTMAP_FAMILIES; i++) {
		struct nft_batch b;

		all->f = &portmap_families[i / 2];
		all->with_ip = i % 2;
		nft_begin(n, &b, buf);
		nft_msg(&b, NFT_MSG_GETSETELEM, NLM_F_DUMP);
		nft_put_str(&b, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
		nft_put_str(&b, NFTA_SET_ELEM_LIST_SET,
			    all->with_ip ? all->f->hostports : all->f->ports);
		if (nft_ask(n, &b, read_elements, all, e) && e->num != ENOENT)
			return err_ctx(e, "list host ports");
	}
	split_comments(all);
	return 0;
}

/* ---- elements ---- */

static const char *map_of(const struct port_map *map)
{
	const struct portmap_family *f = portmap_family(&map->ip);

	return map->host_ip.len ? f->hostports : f->ports;
}

static void put_element(struct nft_batch *b, uint16_t msg, const char *set,
			const struct portmap_key *key)
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
	struct portmap_key key = portmap_port_key(map), value = portmap_port_value(map);
	struct nlattr *list =
		nft_put_elements(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, map_of(map));
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
	struct portmap_key key = portmap_snat_key(map);
	struct nlattr *list = nft_put_elements(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, f->snat);
	struct nlattr *elem = nft_nest(b, NFTA_LIST_ELEM), *data, *verdict;

	nft_put_value(b, NFTA_SET_ELEM_KEY, key.b, key.len);
	data = nft_nest(b, NFTA_SET_ELEM_DATA);
	verdict = nft_nest(b, NFTA_DATA_VERDICT);
	nft_put_u32(b, NFTA_VERDICT_CODE, (uint32_t)NFT_GOTO);
	nft_put_str(b, NFTA_VERDICT_CHAIN, snat == PORT_SNAT_ALL ? PORTMAP_MASQALL : f->hairpin);
	nft_end(b, verdict);
	nft_end(b, data);
	nft_end(b, elem);
	nft_end(b, list);
}

static bool same_key(struct portmap_key a, struct portmap_key b)
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
		struct portmap_key self = portmap_self_key(&map->ip);

		put_mapping(b, map, comment);
		if (p->snat == PORT_SNAT_NONE)
			continue;
		if (!seen(p->maps->v, i, false))
			put_snat(b, map, p->snat);
		if (!seen(p->maps->v, i, true))
			put_element(b, NFT_MSG_NEWSETELEM, portmap_family(&map->ip)->self, &self);
	}
	if (p->bridge && p->snat != PORT_SNAT_NONE) {
		struct portmap_key hair = portmap_hair_key(p->bridge);

		put_element(b, NFT_MSG_NEWSETELEM, PORTMAP_HAIR, &hair);
	}
}

/* ---- removing ---- */

/* One element by a batch of its own; that it is gone already is no error. */
static int remove_element(struct nft *n, const char *set, const struct portmap_key *key,
			  struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	struct nft_batch b;

	nft_begin(n, &b, buf);
	put_element(&b, NFT_MSG_DELSETELEM, set, key);
	return nft_commit(n, &b, e) && e->num != ENOENT ? -1 : 0;
}

/* One after the other; the mapping last, since by it the rest is found. */
static int remove_each(struct nft *n, const struct port_map *v, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		const struct portmap_family *f = portmap_family(&v[i].ip);
		struct portmap_key port = portmap_port_key(&v[i]), snat = portmap_snat_key(&v[i]),
				   self = portmap_self_key(&v[i].ip);

		if (remove_element(n, f->snat, &snat, e) || remove_element(n, f->self, &self, e) ||
		    remove_element(n, map_of(&v[i]), &port, e))
			return err_ctx(e, "unmap host port %s", port_text(&v[i]).s);
	}
	return 0;
}

/* All by one batch, which is refused if anything of it is missing: then each by itself. */
static int remove_all(struct nft *n, const struct port_map *v, size_t count, struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	struct nft_batch b;

	if (!count)
		return 0;
	nft_begin(n, &b, buf);
	for (size_t i = 0; i < count; i++) {
		const struct portmap_family *f = portmap_family(&v[i].ip);
		struct portmap_key port = portmap_port_key(&v[i]), snat = portmap_snat_key(&v[i]),
				   self = portmap_self_key(&v[i].ip);

		put_element(&b, NFT_MSG_DELSETELEM, map_of(&v[i]), &port);
		if (!seen(v, i, false))
			put_element(&b, NFT_MSG_DELSETELEM, f->snat, &snat);
		if (!seen(v, i, true))
			put_element(&b, NFT_MSG_DELSETELEM, f->self, &self);
	}
	if (!nft_commit(n, &b, e))
		return 0;
	return e->num == ENOENT || e->num == E2BIG ? remove_each(n, v, count, e)
						   : err_ctx(e, "unmap host ports");
}

int portmap_drop(struct nft *n, owner_goes_fn *goes, const void *arg, struct arena *a,
		 struct port_maps *gone, struct err *e)
{
	auto_held struct all_held all = { 0 };
	struct port_map *v;
	size_t count = 0;

	if (list(n, &all, e))
		return -1;
	v = arena_array(a, all.n + 1, sizeof(*v));
	for (size_t i = 0; i < all.n; i++)
		if (goes(arg, all.v[i].owner))
			v[count++] = all.v[i].map;
	if (remove_all(n, v, count, e))
		return -1;
	gone->n = count;
	gone->v = v;
	return 0;
}

/* ---- adding ---- */

/* Take away what holds our ports without a right to; an error if something has one. */
static int clear_way(struct nft *n, const struct portmap *p, portmap_lives_fn *lives, void *arg,
		     struct err *e)
{
	auto_held struct all_held all = { 0 };

	if (list(n, &all, e))
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		const struct held *h = &all.v[i];
		int alive;

		for (size_t j = 0; j < p->maps->n; j++) {
			const struct port_map *map = &p->maps->v[j];

			if (map_of(map) != map_of(&h->map) ||
			    !same_key(portmap_port_key(map), portmap_port_key(&h->map)))
				continue;
			alive = str_eq(h->owner, p->owner) ? 0
				: *h->device		   ? lives(arg, h->device, e)
							   : 1;
			if (alive)
				return alive < 0 ? -1
						 : cni_err(e, CNI_ERR_CONFIG,
							   "host port %s is taken by '%s'",
							   port_text(map).s, h->owner);
			if (remove_all(n, &h->map, 1, e))
				return -1;
		}
	}
	return 0;
}

int portmap_ensure(struct nft *n, const struct portmap *p, portmap_lives_fn *lives, void *arg,
		   struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	bool table = false;

	if (!p->maps->n)
		return 0;
	for (int i = 0; i < TRIES; i++) {
		struct nft_batch b;

		nft_begin(n, &b, buf);
		if (table)
			portmap_put_table(&b);
		put_all(&b, p);
		if (!nft_commit(n, &b, e))
			return 0;
		if (e->num == ENOENT && !table)
			table = true;
		else if (e->num != EEXIST && e->num != EBUSY)
			break;
		else if (clear_way(n, p, lives, arg, e))
			return -1;
	}
	return err_ctx(e, "map host ports");
}

int portmap_present(struct nft *n, const struct portmap *p, const struct port_map **missing,
		    struct err *e)
{
	auto_held struct all_held all = { 0 };

	if (p->maps->n && list(n, &all, e))
		return -1;
	for (size_t i = 0; i < p->maps->n; i++) {
		const struct port_map *map = &p->maps->v[i];
		bool found = false;

		for (size_t j = 0; j < all.n && !found; j++)
			found = str_eq(all.v[j].owner, p->owner) &&
				map_of(map) == map_of(&all.v[j].map) &&
				same_key(portmap_port_key(map), portmap_port_key(&all.v[j].map)) &&
				same_key(portmap_port_value(map),
					 portmap_port_value(&all.v[j].map));
		if (!found) {
			*missing = map;
			return 0;
		}
	}
	return 1;
}
