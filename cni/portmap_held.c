/* SPDX-License-Identifier: Apache-2.0 */
/* portmap_held: one element of a set costs the same however many there are; lists are for GC. */
#include "cni/portmap_held.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni/plan.h"
#include "spec/base/arena.h"
#include "spec/base/str.h"

#define LIST_MAX    65536 /* elements of all maps that are looked at */
#define WORDS	    4	  /* of an index element's comment */
#define INDEX_CHUNK 128	  /* elements of one message: an attribute has 64 KiB at most */

const char *held_set(const struct port_map *map)
{
	const struct portmap_family *f = portmap_family(&map->ip);

	return map->host_ip.len ? f->hostports : f->ports;
}

/* Of that key, or (NULL) all. */
static int ask(struct nft *n, const char *set, const struct nft_value *key, nft_element_fn *fn,
	       void *arg, struct err *e)
{
	return nft_elements(n, NFPROTO_INET, set, key, fn, arg, e);
}

/* ---- mappings ---- */

/* The comment is "OWNER DEVICE": cut it in two. The byte behind it is a second NUL. */
static void split_comment(struct held *h, const struct nft_element *elem)
{
	char *space;

	_Static_assert(sizeof(h->owner) == sizeof(elem->comment) + 1, "room for two NULs");
	memcpy(h->owner, elem->comment, sizeof(elem->comment));
	h->owner[sizeof(elem->comment)] = '\0';
	space = strrchr(h->owner, ' ');

	h->device = space ? space + 1 : "";
	if (space)
		*space = '\0';
}

struct get {
	const struct port_map *map;
	struct held *out;
	bool found;
};

static void get_one(const struct nft_element *elem, void *arg)
{
	struct get *g = arg;

	if (portmap_read(portmap_family(&g->map->ip), g->map->host_ip.len != 0, &elem->key,
			 &elem->data, &g->out->map))
		return;
	split_comment(g->out, elem);
	g->found = true;
}

int held_get(struct nft *n, const struct port_map *map, struct held *out, struct err *e)
{
	const struct nft_value key = portmap_port_key(map);
	struct get g = { map, out, false };

	if (ask(n, held_set(map), &key, get_one, &g, e))
		return err_ctx(e, "look up host port %s", port_text(map).s);
	return g.found;
}

struct listing {
	const struct portmap_family *f; /* of what is being read */
	bool with_ip;
	owner_goes_fn *goes;
	const void *arg;
	struct all_held *out;
};

static void list_one(const struct nft_element *elem, void *arg)
{
	struct listing *l = arg;
	struct all_held *all = l->out;
	struct held held = { .device = "" };

	if (all->n == LIST_MAX ||
	    portmap_read(l->f, l->with_ip, &elem->key, &elem->data, &held.map))
		return;
	split_comment(&held, elem);
	if (!l->goes(l->arg, held.owner))
		return;
	all->v = mem_room(all->v, all->n, sizeof(*all->v));
	all->v[all->n++] = held;
}

void held_done(struct all_held *all)
{
	free(all->v);
}

int held_list(struct nft *n, owner_goes_fn *goes, const void *arg, struct all_held *out,
	      struct err *e)
{
	struct listing l = { .goes = goes, .arg = arg, .out = out };

	for (size_t i = 0; i < 2UL * PORTMAP_FAMILIES; i++) {
		l.f = &portmap_families[i / 2];
		l.with_ip = i % 2;
		if (ask(n, l.with_ip ? l.f->hostports : l.f->ports, NULL, list_one, &l, e))
			return err_ctx(e, "list host ports");
	}
	for (size_t i = 0; i < out->n; i++) /* they have moved with the array */
		out->v[i].device = out->v[i].owner + strlen(out->v[i].owner) + 1;
	return 0;
}

/* ---- the index ---- */

struct index_text index_format(const char *owner, const struct port_map *map)
{
	const char *proto = names_of(port_protocols, map->proto);
	struct index_text out;

	snprintf(out.s, sizeof(out.s), "%s %u %s %s", proto ? proto : "?", map->host_port,
		 map->host_ip.len     ? ip_text(&map->host_ip).s
		 : ip_is_v4(&map->ip) ? "ipv4"
				      : "ipv6",
		 owner);
	return out;
}

int index_parse(const char *text, struct port_map *out, const char **owner)
{
	char word[WORDS - 1][sizeof(struct ip_text)];
	struct port_map map = { 0 };
	const struct name *proto;
	uint64_t port;

	for (size_t i = 0; i < WORDS - 1; i++) {
		size_t len = strcspn(text, " ");

		if (!text[len] || len >= sizeof(word[i]))
			return -1;
		memcpy(word[i], text, len);
		word[i][len] = '\0';
		text += len + 1;
	}
	proto = names_find(port_protocols, word[0]);
	if (!proto || parse_u64(word[1], 10, UINT16_MAX, &port))
		return -1;
	map.proto = (uint8_t)proto->value;
	map.host_port = (uint16_t)port;
	if (str_eq(word[2], "ipv4") || str_eq(word[2], "ipv6"))
		map.ip.len = str_eq(word[2], "ipv4") ? 4 : 16;
	else if (ip_parse(word[2], &map.host_ip))
		return -1;
	else
		map.ip.len = map.host_ip.len;
	*out = map;
	*owner = text;
	return 0;
}

void index_put(struct nft_batch *b, const char *owner, const struct port_maps *maps)
{
	struct nlattr *list = NULL, *elem;

	for (uint32_t i = 0; i < maps->n; i++) {
		struct nft_value key = owner_key(owner, i);

		if (i % INDEX_CHUNK == 0) {
			nft_end(b, list);
			list = nft_put_elements(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL,
						PORTMAP_INDEX);
		}
		elem = nft_nest(b, NFTA_LIST_ELEM);
		nft_put_value(b, NFTA_SET_ELEM_KEY, key.b, key.len);
		nft_put_comment(b, index_format(owner, &maps->v[i]).s);
		nft_end(b, elem);
	}
	nft_end(b, list);
}

struct index_one {
	const char *owner;
	struct port_map *out;
	bool found;
};

static void get_index(const struct nft_element *elem, void *arg)
{
	struct index_one *one = arg;
	const char *owner;

	if (!index_parse(elem->comment, one->out, &owner))
		one->found = str_eq(owner, one->owner);
}

int index_get(struct nft *n, const char *owner, uint32_t i, struct port_map *out, struct err *e)
{
	const struct nft_value key = owner_key(owner, i);
	struct index_one one = { owner, out, false };

	if (ask(n, PORTMAP_INDEX, &key, get_index, &one, e))
		return err_ctx(e, "look up the host ports of '%s'", owner);
	return one.found;
}

struct index_listing {
	owner_goes_fn *goes;
	const void *arg;
	struct index_keys *out;
};

static void list_index(const struct nft_element *elem, void *arg)
{
	struct index_listing *l = arg;
	struct index_keys *keys = l->out;
	struct port_map map;
	const char *owner;

	if (keys->n == LIST_MAX || index_parse(elem->comment, &map, &owner) ||
	    !l->goes(l->arg, owner))
		return;
	keys->v = mem_room(keys->v, keys->n, sizeof(*keys->v));
	keys->v[keys->n++] = elem->key;
}

void index_done(struct index_keys *keys)
{
	free(keys->v);
}

int index_list(struct nft *n, owner_goes_fn *goes, const void *arg, struct index_keys *out,
	       struct err *e)
{
	struct index_listing l = { goes, arg, out };

	return ask(n, PORTMAP_INDEX, NULL, list_index, &l, e)
		       ? err_ctx(e, "list the index of host ports")
		       : 0;
}
