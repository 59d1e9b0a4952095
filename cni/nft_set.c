/* SPDX-License-Identifier: Apache-2.0 */
/* nft_set: one request, and a walk over the elements in its answers. */
#include "cni/nft_set.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

struct walk {
	nft_element_fn *fn;
	void *arg;
};

static void read_value(const struct nlattr *nest, struct nft_value *out)
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

static void read_element(const struct nlattr *nest, const struct walk *w)
{
	struct nft_element elem = { .comment = "" };
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
	{
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_KEY)
			read_value(attr, &elem.key);
		else if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_DATA)
			read_value(attr, &elem.data);
		else if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_USERDATA)
			nft_comment(attr, elem.comment);
	}
	w->fn(&elem, w->arg);
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

int nft_elements(struct nft *n, uint8_t family, const char *set, const struct nft_value *key,
		 nft_element_fn *fn, void *arg, struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	struct walk w = { fn, arg };
	struct nlattr *list, *elem;
	struct nft_batch b;

	nft_begin(n, &b, buf);
	b.family = family;
	nft_msg(&b, NFT_MSG_GETSETELEM, key ? 0 : NLM_F_DUMP);
	nft_put_str(&b, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	nft_put_str(&b, NFTA_SET_ELEM_LIST_SET, set);
	if (key) {
		list = nft_nest(&b, NFTA_SET_ELEM_LIST_ELEMENTS);
		elem = nft_nest(&b, NFTA_LIST_ELEM);
		nft_put_value(&b, NFTA_SET_ELEM_KEY, key->b, key->len);
		nft_end(&b, elem);
		nft_end(&b, list);
	}
	return nft_ask(n, &b, read_elements, &w, e) && e->num != ENOENT ? -1 : 0;
}
