/* SPDX-License-Identifier: Apache-2.0 */
/* nft_table: messages as the kernel wants them, so that they change nothing that is right. */
#include "cni/nft_table.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

void nft_put_table(struct nft_batch *b)
{
	nft_msg(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	nft_put_str(b, NFTA_TABLE_NAME, NFT_TABLE);
}

void nft_put_set(struct nft_batch *b, const struct nft_set *set)
{
	nft_msg(b, NFT_MSG_NEWSET, NLM_F_CREATE);
	nft_put_str(b, NFTA_SET_TABLE, NFT_TABLE);
	nft_put_str(b, NFTA_SET_NAME, set->name);
	nft_put_u32(b, NFTA_SET_ID, set->id);
	nft_put_u32(b, NFTA_SET_FLAGS, set->data_type ? NFT_SET_MAP : 0);
	nft_put_u32(b, NFTA_SET_KEY_TYPE, set->key_type);
	nft_put_u32(b, NFTA_SET_KEY_LEN, set->key_len);
	if (!set->data_type)
		return;
	nft_put_u32(b, NFTA_SET_DATA_TYPE, set->data_type);
	if (set->data_type != NFT_DATA_VERDICT)
		nft_put_u32(b, NFTA_SET_DATA_LEN, set->data_len);
}

void nft_put_chain(struct nft_batch *b, const char *name, const struct nft_hook *at)
{
	struct nlattr *hook;

	nft_msg(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	nft_put_str(b, NFTA_CHAIN_TABLE, NFT_TABLE);
	nft_put_str(b, NFTA_CHAIN_NAME, name);
	if (at) {
		hook = nft_nest(b, NFTA_CHAIN_HOOK);
		nft_put_u32(b, NFTA_HOOK_HOOKNUM, at->num);
		nft_put_u32(b, NFTA_HOOK_PRIORITY, (uint32_t)at->priority);
		nft_end(b, hook);
		nft_put_str(b, NFTA_CHAIN_TYPE, at->type);
	}
	nft_msg(b, NFT_MSG_DELRULE, 0);
	nft_put_str(b, NFTA_RULE_TABLE, NFT_TABLE);
	nft_put_str(b, NFTA_RULE_CHAIN, name);
}

void nft_put_kept_chain(struct nft_batch *b, const char *name)
{
	nft_msg(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	nft_put_str(b, NFTA_CHAIN_TABLE, NFT_TABLE);
	nft_put_str(b, NFTA_CHAIN_NAME, name);
}

struct nlattr *nft_put_rule(struct nft_batch *b, const char *chain, uint8_t nfproto)
{
	struct nlattr *rule;

	nft_msg(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	nft_put_str(b, NFTA_RULE_TABLE, NFT_TABLE);
	nft_put_str(b, NFTA_RULE_CHAIN, chain);
	rule = nft_nest(b, NFTA_RULE_EXPRESSIONS);
	if (nfproto)
		nft_expr_nfproto(b, nfproto);
	return rule;
}

struct nlattr *nft_put_elements(struct nft_batch *b, uint16_t msg, uint16_t flags, const char *set)
{
	nft_msg(b, msg, flags);
	nft_put_str(b, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	nft_put_str(b, NFTA_SET_ELEM_LIST_SET, set);
	return nft_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
}

void nft_put_value(struct nft_batch *b, uint16_t attr, const void *value, size_t len)
{
	struct nlattr *nest = nft_nest(b, attr);

	nft_put(b, NFTA_DATA_VALUE, value, len);
	nft_end(b, nest);
}

/* As nft(8) stores it: type, length, text with its NUL. */
void nft_put_comment(struct nft_batch *b, const char *text)
{
	uint8_t tlv[2 + NFT_COMMENT_MAX] = { 0 };
	size_t len = strnlen(text, NFT_COMMENT_MAX - 2);

	tlv[1] = (uint8_t)(len + 1);
	memcpy(tlv + 2, text, len);
	nft_put(b, NFTA_SET_ELEM_USERDATA, tlv, len + 3);
}

bool nft_comment(const struct nlattr *userdata, char text[NFT_COMMENT_MAX + 1])
{
	const uint8_t *tlv = mnl_attr_get_payload(userdata);
	size_t len = mnl_attr_get_payload_len(userdata);

	if (len < 3 || tlv[0] != 0 || tlv[1] > len - 2)
		return false;
	memcpy(text, tlv + 2, tlv[1]);
	text[tlv[1]] = '\0';
	return true;
}
