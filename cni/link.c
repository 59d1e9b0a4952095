/* SPDX-License-Identifier: Apache-2.0 */
/* link: one message each. */
#include "cni/link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

/* From linux/ip.h, which cannot be included beside netinet's. */
#define IPV4_DEVCONF_ARP_NOTIFY 22

#define OPERSTATE_UP 6 /* IF_OPER_UP of linux/if.h, which cannot be included beside net/if.h */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int mac_parse(const char *text, struct mac *out)
{
	static const struct mac zero;
	struct mac mac;

	for (int i = 0; i < MAC_LEN; i++, text += 3) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i < MAC_LEN - 1 ? ':' : '\0'))
			return -1;
		mac.b[i] = (uint8_t)(high << 4 | low);
	}
	if (mac.b[0] & 1 || !memcmp(&mac, &zero, sizeof(mac)))
		return -1;
	*out = mac;
	return 0;
}

struct mac_text mac_text(const struct mac *mac)
{
	struct mac_text t;

	snprintf(t.s, sizeof(t.s), "%02x:%02x:%02x:%02x:%02x:%02x", mac->b[0], mac->b[1], mac->b[2],
		 mac->b[3], mac->b[4], mac->b[5]);
	return t;
}

static struct rtnl_req link_req(int type, int flags, int index, uint32_t set, uint32_t mask)
{
	struct ifinfomsg ifi = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = index,
		.ifi_flags = set,
		.ifi_change = mask,
	};

	return rtnl_req(type, flags, &ifi, sizeof(ifi));
}

/* Kernels without VLAN filtering tell of no default VLAN. */
static void read_bridge(const struct nlattr *data, struct link *link)
{
	const struct nlattr *on = nla_find(nla_data(data), nla_len(data), IFLA_BR_VLAN_FILTERING),
			    *def = nla_find(nla_data(data), nla_len(data),
					    IFLA_BR_VLAN_DEFAULT_PVID);

	link->can_filter = def;
	link->filters = on && nla_get_u8(on);
	link->default_vlan = def ? nla_get_u16(def) : 0;
}

static void read_port(const struct nlattr *data, struct link *link)
{
	const struct nlattr *no = nla_find(nla_data(data), nla_len(data), IFLA_BRPORT_NO);

	link->port = no ? nla_get_u16(no) : 0;
}

static void read_kind(const struct nlattr *info, struct link *link)
{
	const struct nlattr *kind = nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND),
			    *data = nla_find(nla_data(info), nla_len(info), IFLA_INFO_DATA),
			    *port = nla_find(nla_data(info), nla_len(info), IFLA_INFO_SLAVE_DATA),
			    *of = nla_find(nla_data(info), nla_len(info), IFLA_INFO_SLAVE_KIND);

	if (kind)
		snprintf(link->kind, sizeof(link->kind), "%s", (const char *)nla_data(kind));
	if (data && !strcmp(link->kind, "bridge"))
		read_bridge(data, link);
	if (port && of && !strcmp(nla_data(of), "bridge"))
		read_port(port, link);
}

static int read_link(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(nlh);
	const struct nlattr *attr;
	struct link *link = arg;
	int left = (int)NLMSG_PAYLOAD(nlh, sizeof(*ifi));

	(void)e;
	if (nlh->nlmsg_type != RTM_NEWLINK)
		return 0;
	*link = (struct link){ .index = ifi->ifi_index, .flags = ifi->ifi_flags };
	nla_for_each_attr(attr, (struct nlattr *)(void *)IFLA_RTA(ifi), left, left)
	{
		switch (nla_type(attr)) {
		case IFLA_MASTER:
			link->master = (int)nla_get_u32(attr);
			break;
		case IFLA_MTU:
			link->mtu = nla_get_u32(attr);
			break;
		case IFLA_TXQLEN:
			link->tx_queue = nla_get_u32(attr);
			break;
		case IFLA_PROMISCUITY:
			link->promiscuity = (int)nla_get_u32(attr);
			break;
		case IFLA_LINK:
			link->peer = (int)nla_get_u32(attr);
			break;
		case IFLA_IFNAME:
			snprintf(link->name, sizeof(link->name), "%s",
				 (const char *)nla_data(attr));
			break;
		case IFLA_OPERSTATE:
			link->up = nla_get_u8(attr) == OPERSTATE_UP;
			break;
		case IFLA_ADDRESS:
			if (nla_len(attr) == MAC_LEN)
				memcpy(link->mac.b, nla_data(attr), MAC_LEN);
			break;
		case IFLA_LINKINFO:
			read_kind(attr, link);
			break;
		default:
			break;
		}
	}
	return 0;
}

static int look_up(struct rtnl *r, struct rtnl_req *q, struct link *out, struct err *e)
{
	struct link link = { 0 };

	rtnl_put_u32(q, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (rtnl_ask(r, q, read_link, &link, e))
		return e->num == ENODEV ? 0 : -1;
	*out = link;
	return 1;
}

int link_get(struct rtnl *r, const char *name, struct link *out, struct err *e)
{
	struct rtnl_req q = link_req(RTM_GETLINK, 0, 0, 0, 0);
	int rc;

	rtnl_put_str(&q, IFLA_IFNAME, name);
	rc = look_up(r, &q, out, e);
	return rc < 0 ? err_ctx(e, "look up interface '%s'", name) : rc;
}

int link_by_index(struct rtnl *r, int index, struct link *out, struct err *e)
{
	struct rtnl_req q = link_req(RTM_GETLINK, 0, index, 0, 0);
	int rc = index > 0 ? look_up(r, &q, out, e) : 0;

	return rc < 0 ? err_ctx(e, "look up interface number %d", index) : rc;
}

int link_add_bridge(struct rtnl *r, const struct new_bridge *b, struct err *e)
{
	struct rtnl_req q = link_req(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, IFF_UP, IFF_UP);
	struct nlattr *info, *data;

	rtnl_put_str(&q, IFLA_IFNAME, b->name);
	rtnl_put(&q, IFLA_ADDRESS, b->mac.b, MAC_LEN);
	if (b->mtu)
		rtnl_put_u32(&q, IFLA_MTU, b->mtu);
	info = rtnl_nest(&q, IFLA_LINKINFO);
	rtnl_put_str(&q, IFLA_INFO_KIND, "bridge");
	data = rtnl_nest(&q, IFLA_INFO_DATA);
	if (b->tagged)
		rtnl_put_u8(&q, IFLA_BR_VLAN_FILTERING, 1);
	if (b->deaf)
		rtnl_put_u8(&q, IFLA_BR_MCAST_SNOOPING, 0);
	rtnl_end(&q, data);
	rtnl_end(&q, info);
	return rtnl_do(r, &q, e) ? err_ctx(e, "create bridge '%s'", b->name) : 0;
}

/* Naming the queue counts spares a grace period in which veth would shrink them. */
static void put_end(struct rtnl_req *q, const char *name, const struct mac *mac, uint32_t mtu)
{
	rtnl_put_str(q, IFLA_IFNAME, name);
	rtnl_put(q, IFLA_ADDRESS, mac->b, MAC_LEN);
	if (mtu)
		rtnl_put_u32(q, IFLA_MTU, mtu);
	rtnl_put_u32(q, IFLA_NUM_TX_QUEUES, 1);
	rtnl_put_u32(q, IFLA_NUM_RX_QUEUES, 1);
}

int link_add_veth(struct rtnl *r, const struct veth *veth, struct err *e)
{
	struct rtnl_req q = link_req(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, IFF_UP, IFF_UP);
	/* No IFF_UP for the peer: the kernel would fail with ENOTCONN and roll back slowly. */
	struct ifinfomsg peer_head = { .ifi_family = AF_UNSPEC };
	struct nlattr *info, *data, *peer;

	put_end(&q, veth->name, &veth->mac, veth->mtu);
	if (veth->master)
		rtnl_put_u32(&q, IFLA_MASTER, (uint32_t)veth->master);
	info = rtnl_nest(&q, IFLA_LINKINFO);
	rtnl_put_str(&q, IFLA_INFO_KIND, "veth");
	data = rtnl_nest(&q, IFLA_INFO_DATA);
	peer = rtnl_nest(&q, VETH_INFO_PEER);
	rtnl_raw(&q, &peer_head, sizeof(peer_head));
	put_end(&q, veth->peer_name, &veth->peer_mac, veth->mtu);
	rtnl_put_u32(&q, IFLA_NET_NS_FD, (uint32_t)veth->netns);
	rtnl_end(&q, peer);
	rtnl_end(&q, data);
	rtnl_end(&q, info);
	return rtnl_do(r, &q, e);
}

int link_add_ifb(struct rtnl *r, const char *name, uint32_t mtu, struct err *e)
{
	struct rtnl_req q = link_req(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, IFF_UP, IFF_UP);
	struct nlattr *info;

	rtnl_put_str(&q, IFLA_IFNAME, name);
	rtnl_put_u32(&q, IFLA_MTU, mtu);
	rtnl_put_u32(&q, IFLA_TXQLEN, 0);
	info = rtnl_nest(&q, IFLA_LINKINFO);
	rtnl_put_str(&q, IFLA_INFO_KIND, "ifb");
	rtnl_end(&q, info);
	return rtnl_do(r, &q, e) ? err_ctx(e, "create ifb interface '%s'", name) : 0;
}

int link_mark(struct rtnl *r, const char *name, const struct link_marks *marks, struct err *e)
{
	struct rtnl_req q = link_req(RTM_NEWLINK, 0, 0, 0, 0);
	struct nlattr *info, *data, *spec, *inet6;

	rtnl_put_str(&q, IFLA_IFNAME, name);
	if (*marks->alias)
		rtnl_put(&q, IFLA_IFALIAS, marks->alias, strlen(marks->alias));
	if (marks->bare) {
		spec = rtnl_nest(&q, IFLA_AF_SPEC);
		inet6 = rtnl_nest(&q, AF_INET6);
		rtnl_put_u8(&q, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
		rtnl_end(&q, inet6);
		rtnl_end(&q, spec);
	}
	if (marks->is_port) {
		info = rtnl_nest(&q, IFLA_LINKINFO);
		rtnl_put_str(&q, IFLA_INFO_SLAVE_KIND, "bridge");
		data = rtnl_nest(&q, IFLA_INFO_SLAVE_DATA);
		rtnl_put_u8(&q, IFLA_BRPORT_MODE, marks->hairpin);
		rtnl_put_u8(&q, IFLA_BRPORT_ISOLATED, marks->isolated);
		rtnl_end(&q, data);
		rtnl_end(&q, info);
	}
	return rtnl_do(r, &q, e) ? err_ctx(e, "mark an interface") : 0;
}

int link_keep_mac(struct rtnl *r, const struct link *link, struct err *e)
{
	struct rtnl_req q = link_req(RTM_NEWLINK, 0, link->index, 0, 0);

	rtnl_put(&q, IFLA_ADDRESS, link->mac.b, MAC_LEN);
	return rtnl_do(r, &q, e) ? err_ctx(e, "fix the MAC of an interface") : 0;
}

int link_set_flags(struct rtnl *r, int index, uint32_t flags, uint32_t mask, struct err *e)
{
	struct rtnl_req q = link_req(RTM_NEWLINK, 0, index, flags, mask);

	return rtnl_do(r, &q, e) ? err_ctx(e, "set interface flags") : 0;
}

int link_set_arp_notify(struct rtnl *r, int index, struct err *e)
{
	struct rtnl_req q = link_req(RTM_NEWLINK, 0, index, 0, 0);
	struct nlattr *spec, *inet, *conf;

	spec = rtnl_nest(&q, IFLA_AF_SPEC);
	inet = rtnl_nest(&q, AF_INET);
	conf = rtnl_nest(&q, IFLA_INET_CONF);
	rtnl_put_u32(&q, IPV4_DEVCONF_ARP_NOTIFY, 1);
	rtnl_end(&q, conf);
	rtnl_end(&q, inet);
	rtnl_end(&q, spec);
	return rtnl_do(r, &q, e) ? err_ctx(e, "set arp_notify") : 0;
}

bool link_tune_none(const struct link_tune *t)
{
	return !t->has_mac && !t->mtu && !t->promisc.set && !t->allmulti.set && !t->tx_queue.set;
}

int link_set_tune(struct rtnl *r, int index, const struct link_tune *t, struct err *e)
{
	uint32_t mask = (t->promisc.set ? IFF_PROMISC : 0U) | (t->allmulti.set ? IFF_ALLMULTI : 0U),
		 flags = (t->promisc.v ? IFF_PROMISC : 0U) | (t->allmulti.v ? IFF_ALLMULTI : 0U);
	struct rtnl_req q = link_req(RTM_NEWLINK, 0, index, flags & mask, mask);

	if (t->has_mac)
		rtnl_put(&q, IFLA_ADDRESS, t->mac.b, MAC_LEN);
	if (t->mtu)
		rtnl_put_u32(&q, IFLA_MTU, t->mtu);
	if (t->tx_queue.set)
		rtnl_put_u32(&q, IFLA_TXQLEN, t->tx_queue.v);
	return rtnl_do(r, &q, e) ? err_ctx(e, "set properties of an interface") : 0;
}

int link_detach(struct rtnl *r, int index, struct err *e)
{
	struct rtnl_req q = link_req(RTM_NEWLINK, 0, index, 0, IFF_UP);

	rtnl_put_u32(&q, IFLA_MASTER, 0);
	return rtnl_do(r, &q, e) ? err_ctx(e, "detach an interface") : 0;
}

int link_delete(struct rtnl *r, int index, struct err *e)
{
	struct rtnl_req q = link_req(RTM_DELLINK, 0, index, 0, 0);

	return rtnl_do(r, &q, e);
}
