/* SPDX-License-Identifier: Apache-2.0 */
/* firewall: the same rules however many pods and bridges there are. */
#include "cni/firewall.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <string.h>

#include "cni/nft_table.h"
#include "cni/owned.h"

#define CHAIN_MAIN     "forward"
#define CHAIN_ADMITTED "admitted"
#define SET_WALLS      "walls"
#define SET_ROOMS      "rooms"
#define SET_CLOSED     "closed"
#define POD_IPS_MAX    64 /* of one pod */
#define BRIDGE_SETS    2

static const struct family {
	uint8_t nfproto;
	uint8_t addr_len;
	uint32_t saddr, daddr; /* offsets in the header */
	uint32_t type;
	const char *pods;
} families[] = {
	{ NFPROTO_IPV4, 4, 12, 16, NFT_TYPE_IPV4, "pods4" },
	{ NFPROTO_IPV6, 16, 8, 24, NFT_TYPE_IPV6, "pods6" },
};

static const struct family *family_of(const struct ip_addr *ip)
{
	return &families[ip_is_v4(ip) ? 0 : 1];
}

/* ---- the static part ---- */

static void put_sets(struct nft_batch *b)
{
	static const uint32_t pair = NFT_CONCAT(NFT_TYPE_IFNAME, NFT_TYPE_IFNAME);
	const struct nft_set sets[] = {
		{ SET_WALLS, 0x201, NFT_TYPE_IFNAME, IFNAMSIZ, 0, 0 },
		{ SET_ROOMS, 0x202, pair, 2 * IFNAMSIZ, 0, 0 },
		{ SET_CLOSED, 0x203, pair, 2 * IFNAMSIZ, 0, 0 },
		{ families[0].pods, 0x204, families[0].type, families[0].addr_len, 0, 0 },
		{ families[1].pods, 0x205, families[1].type, families[1].addr_len, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		nft_put_set(b, &sets[i]);
	owned_put_index(b, 0x206);
}

/* Packets from one bridge to another (or, with one set for both names, that go so). */
static void put_bridges(struct nft_batch *b, const char *pair, int verdict, const char *chain)
{
	struct nlattr *rule = nft_put_rule(b, CHAIN_MAIN, 0);

	nft_expr_meta(b, NFT_META_IIFNAME, NFT_REG32_00);
	if (!pair)
		nft_expr_lookup(b, SET_WALLS, NFT_REG32_00);
	nft_expr_meta(b, NFT_META_OIFNAME, pair ? NFT_REG32_00 + IFNAMSIZ / 4 : NFT_REG32_00);
	nft_expr_lookup(b, pair ? pair : SET_WALLS, NFT_REG32_00);
	nft_expr_verdict(b, verdict, chain);
	nft_end(b, rule);
}

static void put_pods(struct nft_batch *b, const struct family *f)
{
	/* As the registers have it: in the byte order of the host. */
	static const uint32_t known =
		NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);
	struct nlattr *rule = nft_put_rule(b, CHAIN_ADMITTED, f->nfproto);

	nft_expr_payload(b, NFT_HDR_NETWORK, f->daddr, f->addr_len, NFT_REG_1);
	nft_expr_lookup(b, f->pods, NFT_REG_1);
	nft_expr_ct(b, NFT_CT_STATE, false, NFT_REG_1);
	nft_expr_mask(b, NFT_REG_1, &known, sizeof(known));
	nft_expr_nonzero(b, NFT_REG_1);
	nft_expr_verdict(b, NF_ACCEPT, NULL);
	nft_end(b, rule);

	rule = nft_put_rule(b, CHAIN_ADMITTED, f->nfproto);
	nft_expr_payload(b, NFT_HDR_NETWORK, f->saddr, f->addr_len, NFT_REG_1);
	nft_expr_lookup(b, f->pods, NFT_REG_1);
	nft_expr_verdict(b, NF_ACCEPT, NULL);
	nft_end(b, rule);
}

static void put_jump(struct nft_batch *b, const char *from, int verdict, const char *to)
{
	struct nlattr *rule = nft_put_rule(b, from, 0);

	nft_expr_verdict(b, verdict, to);
	nft_end(b, rule);
}

static void put_table(struct nft_batch *b)
{
	static const struct nft_hook hook = { NF_INET_FORWARD, 0, "filter" };

	nft_put_table(b);
	put_sets(b);
	nft_put_kept_chain(b, FIREWALL_ADMIN);
	nft_put_chain(b, CHAIN_ADMITTED, NULL);
	put_jump(b, CHAIN_ADMITTED, NFT_JUMP, FIREWALL_ADMIN);
	put_pods(b, &families[0]);
	put_pods(b, &families[1]);
	nft_put_chain(b, CHAIN_MAIN, &hook);
	put_bridges(b, SET_CLOSED, NF_DROP, NULL);
	put_bridges(b, SET_ROOMS, NFT_GOTO, CHAIN_ADMITTED);
	put_bridges(b, NULL, NF_DROP, NULL);
	put_jump(b, CHAIN_MAIN, NFT_GOTO, CHAIN_ADMITTED);
}

static const char *const pod_sets[] = { "pods4", "pods6", NULL };
static const struct owned_table table = { NFPROTO_INET, put_table, pod_sets };

/* ---- elements ---- */

static struct owned pod_element(const struct ip_addr *ip)
{
	struct owned v = { .set = family_of(ip)->pods, .key.len = ip->len };

	memcpy(v.key.b, ip->b, ip->len);
	return v;
}

/* The bridge in SET_WALLS, and beside itself in one of the others. */
static size_t bridge_elements(const struct firewall_pod *pod, struct owned v[BRIDGE_SETS])
{
	size_t len;

	if (pod->policy == INGRESS_OPEN)
		return 0;
	len = strnlen(pod->bridge, IFNAMSIZ - 1);
	v[0] = (struct owned){ .set = SET_WALLS, .key.len = IFNAMSIZ };
	v[1] = (struct owned){ .set = pod->policy == INGRESS_ISOLATED ? SET_CLOSED : SET_ROOMS,
			       .key.len = 2UL * IFNAMSIZ };
	memcpy(v[0].key.b, pod->bridge, len);
	memcpy(v[1].key.b, pod->bridge, len);
	memcpy(v[1].key.b + IFNAMSIZ, pod->bridge, len);
	return BRIDGE_SETS;
}

static int pod_elements(const struct firewall_pod *pod, struct owned v[POD_IPS_MAX], size_t *n,
			struct err *e)
{
	if (pod->n_ips > POD_IPS_MAX)
		return err_set(e, E2BIG, "a pod with %zu addresses, but %d is the limit",
			       pod->n_ips, POD_IPS_MAX);
	for (*n = 0; *n < pod->n_ips; ++*n)
		v[*n] = pod_element(&pod->ips[*n]);
	return 0;
}

/* The walls first: never is a pod admitted without them. */
int firewall_ensure(struct nft *n, const struct firewall_pod *pod, struct err *e)
{
	struct owned walls[BRIDGE_SETS], pods[POD_IPS_MAX];
	size_t n_walls = bridge_elements(pod, walls), n_pods;

	if (pod_elements(pod, pods, &n_pods, e) ||
	    (n_walls && owned_ensure(n, &table, walls, n_walls, NULL, e)) ||
	    owned_ensure(n, &table, pods, n_pods, pod->owner, e))
		return err_ctx(e, "admit to the firewall");
	return 0;
}

static int all_present(struct nft *n, const struct owned *v, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		int there = owned_present(n, &table, &v[i], e);

		if (there <= 0)
			return there;
	}
	return 1;
}

int firewall_present(struct nft *n, const struct firewall_pod *pod, struct err *e)
{
	struct owned walls[BRIDGE_SETS], pods[POD_IPS_MAX];
	int there = all_present(n, walls, bridge_elements(pod, walls), e);
	size_t n_pods;

	if (there <= 0)
		return there;
	return pod_elements(pod, pods, &n_pods, e) ? -1 : all_present(n, pods, n_pods, e);
}

int firewall_free(struct nft *n, const char *owner, struct err *e)
{
	return owned_free(n, &table, owner, e);
}

int firewall_drop(struct nft *n, owner_goes_fn *goes, const void *arg, struct err *e)
{
	return owned_drop(n, &table, goes, arg, e);
}
