/* SPDX-License-Identifier: Apache-2.0 */
/* portmap_table: registers are 4 bytes each; what is looked up lies in adjacent ones. */
#include "cni/portmap_table.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <net/if.h>
#include <string.h>

#include "cni/nft_table.h"

#define PRIORITY_DNAT	 NF_IP_PRI_NAT_DST
#define PRIORITY_HAIRPIN (NF_IP_PRI_NAT_SRC - 1) /* in front of masquerading in general */
#define REG_BYTES	 4
#define PORT_LEN	 2
#define DPORT_OFFSET	 2 /* in the headers of TCP, UDP and SCTP */
#define FIRST_ID	 0x200U
#define CHAIN_DNAT	 "hostports"
#define CHAIN_HAIRPIN	 "hairpin"

const struct portmap_family portmap_families[PORTMAP_FAMILIES] = {
	{ NFPROTO_IPV4, 4, NFT_TYPE_IPV4, 12, 16, "ports4", "hostports4", "snatlocal4", "snatall4",
	  "self4", "hairpin4", "snat4" },
	{ NFPROTO_IPV6, 16, NFT_TYPE_IPV6, 8, 24, "ports6", "hostports6", "snatlocal6", "snatall6",
	  "self6", "hairpin6", "snat6" },
};

const struct portmap_family *portmap_family(const struct ip_addr *ip)
{
	return &portmap_families[ip_is_v4(ip) ? 0 : 1];
}

/* The register so many bytes behind the first. */
static uint32_t reg_at(uint32_t bytes)
{
	return NFT_REG32_00 + bytes / REG_BYTES;
}

/* ---- sets ---- */

static void put_sets(struct nft_batch *b, const struct portmap_family *f, uint32_t id)
{
	const uint32_t service = NFT_CONCAT(NFT_TYPE_PROTO, NFT_TYPE_PORT);
	const uint32_t target = NFT_CONCAT(f->type, NFT_TYPE_PORT);
	const uint32_t where = f->addr_len + REG_BYTES;
	const struct nft_set sets[] = {
		{ f->ports, id, service, 2 * REG_BYTES, target, where },
		{ f->hostports, id + 1, f->type << 2 * NFT_TYPE_BITS | service, REG_BYTES + where,
		  target, where },
		{ f->snat_local, id + 2, service << 2 * NFT_TYPE_BITS | target,
		  2 * REG_BYTES + where, 0, 0 },
		{ f->snat_all, id + 3, service << 2 * NFT_TYPE_BITS | target, 2 * REG_BYTES + where,
		  0, 0 },
		{ f->self, id + 4, NFT_CONCAT(f->type, f->type), 2U * f->addr_len, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		nft_put_set(b, &sets[i]);
}

/* ---- rules ---- */

static void put_entrance(struct nft_batch *b, const char *chain, uint32_t hook)
{
	struct nlattr *rule;

	nft_put_chain(b, chain, &(struct nft_hook){ hook, PRIORITY_DNAT, "nat" });
	rule = nft_put_rule(b, chain, 0);
	nft_expr_to_local(b);
	nft_expr_verdict(b, NFT_GOTO, CHAIN_DNAT);
	nft_end(b, rule);
}

/* dnat to [ip daddr .] meta l4proto . th dport map @... */
static void put_dnat(struct nft_batch *b, const struct portmap_family *f, bool with_ip)
{
	struct nlattr *rule = nft_put_rule(b, CHAIN_DNAT, f->nfproto);
	uint32_t at = 0;

	if (with_ip) {
		nft_expr_payload(b, NFT_HDR_NETWORK, f->daddr, f->addr_len, reg_at(0));
		at = f->addr_len;
	}
	nft_expr_meta(b, NFT_META_L4PROTO, reg_at(at));
	nft_expr_payload(b, NFT_HDR_TRANSPORT, DPORT_OFFSET, PORT_LEN, reg_at(at + REG_BYTES));
	nft_expr_map(b, with_ip ? f->hostports : f->ports, reg_at(0), reg_at(0));
	nft_expr_dnat(b, f->nfproto, reg_at(0), reg_at(f->addr_len));
	nft_end(b, rule);
}

/* The start of a rule, up to what is looked up. */
static struct nlattr *put_mapped(struct nft_batch *b, const struct portmap_family *f)
{
	static const uint32_t dnat = IPS_DST_NAT;
	struct nlattr *rule = nft_put_rule(b, CHAIN_HAIRPIN, f->nfproto);

	nft_expr_ct(b, NFT_CT_STATUS, false, NFT_REG_1);
	nft_expr_mask(b, NFT_REG_1, &dnat, sizeof(dnat));
	nft_expr_cmp(b, NFT_REG_1, &dnat, sizeof(dnat));
	nft_expr_meta(b, NFT_META_L4PROTO, reg_at(0));
	nft_expr_ct(b, NFT_CT_PROTO_DST, true, reg_at(REG_BYTES));
	nft_expr_payload(b, NFT_HDR_NETWORK, f->daddr, f->addr_len, reg_at(2 * REG_BYTES));
	nft_expr_payload(b, NFT_HDR_TRANSPORT, DPORT_OFFSET, PORT_LEN,
			 reg_at(2 * REG_BYTES + f->addr_len));
	return rule;
}

static void put_hairpin(struct nft_batch *b, const struct portmap_family *f, bool with_old)
{
	struct nlattr *rule = put_mapped(b, f);

	nft_expr_lookup(b, f->snat_local, reg_at(0));
	nft_expr_verdict(b, NFT_GOTO, f->hairpin);
	nft_end(b, rule);
	rule = put_mapped(b, f);
	nft_expr_lookup(b, f->snat_all, reg_at(0));
	nft_expr_verdict(b, NFT_GOTO, PORTMAP_MASQALL);
	nft_end(b, rule);
	if (!with_old)
		return;
	rule = put_mapped(b, f);
	nft_expr_map(b, f->old_snat, reg_at(0), NFT_REG_VERDICT);
	nft_end(b, rule);
}

static void put_masq(struct nft_batch *b, struct nlattr *rule)
{
	nft_expr_plain(b, "masq");
	nft_end(b, rule);
}

static void put_sources(struct nft_batch *b, const struct portmap_family *f)
{
	static const uint8_t mask[] = { 0xff, 0, 0, 0 }, loopback[] = { 127, 0, 0, 0 };
	struct nlattr *rule = nft_put_rule(b, f->hairpin, f->nfproto);

	nft_expr_payload(b, NFT_HDR_NETWORK, f->saddr, f->addr_len, reg_at(0));
	nft_expr_payload(b, NFT_HDR_NETWORK, f->daddr, f->addr_len, reg_at(f->addr_len));
	nft_expr_lookup(b, f->self, reg_at(0));
	put_masq(b, rule);

	rule = nft_put_rule(b, f->hairpin, f->nfproto);
	nft_expr_meta(b, NFT_META_IIFNAME, reg_at(0));
	nft_expr_meta(b, NFT_META_OIFNAME, reg_at(IFNAMSIZ));
	nft_expr_lookup(b, PORTMAP_HAIR, reg_at(0));
	put_masq(b, rule);

	if (f->nfproto != NFPROTO_IPV4) /* ::1 cannot leave the host */
		return;
	rule = nft_put_rule(b, f->hairpin, f->nfproto);
	nft_expr_payload(b, NFT_HDR_NETWORK, f->saddr, f->addr_len, NFT_REG_1);
	nft_expr_mask(b, NFT_REG_1, mask, sizeof(mask));
	nft_expr_cmp(b, NFT_REG_1, loopback, sizeof(loopback));
	put_masq(b, rule);
}

void portmap_put_table(struct nft_batch *b, bool with_old)
{
	static const struct nft_hook hairpin = { NF_INET_POST_ROUTING, PRIORITY_HAIRPIN, "nat" };
	static const struct nft_set index = {
		PORTMAP_INDEX,
		FIRST_ID + 1,
		NFT_TYPE_MARK << 2 * NFT_TYPE_BITS | NFT_CONCAT(NFT_TYPE_MARK, NFT_TYPE_MARK),
		3 * REG_BYTES,
		0,
		0,
	};
	static const struct nft_set hair = {
		PORTMAP_HAIR, FIRST_ID, NFT_CONCAT(NFT_TYPE_IFNAME, NFT_TYPE_IFNAME),
		2 * IFNAMSIZ, 0,	0,
	};

	nft_put_table(b);
	nft_put_set(b, &hair);
	nft_put_set(b, &index);
	for (uint32_t i = 0; i < PORTMAP_FAMILIES; i++)
		put_sets(b, &portmap_families[i], FIRST_ID + 0x10 * (i + 1));
	nft_put_chain(b, CHAIN_DNAT, NULL);
	put_entrance(b, "prerouting", NF_INET_PRE_ROUTING);
	put_entrance(b, "output", NF_INET_LOCAL_OUT);
	nft_put_chain(b, PORTMAP_MASQALL, NULL);
	put_masq(b, nft_put_rule(b, PORTMAP_MASQALL, 0));
	nft_put_chain(b, CHAIN_HAIRPIN, &hairpin);
	for (size_t i = 0; i < PORTMAP_FAMILIES; i++) {
		const struct portmap_family *f = &portmap_families[i];

		put_dnat(b, f, true);
		put_dnat(b, f, false);
		nft_put_chain(b, f->hairpin, NULL);
		put_sources(b, f);
		put_hairpin(b, f, with_old);
	}
}

/* ---- keys ---- */

static void key_add(struct nft_value *k, const void *data, size_t len)
{
	memcpy(k->b + k->len, data, len);
	k->len += (len + REG_BYTES - 1) / REG_BYTES * REG_BYTES;
}

static void key_add_port(struct nft_value *k, uint16_t port)
{
	uint8_t be[PORT_LEN] = { (uint8_t)(port >> 8), (uint8_t)port };

	key_add(k, be, sizeof(be));
}

struct nft_value portmap_port_key(const struct port_map *map)
{
	struct nft_value k = { 0 };

	if (map->host_ip.len)
		key_add(&k, map->host_ip.b, map->host_ip.len);
	key_add(&k, &map->proto, sizeof(map->proto));
	key_add_port(&k, map->host_port);
	return k;
}

struct nft_value portmap_port_value(const struct port_map *map)
{
	struct nft_value k = { 0 };

	key_add(&k, map->ip.b, map->ip.len);
	key_add_port(&k, map->port);
	return k;
}

struct nft_value portmap_snat_key(const struct port_map *map)
{
	struct nft_value k = { 0 };

	key_add(&k, &map->proto, sizeof(map->proto));
	key_add_port(&k, map->host_port);
	key_add(&k, map->ip.b, map->ip.len);
	key_add_port(&k, map->port);
	return k;
}

struct nft_value portmap_self_key(const struct ip_addr *ip)
{
	struct nft_value k = { 0 };

	key_add(&k, ip->b, ip->len);
	key_add(&k, ip->b, ip->len);
	return k;
}

struct nft_value portmap_hair_key(const char *bridge)
{
	struct nft_value k = { .len = 2UL * IFNAMSIZ };
	size_t len = strnlen(bridge, IFNAMSIZ - 1);

	memcpy(k.b, bridge, len);
	memcpy(k.b + IFNAMSIZ, bridge, len);
	return k;
}

static uint16_t port_at(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

int portmap_read(const struct portmap_family *f, bool with_ip, const struct nft_value *key,
		 const struct nft_value *value, struct port_map *out)
{
	const uint8_t *k = key->b;
	struct port_map map = { 0 };

	if (key->len != (with_ip ? f->addr_len : 0U) + 2 * REG_BYTES ||
	    value->len != f->addr_len + (size_t)REG_BYTES)
		return -1;
	if (with_ip) {
		map.host_ip.len = f->addr_len;
		memcpy(map.host_ip.b, k, f->addr_len);
		k += f->addr_len;
	}
	map.proto = k[0];
	map.host_port = port_at(k + REG_BYTES);
	map.ip.len = f->addr_len;
	memcpy(map.ip.b, value->b, f->addr_len);
	map.port = port_at(value->b + f->addr_len);
	*out = map;
	return 0;
}
