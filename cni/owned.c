/* SPDX-License-Identifier: Apache-2.0 */
/* owned: try the elements alone; make the table, or clear the way, on refusal. */
#include "cni/owned.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni/nft_table.h"
#include "spec/base/arena.h"
#include "spec/base/str.h"

#define TRIES	  4
#define FOUND_MAX 65536 /* elements of a table that are looked at */

#define auto_list __attribute__((cleanup(list_done)))

struct list {
	struct owned *v;
	size_t n;
};

static void list_done(struct list *list)
{
	free(list->v);
}

static void list_add(struct list *list, const char *set, const struct nft_value *key)
{
	if (list->n == FOUND_MAX)
		return;
	list->v = mem_room(list->v, list->n, sizeof(*list->v));
	list->v[list->n++] = (struct owned){ set, *key };
}

static void put_element(struct nft_batch *b, uint16_t msg, uint16_t flags, const struct owned *v,
			const char *comment)
{
	struct nlattr *list = nft_put_elements(b, msg, flags, v->set),
		      *elem = nft_nest(b, NFTA_LIST_ELEM);

	nft_put_value(b, NFTA_SET_ELEM_KEY, v->key.b, v->key.len);
	if (comment)
		nft_put_comment(b, comment);
	nft_end(b, elem);
	nft_end(b, list);
}

/* ---- the index ---- */

void owned_put_index(struct nft_batch *b, uint32_t id)
{
	const struct nft_set index = {
		.name = OWNED_INDEX,
		.id = id,
		.key_type = NFT_TYPE_MARK << 2 * NFT_TYPE_BITS |
			    NFT_CONCAT(NFT_TYPE_MARK, NFT_TYPE_MARK),
		.key_len = OWNER_KEY_LEN,
	};

	nft_put_set(b, &index);
}

static void put_index(struct nft_batch *b, uint32_t i, const struct owned *v, const char *owner)
{
	const struct owned entry = { OWNED_INDEX, owner_key(owner, i) };
	char hex[2 * NFT_VALUE_MAX + 1] = "", comment[NFT_COMMENT_MAX];

	for (size_t j = 0; j < v->key.len; j++)
		snprintf(hex + 2 * j, sizeof(hex) - 2 * j, "%02x", v->key.b[j]);
	snprintf(comment, sizeof(comment), "%s %s %s", v->set, hex, owner);
	put_element(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, &entry, comment);
}

static int parse_hex(const char *text, size_t len, struct nft_value *out)
{
	out->len = 0;
	if (!len || len % 2 || len / 2 > NFT_VALUE_MAX)
		return -1;
	for (size_t i = 0; i < len; i += 2) {
		const char digits[] = { text[i], text[i + 1], '\0' };
		uint64_t byte;

		if (parse_u64(digits, 16, UINT8_MAX, &byte))
			return -1;
		out->b[out->len++] = (uint8_t)byte;
	}
	return 0;
}

/* "SET KEY OWNER"; the owner is in the text. */
static int parse_index(const struct owned_table *t, const char *text, struct owned *out,
		       const char **owner)
{
	size_t set = strcspn(text, " "), key = text[set] ? strcspn(text + set + 1, " ") : 0;
	const char *end = text + set + 1 + key;

	if (!key || *end != ' ')
		return -1;
	for (const char *const *name = t->sets; *name; name++) {
		if (strlen(*name) != set || strncmp(*name, text, set) != 0)
			continue;
		out->set = *name;
		*owner = end + 1;
		return parse_hex(text + set + 1, key, &out->key);
	}
	return -1;
}

/* ---- having them ---- */

/* One after the other, since any of them may be gone already. */
static int remove_each(struct nft *n, const struct owned_table *t, const struct owned *v,
		       size_t count, struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));

	for (size_t i = 0; i < count; i++) {
		struct nft_batch b;

		nft_begin(n, &b, buf);
		b.family = t->family;
		put_element(&b, NFT_MSG_DELSETELEM, 0, &v[i], NULL);
		if (nft_commit(n, &b, e) && e->num != ENOENT)
			return err_ctx(e, "remove from set '%s'", v[i].set);
	}
	return 0;
}

static int clear_way(struct nft *n, const struct owned_table *t, const struct owned *v,
		     size_t count, const char *owner, struct err *e)
{
	return remove_each(n, t, v, count, e) || (owner && owned_free(n, t, owner, e)) ? -1 : 0;
}

int owned_ensure(struct nft *n, const struct owned_table *t, const struct owned *v, size_t count,
		 const char *owner, struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	bool table = false;

	for (int i = 0; i < TRIES; i++) {
		struct nft_batch b;

		nft_begin(n, &b, buf);
		b.family = t->family;
		if (table)
			t->put(&b);
		for (size_t j = 0; j < count; j++) {
			put_element(&b, NFT_MSG_NEWSETELEM,
				    (uint16_t)(NLM_F_CREATE | (owner ? NLM_F_EXCL : 0)), &v[j],
				    owner);
			if (owner)
				put_index(&b, (uint32_t)j, &v[j], owner);
		}
		if (!nft_commit(n, &b, e))
			return 0;
		if (e->num == ENOENT && !table)
			table = true;
		else if (e->num != EEXIST)
			break;
		else if (clear_way(n, t, v, count, owner, e))
			return -1;
	}
	return -1;
}

static void count_one(const struct nft_element *elem, void *arg)
{
	(void)elem;
	*(int *)arg = 1;
}

int owned_present(struct nft *n, const struct owned_table *t, const struct owned *v, struct err *e)
{
	int found = 0;

	return nft_elements(n, t->family, v->set, &v->key, count_one, &found, e) ? -1 : found;
}

/* ---- removing by owner ---- */

struct own {
	const struct owned_table *t;
	const char *owner;
	struct owned v;
	bool found;
};

static void read_entry(const struct nft_element *elem, void *arg)
{
	struct own *own = arg;
	const char *owner;

	own->found =
		!parse_index(own->t, elem->comment, &own->v, &owner) && str_eq(owner, own->owner);
}

static void read_owner(const struct nft_element *elem, void *arg)
{
	struct own *own = arg;

	own->found = str_eq(elem->comment, own->owner);
}

/* His entries, and those elements that are still his. */
static int find_own(struct nft *n, const struct owned_table *t, const char *owner, struct list *out,
		    struct err *e)
{
	struct own own = { .t = t, .owner = owner, .found = true };

	for (uint32_t i = 0;; i++) {
		const struct nft_value key = owner_key(owner, i);

		own.found = false;
		if (nft_elements(n, t->family, OWNED_INDEX, &key, read_entry, &own, e))
			return err_ctx(e, "look up what '%s' has", owner);
		if (!own.found)
			return 0;
		list_add(out, OWNED_INDEX, &key);
		own.found = false;
		if (nft_elements(n, t->family, own.v.set, &own.v.key, read_owner, &own, e))
			return err_ctx(e, "look up in set '%s'", own.v.set);
		if (own.found)
			list_add(out, own.v.set, &own.v.key);
	}
}

/* All at once: a part of the index with a gap would hide the rest. */
static int remove_all(struct nft *n, const struct owned_table *t, const struct list *list,
		      struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	struct nft_batch b;

	nft_begin(n, &b, buf);
	b.family = t->family;
	for (size_t i = 0; i < list->n; i++)
		put_element(&b, NFT_MSG_DELSETELEM, 0, &list->v[i], NULL);
	return nft_commit(n, &b, e);
}

int owned_free(struct nft *n, const struct owned_table *t, const char *owner, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		auto_list struct list list = { 0 };

		if (find_own(n, t, owner, &list, e))
			return -1;
		if (!list.n || !remove_all(n, t, &list, e))
			return 0;
		if (e->num != ENOENT) /* else somebody else removes the same */
			break;
	}
	return err_ctx(e, "remove what '%s' has", owner);
}

struct dropping {
	const struct owned_table *t;
	const char *set;
	owner_goes_fn *goes;
	const void *arg;
	struct list list;
};

static void choose(const struct nft_element *elem, void *arg)
{
	struct dropping *d = arg;
	const char *owner = elem->comment;
	struct owned v;

	if (str_eq(d->set, OWNED_INDEX) && parse_index(d->t, elem->comment, &v, &owner))
		return;
	if (elem->key.len && d->goes(d->arg, owner))
		list_add(&d->list, d->set, &elem->key);
}

static int drop_from(struct nft *n, const struct owned_table *t, const char *set,
		     owner_goes_fn *goes, const void *arg, struct err *e)
{
	struct dropping d = { .t = t, .set = set, .goes = goes, .arg = arg };
	int rc = nft_elements(n, t->family, set, NULL, choose, &d, e);

	rc = rc ? err_ctx(e, "list set '%s'", set) : remove_each(n, t, d.list.v, d.list.n, e);
	list_done(&d.list);
	return rc;
}

int owned_drop(struct nft *n, const struct owned_table *t, owner_goes_fn *goes, const void *arg,
	       struct err *e)
{
	for (const char *const *set = t->sets; *set; set++)
		if (drop_from(n, t, *set, goes, arg, e))
			return -1;
	return drop_from(n, t, OWNED_INDEX, goes, arg, e);
}
