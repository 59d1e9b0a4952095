/* SPDX-License-Identifier: Apache-2.0 */
/* masq: look first; on a miss, one batch that is right whatever was there before. */
#include "cni/masq.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni/nft_set.h"
#include "cni/nft_table.h"
#include "spec/base/arena.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define ELEMENTS_MAX 4096
#define CHAIN_MAIN   "postrouting"

static const struct family {
	uint8_t nfproto;
	uint32_t addr_len, saddr, daddr; /* bytes, offsets in the header */
	uint32_t type;
	const char *masq, *same, *chain;
	uint32_t same_reg; /* of the destination, behind the source */
} families[] = {
	{ NFPROTO_IPV4, 4, 12, 16, NFT_TYPE_IPV4, "masq4", "same4", "masq4", NFT_REG32_01 },
	{ NFPROTO_IPV6, 16, 8, 24, NFT_TYPE_IPV6, "masq6", "same6", "masq6", NFT_REG32_04 },
};

static const struct family *family_of(const struct ip_net *net)
{
	return &families[ip_is_v4(&net->ip) ? 0 : 1];
}

/* ---- the static part ---- */

static void put_sets(struct nft_batch *b, const struct family *f)
{
	struct nlattr *desc, *concat;

	nft_msg(b, NFT_MSG_NEWSET, NLM_F_CREATE);
	nft_put_str(b, NFTA_SET_TABLE, NFT_TABLE);
	nft_put_str(b, NFTA_SET_NAME, f->masq);
	nft_put_u32(b, NFTA_SET_FLAGS, NFT_SET_INTERVAL);
	nft_put_u32(b, NFTA_SET_KEY_TYPE, f->type);
	nft_put_u32(b, NFTA_SET_KEY_LEN, f->addr_len);
	nft_put_u32(b, NFTA_SET_ID, f->nfproto);

	nft_msg(b, NFT_MSG_NEWSET, NLM_F_CREATE);
	nft_put_str(b, NFTA_SET_TABLE, NFT_TABLE);
	nft_put_str(b, NFTA_SET_NAME, f->same);
	nft_put_u32(b, NFTA_SET_FLAGS, NFT_SET_INTERVAL | NFT_SET_CONCAT);
	nft_put_u32(b, NFTA_SET_KEY_TYPE, NFT_CONCAT(f->type, f->type));
	nft_put_u32(b, NFTA_SET_KEY_LEN, 2 * f->addr_len);
	nft_put_u32(b, NFTA_SET_ID, 0x100U | f->nfproto);
	desc = nft_nest(b, NFTA_SET_DESC);
	concat = nft_nest(b, NFTA_SET_DESC_CONCAT);
	for (int i = 0; i < 2; i++) {
		struct nlattr *field = nft_nest(b, NFTA_LIST_ELEM);

		nft_put_u32(b, NFTA_SET_FIELD_LEN, f->addr_len);
		nft_end(b, field);
	}
	nft_end(b, concat);
	nft_end(b, desc);
}

static void put_rules(struct nft_batch *b, const struct family *f)
{
	static const uint8_t v4_mask[4] = { 0xf0 }, v4_multicast[4] = { 0xe0 };
	static const uint8_t v6_multicast = 0xff;
	struct nlattr *rule;

	rule = nft_put_rule(b, CHAIN_MAIN, f->nfproto);
	nft_expr_payload(b, NFT_HDR_NETWORK, f->saddr, f->addr_len, NFT_REG_1);
	nft_expr_lookup(b, f->masq, NFT_REG_1);
	nft_expr_verdict(b, NFT_GOTO, f->chain);
	nft_end(b, rule);

	rule = nft_put_rule(b, f->chain, f->nfproto);
	nft_expr_payload(b, NFT_HDR_NETWORK, f->saddr, f->addr_len, NFT_REG32_00);
	nft_expr_payload(b, NFT_HDR_NETWORK, f->daddr, f->addr_len, f->same_reg);
	nft_expr_lookup(b, f->same, NFT_REG32_00);
	nft_expr_verdict(b, NFT_RETURN, NULL);
	nft_end(b, rule);

	rule = nft_put_rule(b, f->chain, f->nfproto);
	if (f->nfproto == NFPROTO_IPV4) {
		nft_expr_payload(b, NFT_HDR_NETWORK, f->daddr, f->addr_len, NFT_REG_1);
		nft_expr_mask(b, NFT_REG_1, v4_mask, sizeof(v4_mask));
		nft_expr_cmp(b, NFT_REG_1, v4_multicast, sizeof(v4_multicast));
	} else {
		nft_expr_payload(b, NFT_HDR_NETWORK, f->daddr, 1, NFT_REG_1);
		nft_expr_cmp(b, NFT_REG_1, &v6_multicast, sizeof(v6_multicast));
	}
	nft_expr_verdict(b, NFT_RETURN, NULL);
	nft_end(b, rule);

	rule = nft_put_rule(b, f->chain, 0);
	nft_expr_plain(b, "masq");
	nft_end(b, rule);
}

static void put_static(struct nft_batch *b)
{
	static const struct nft_hook hook = { NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC, "nat" };

	nft_put_table(b);
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		put_sets(b, &families[i]);
	nft_put_chain(b, CHAIN_MAIN, &hook);
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		nft_put_chain(b, families[i].chain, NULL);
		put_rules(b, &families[i]);
	}
}

/* ---- elements ---- */

static void put_key(struct nft_batch *b, uint16_t attr, const struct ip_addr *a,
		    const struct ip_addr *second)
{
	uint8_t key[32];

	memcpy(key, a->b, a->len);
	if (second)
		memcpy(key + a->len, second->b, second->len);
	nft_put_value(b, attr, key, second ? 2U * a->len : a->len);
}

/* Add or delete (msg) the elements of one subnet. */
static void put_subnet(struct nft_batch *b, uint16_t msg, const struct ip_net *net,
		       const char *comment)
{
	const struct family *f = family_of(net);
	struct ip_addr first = ip_net_first(net), last = ip_net_last(net), end = ip_next(&last);
	uint16_t flags = msg == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0;
	struct nlattr *list, *elem;

	list = nft_put_elements(b, msg, flags, f->masq);
	elem = nft_nest(b, NFTA_LIST_ELEM);
	put_key(b, NFTA_SET_ELEM_KEY, &first, NULL);
	if (comment)
		nft_put_comment(b, comment);
	nft_end(b, elem);
	if (ip_cmp(&end, &first) > 0) { /* else the interval ends where the numbers do */
		elem = nft_nest(b, NFTA_LIST_ELEM);
		put_key(b, NFTA_SET_ELEM_KEY, &end, NULL);
		nft_put_u32(b, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
		nft_end(b, elem);
	}
	nft_end(b, list);

	list = nft_put_elements(b, msg, flags, f->same);
	elem = nft_nest(b, NFTA_LIST_ELEM);
	put_key(b, NFTA_SET_ELEM_KEY, &first, &first);
	put_key(b, NFTA_SET_ELEM_KEY_END, &last, &last);
	nft_end(b, elem);
	nft_end(b, list);
}

/* ---- looking ---- */

struct found {
	const struct ip_net *net;
	struct {
		char network[NFT_COMMENT_MAX + 1];
		struct ip_net net;
	} * v; /* elements that overlap net */
	size_t n;
};

/* The comment is "NETWORK SUBNET"; ends of intervals have none. */
static void collect(const struct nft_element *elem, void *arg)
{
	const char *space = strrchr(elem->comment, ' ');
	struct found *found = arg;
	struct ip_net net;

	if (found->n == ELEMENTS_MAX || !space || ip_net_parse(space + 1, &net) ||
	    !ip_net_overlaps(&net, found->net))
		return;
	found->v = mem_room(found->v, found->n, sizeof(*found->v));
	found->v[found->n].net = net;
	snprintf(found->v[found->n++].network, sizeof(found->v->network), "%.*s",
		 (int)(space - elem->comment), elem->comment);
}

static void found_done(struct found *found)
{
	free(found->v);
}

/* The element that has the subnet's first address, or with `all` every one that overlaps it. */
static int find(struct nft *n, const struct ip_net *net, bool all, struct found *found,
		struct err *e)
{
	struct ip_addr first = ip_net_first(net);
	struct nft_value key = { .len = first.len };

	memcpy(key.b, first.b, first.len);
	found->net = net;
	return nft_elements(n, NFPROTO_INET, family_of(net)->masq, all ? NULL : &key, collect,
			    found, e);
}

int masq_present(struct nft *n, const struct ip_net *subnet, struct err *e)
{
	__attribute__((cleanup(found_done))) struct found found = { 0 };

	if (find(n, subnet, false, &found, e))
		return err_ctx(e, "look for masquerading of %s", ip_net_text(subnet).s);
	return found.n == 1 && found.v[0].net.bits == subnet->bits;
}

static int add_subnet(struct nft *n, const char *network, const struct ip_net *subnet,
		      const struct found *stale, struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	char comment[NFT_COMMENT_MAX + 1];
	struct nft_batch b;

	snprintf(comment, sizeof(comment), "%s %s", network, ip_net_text(subnet).s);
	nft_begin(n, &b, buf);
	put_static(&b);
	for (size_t i = 0; stale && i < stale->n; i++)
		put_subnet(&b, NFT_MSG_DELSETELEM, &stale->v[i].net, NULL);
	put_subnet(&b, NFT_MSG_NEWSETELEM, subnet, comment);
	return nft_commit(n, &b, e);
}

/* All that overlap may go, or it is an error. */
static int may_replace(const struct found *stale, const char *network, const struct ip_net *subnet,
		       masq_used_fn *used, void *arg, struct err *e)
{
	for (size_t i = 0; i < stale->n; i++) {
		int in_use =
			str_eq(stale->v[i].network, network) ? 0 : used(arg, &stale->v[i].net, e);

		if (in_use < 0)
			return -1;
		if (in_use)
			return cni_err(e, CNI_ERR_CONFIG,
				       "masquerade %s: overlaps %s of network '%.200s'",
				       ip_net_text(subnet).s, ip_net_text(&stale->v[i].net).s,
				       stale->v[i].network);
	}
	return 0;
}

int masq_ensure(struct nft *n, const char *network, const struct ip_net *subnet, masq_used_fn *used,
		void *arg, struct err *e)
{
	__attribute__((cleanup(found_done))) struct found stale = { 0 };
	struct ip_net net = { ip_net_first(subnet), subnet->bits };
	int present = masq_present(n, &net, e);

	if (present)
		return present < 0 ? -1 : 0;
	if (!add_subnet(n, network, &net, NULL, e))
		return 0;
	if (e->num != EEXIST && e->num != ENOTEMPTY && e->num != EBUSY)
		return err_ctx(e, "masquerade %s", ip_net_text(&net).s);
	if (find(n, &net, true, &stale, e))
		return err_ctx(e, "list masqueraded subnets");
	if (may_replace(&stale, network, &net, used, arg, e))
		return -1;
	if (add_subnet(n, network, &net, &stale, e))
		return err_ctx(e, "masquerade %s", ip_net_text(&net).s);
	return 0;
}
