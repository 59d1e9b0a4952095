/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor-cni add|del NETNS BRIDGE HOST-IFNAME ADDRESS GATEWAY LEASE-FILE [PORT | ADDRESS6 GATEWAY6]:
 * a pod's interface, by the netlink messages and the lease file only.
 *
 * What no CNI plugin of this kind can go below: one message makes the pair (one end at the bridge
 * and up, the other in the pod), three more in one send give it its address and its default route,
 * two more those of IPv6. PORT, which leads to the pod's port 80, is an element of the map "ports"
 * of the table "ip floor"; map and table are there before, and so is what masquerades.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PREFIX = 16,
	PREFIX6 = 64,
	POD_PORT = 80,
	BUFFER = 8192
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	_exit(1);
}

static struct nlmsghdr *message(char *at, uint16_t type, uint16_t flags, size_t extra, void **data)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(at);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	*data = mnl_nlmsg_put_extra_header(h, extra);
	return h;
}

/* Send what is in buf, and read an acknowledgement a message. */
static void talk(struct mnl_socket *nl, const char *buf, size_t length, int messages)
{
	char reply[BUFFER];

	need(mnl_socket_sendto(nl, buf, length) == (ssize_t)length, "send");
	while (messages > 0) {
		ssize_t got = mnl_socket_recvfrom(nl, reply, sizeof(reply));
		struct nlmsghdr *h = (struct nlmsghdr *)reply;
		int left = (int)got;

		need(got > 0, "receive");
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			errno = -e->error;
			need(!e->error, "netlink");
			messages--;
		}
	}
}

static struct mnl_socket *open_socket(int family)
{
	struct mnl_socket *nl = mnl_socket_open2(family, SOCK_CLOEXEC);

	need(nl && !mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID), "netlink socket");
	return nl;
}

static void make_pair(struct mnl_socket *nl, const char *name, const char *bridge, int netns)
{
	char buf[BUFFER] = { 0 };
	struct nlattr *info, *data, *peer;
	struct ifinfomsg *link;
	void *extra;
	struct nlmsghdr *h =
		message(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*link), &extra);

	link = extra;
	link->ifi_flags = link->ifi_change = IFF_UP;
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put_u32(h, IFLA_MASTER, if_nametoindex(bridge));
	mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(h, IFLA_NUM_RX_QUEUES, 1);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(h, sizeof(*link));
	mnl_attr_put_strz(h, IFLA_IFNAME, "eth0");
	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)netns);
	mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(h, IFLA_NUM_RX_QUEUES, 1);
	mnl_attr_nest_end(h, peer);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	talk(nl, buf, h->nlmsg_len, 1);
}

/* An address and the default route, in one message each; returns their length. */
static size_t put_family(char *at, unsigned int index, int family, const char *ip, const char *via)
{
	size_t size = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
	unsigned char raw[sizeof(struct in6_addr)];
	struct ifaddrmsg *addr;
	struct rtmsg *route;
	struct nlmsghdr *h;
	size_t length;
	void *extra;

	h = message(at, RTM_NEWADDR, NLM_F_CREATE, sizeof(*addr), &extra);
	addr = extra;
	addr->ifa_family = (unsigned char)family;
	addr->ifa_prefixlen = family == AF_INET ? PREFIX : PREFIX6;
	addr->ifa_flags = family == AF_INET ? 0 : IFA_F_NODAD;
	addr->ifa_index = index;
	need(inet_pton(family, ip, raw) == 1, ip);
	mnl_attr_put(h, IFA_LOCAL, size, raw);
	length = h->nlmsg_len;
	h = message(at + length, RTM_NEWROUTE, NLM_F_CREATE, sizeof(*route), &extra);
	route = extra;
	route->rtm_family = (unsigned char)family;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_type = RTN_UNICAST;
	need(inet_pton(family, via, raw) == 1, via);
	mnl_attr_put(h, RTA_GATEWAY, size, raw);
	return length + h->nlmsg_len;
}

/* The pod's end: up, addresses and default routes in one send. ip: address, gateway; ip6: or NULL.
 */
static void configure(struct mnl_socket *nl, unsigned int index, char *const *ip, char *const *ip6)
{
	char buf[BUFFER] = { 0 };
	struct ifinfomsg *link;
	struct nlmsghdr *h;
	size_t length;
	void *extra;

	h = message(buf, RTM_NEWLINK, 0, sizeof(*link), &extra);
	link = extra;
	link->ifi_index = (int)index;
	link->ifi_flags = link->ifi_change = IFF_UP;
	length = h->nlmsg_len;
	length += put_family(buf + length, index, AF_INET, ip[0], ip[1]);
	if (ip6)
		length += put_family(buf + length, index, AF_INET6, ip6[0], ip6[1]);
	talk(nl, buf, length, ip6 ? 5 : 3);
}

static struct nlmsghdr *nft_message(char *at, uint16_t type, uint16_t flags, uint16_t resource)
{
	struct nfgenmsg *gen;
	void *extra;
	struct nlmsghdr *h = message(at, type, flags, sizeof(*gen), &extra);

	gen = extra;
	gen->nfgen_family = resource ? AF_UNSPEC : NFPROTO_IPV4;
	gen->res_id = htons(resource);
	if (resource)
		h->nlmsg_flags = NLM_F_REQUEST;
	return h;
}

static void put_data(struct nlmsghdr *h, uint16_t type, const void *value, size_t size)
{
	struct nlattr *data = mnl_attr_nest_start(h, type);

	mnl_attr_put(h, NFTA_DATA_VALUE, size, value);
	mnl_attr_nest_end(h, data);
}

/* port : ip . 80 comes into the map, or goes. */
static void map_port(uint16_t command, const char *port, const char *ip)
{
	uint32_t to[2] = { inet_addr(ip), htons(POD_PORT) };
	uint16_t key = htons((uint16_t)strtoul(port, NULL, 10));
	char buf[BUFFER] = { 0 };
	struct nlattr *list, *element;
	struct nlmsghdr *h;
	size_t length;

	length = nft_message(buf, NFNL_MSG_BATCH_BEGIN, 0, NFNL_SUBSYS_NFTABLES)->nlmsg_len;
	h = nft_message(buf + length, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | command), NLM_F_CREATE,
			0);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, "floor");
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, "ports");
	list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	put_data(h, NFTA_SET_ELEM_KEY, &key, sizeof(key));
	put_data(h, NFTA_SET_ELEM_DATA, to, sizeof(to));
	mnl_attr_nest_end(h, element);
	mnl_attr_nest_end(h, list);
	length += h->nlmsg_len;
	length += nft_message(buf + length, NFNL_MSG_BATCH_END, 0, NFNL_SUBSYS_NFTABLES)->nlmsg_len;
	talk(open_socket(NETLINK_NETFILTER), buf, length, 1);
}

/* more: what follows LEASE-FILE */
static void add(char **argv, int more, struct mnl_socket *host)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int pod = open(argv[2], O_RDONLY | O_CLOEXEC);
	int lease = open(argv[7], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	need(own >= 0 && pod >= 0, "netns");
	need(lease >= 0 && write(lease, "floor\r\neth0", 11) == 11, argv[7]);
	close(lease);
	make_pair(host, argv[4], argv[3], pod);
	need(!setns(pod, CLONE_NEWNET), "setns");
	configure(open_socket(NETLINK_ROUTE), if_nametoindex("eth0"), argv + 5,
		  more == 2 ? argv + 8 : NULL);
	need(!setns(own, CLONE_NEWNET), "setns back");
	if (more == 1)
		map_port(NFT_MSG_NEWSETELEM, argv[8], argv[5]);
}

static void del(char **argv, int more, struct mnl_socket *host)
{
	char buf[BUFFER] = { 0 };
	void *extra;
	struct nlmsghdr *h = message(buf, RTM_DELLINK, 0, sizeof(struct ifinfomsg), &extra);

	if (more == 1)
		map_port(NFT_MSG_DELSETELEM, argv[8], argv[5]);
	mnl_attr_put_strz(h, IFLA_IFNAME, argv[4]);
	talk(host, buf, h->nlmsg_len, 1);
	need(!unlink(argv[7]), argv[7]);
}

int main(int argc, char **argv)
{
	if (argc < 8 || argc > 10) {
		fprintf(stderr, "usage: floor-cni add|del NETNS BRIDGE HOST-IFNAME ADDRESS GATEWAY "
				"LEASE-FILE [PORT | ADDRESS6 GATEWAY6]\n");
		return 2;
	}
	(strcmp(argv[1], "add") ? del : add)(argv, argc - 8, open_socket(NETLINK_ROUTE));
	return 0;
}
