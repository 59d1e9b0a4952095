/* SPDX-License-Identifier: Apache-2.0 */
/* spoof: two sets and two rules, whatever the number of ports. */
#include "cni/spoof.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <string.h>

#include "cni/nft_table.h"
#include "cni/owned.h"

#define SET_GUARDED "guarded"
#define SET_MACS    "macs"
#define CHAIN	    "prerouting"
#define MAC_BYTES   6
#define MAC_ROOM    8 /* in a key: whole registers */
#define SRC_OFFSET  6 /* in the Ethernet header */
#define PRIORITY    -300
#define HOOK	    0 /* NF_BR_PRE_ROUTING */
#define MAC_REG	    (NFT_REG32_00 + IFNAMSIZ / 4)

static void put_table(struct nft_batch *b)
{
	static const struct nft_hook hook = { HOOK, PRIORITY, "filter" };
	static const struct nft_set guarded = { SET_GUARDED, 1, NFT_TYPE_IFNAME, IFNAMSIZ, 0, 0 };
	static const struct nft_set macs = {
		SET_MACS, 2, NFT_CONCAT(NFT_TYPE_IFNAME, NFT_TYPE_ETHER), IFNAMSIZ + MAC_ROOM, 0, 0
	};
	struct nlattr *rule;

	nft_put_table(b);
	owned_put_index(b, 3);
	nft_put_set(b, &guarded);
	nft_put_set(b, &macs);
	nft_put_chain(b, CHAIN, &hook);
	rule = nft_put_rule(b, CHAIN, 0);
	nft_expr_meta(b, NFT_META_IIFNAME, NFT_REG32_00);
	nft_expr_payload(b, NFT_HDR_LINK, SRC_OFFSET, MAC_BYTES, MAC_REG);
	nft_expr_lookup(b, SET_MACS, NFT_REG32_00);
	nft_expr_verdict(b, NFT_RETURN, NULL);
	nft_end(b, rule);
	rule = nft_put_rule(b, CHAIN, 0);
	nft_expr_meta(b, NFT_META_IIFNAME, NFT_REG32_00);
	nft_expr_lookup(b, SET_GUARDED, NFT_REG32_00);
	nft_expr_verdict(b, NF_DROP, NULL);
	nft_end(b, rule);
}

static const char *const sets[] = { SET_GUARDED, SET_MACS, NULL };
static const struct owned_table table = { NFPROTO_BRIDGE, put_table, sets };

static void make_keys(const char *port, const uint8_t mac[MAC_BYTES], struct owned v[2])
{
	size_t len = strnlen(port, IFNAMSIZ - 1);

	v[0] = (struct owned){ .set = SET_MACS, .key.len = IFNAMSIZ + MAC_ROOM };
	v[1] = (struct owned){ .set = SET_GUARDED, .key.len = IFNAMSIZ };
	memcpy(v[0].key.b, port, len);
	memcpy(v[0].key.b + IFNAMSIZ, mac, MAC_BYTES);
	memcpy(v[1].key.b, port, len);
}

int spoof_ensure(struct nft *n, const char *owner, const char *port, const uint8_t mac[MAC_BYTES],
		 struct err *e)
{
	struct owned v[2];

	make_keys(port, mac, v);
	return owned_ensure(n, &table, v, 2, owner, e) ? err_ctx(e, "check the MAC") : 0;
}

int spoof_present(struct nft *n, const char *port, const uint8_t mac[MAC_BYTES], struct err *e)
{
	struct owned v[2];
	int first, second;

	make_keys(port, mac, v);
	first = owned_present(n, &table, &v[0], e);
	second = first > 0 ? owned_present(n, &table, &v[1], e) : first;
	return second;
}

int spoof_free(struct nft *n, const char *owner, struct err *e)
{
	return owned_free(n, &table, owner, e);
}

int spoof_drop(struct nft *n, owner_goes_fn *goes, const void *arg, struct err *e)
{
	return owned_drop(n, &table, goes, arg, e);
}
