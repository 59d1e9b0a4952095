/* SPDX-License-Identifier: Apache-2.0 */
/* owned: try the elements alone; make the table, or clear the way, on refusal. */
#include "cni/owned.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "cni/nft_table.h"
#include "spec/base/arena.h"

#define TRIES	  4
#define FOUND_MAX 65536 /* elements of a set that are looked at */

static void put_element(struct nft_batch *b, uint16_t msg, uint16_t flags, const struct owned *v,
			const char *owner)
{
	struct nlattr *list = nft_put_elements(b, msg, flags, v->set),
		      *elem = nft_nest(b, NFTA_LIST_ELEM);

	nft_put_value(b, NFTA_SET_ELEM_KEY, v->key, v->len);
	if (owner)
		nft_put_comment(b, owner);
	nft_end(b, elem);
	nft_end(b, list);
}

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
		for (size_t j = 0; j < count; j++)
			put_element(&b, NFT_MSG_NEWSETELEM,
				    (uint16_t)(NLM_F_CREATE | (owner ? NLM_F_EXCL : 0)), &v[j],
				    owner);
		if (!nft_commit(n, &b, e))
			return 0;
		if (e->num == ENOENT && !table)
			table = true;
		else if (e->num != EEXIST)
			break;
		else if (remove_each(n, t, v, count, e))
			return -1;
	}
	return -1;
}

static int count_reply(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	(void)e;
	*(int *)arg |= (nlh->nlmsg_type & 0xff) == NFT_MSG_NEWSETELEM;
	return 0;
}

int owned_present(struct nft *n, const struct owned_table *t, const struct owned *v, struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	struct nft_batch b;
	int found = 0;

	nft_begin(n, &b, buf);
	b.family = t->family;
	put_element(&b, NFT_MSG_GETSETELEM, 0, v, NULL);
	if (nft_ask(n, &b, count_reply, &found, e))
		return e->num == ENOENT ? 0 : -1;
	return found;
}

/* ---- removing by owner ---- */

struct found {
	const char *set;
	owner_goes_fn *goes;
	const void *arg;
	struct owned *v;
	size_t n;
};

static void found_done(struct found *f)
{
	free(f->v);
}

static void read_key(const struct nlattr *nest, struct owned *out)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
	{
		size_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) != NFTA_DATA_VALUE || len > OWNED_KEY_MAX)
			continue;
		memcpy(out->key, mnl_attr_get_payload(attr), len);
		out->len = (uint8_t)len;
	}
}

static void read_element(const struct nlattr *elem, struct found *f)
{
	char owner[NFT_COMMENT_MAX + 1] = "";
	struct owned v = { .set = f->set };
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, elem)
	{
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_KEY)
			read_key(attr, &v);
		else if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_USERDATA)
			nft_comment(attr, owner);
	}
	if (!v.len || f->n == FOUND_MAX || !f->goes(f->arg, owner))
		return;
	if (!(f->n & (f->n - 1))) /* at powers of two */
		f->v = mem_grow(f->v, f->n ? 2 * f->n : 1, sizeof(*f->v));
	f->v[f->n++] = v;
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

int owned_drop(struct nft *n, const struct owned_table *t, const char *set, owner_goes_fn *goes,
	       const void *arg, struct err *e)
{
	__attribute__((
		cleanup(found_done))) struct found f = { .set = set, .goes = goes, .arg = arg };
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	struct nft_batch b;

	nft_begin(n, &b, buf);
	b.family = t->family;
	nft_msg(&b, NFT_MSG_GETSETELEM, NLM_F_DUMP);
	nft_put_str(&b, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	nft_put_str(&b, NFTA_SET_ELEM_LIST_SET, set);
	if (nft_ask(n, &b, read_elements, &f, e))
		return e->num == ENOENT ? 0 : err_ctx(e, "list set '%s'", set);
	return remove_each(n, t, f.v, f.n, e);
}
