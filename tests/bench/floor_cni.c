/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor-cni add|del NETNS BRIDGE HOST-IFNAME ADDRESS GATEWAY LEASE-FILE: a pod's interface, by the
 * netlink messages and the lease file only.
 *
 * What no CNI plugin of this kind can go below: one message makes the pair (one end at the bridge
 * and up, the other in the pod), three more in one send give it its address and its default route.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
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
	PREFIX = 24,
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

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

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

/* The pod's end: up, address and default route in one send. */
static void configure(struct mnl_socket *nl, unsigned int index, const char *ip, const char *via)
{
	char buf[BUFFER] = { 0 };
	struct ifinfomsg *link;
	struct ifaddrmsg *addr;
	struct rtmsg *route;
	struct nlmsghdr *h;
	size_t length;
	void *extra;

	h = message(buf, RTM_NEWLINK, 0, sizeof(*link), &extra);
	link = extra;
	link->ifi_index = (int)index;
	link->ifi_flags = link->ifi_change = IFF_UP;
	length = h->nlmsg_len;
	h = message(buf + length, RTM_NEWADDR, NLM_F_CREATE, sizeof(*addr), &extra);
	addr = extra;
	addr->ifa_family = AF_INET;
	addr->ifa_prefixlen = PREFIX;
	addr->ifa_index = index;
	mnl_attr_put_u32(h, IFA_LOCAL, inet_addr(ip));
	length += h->nlmsg_len;
	h = message(buf + length, RTM_NEWROUTE, NLM_F_CREATE, sizeof(*route), &extra);
	route = extra;
	route->rtm_family = AF_INET;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(h, RTA_GATEWAY, inet_addr(via));
	talk(nl, buf, length + h->nlmsg_len, 3);
}

static void add(char **argv, struct mnl_socket *host)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int pod = open(argv[2], O_RDONLY | O_CLOEXEC);
	int lease = open(argv[7], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	need(own >= 0 && pod >= 0, "netns");
	need(lease >= 0 && write(lease, "floor\r\neth0", 11) == 11, argv[7]);
	close(lease);
	make_pair(host, argv[4], argv[3], pod);
	need(!setns(pod, CLONE_NEWNET), "setns");
	configure(open_socket(), if_nametoindex("eth0"), argv[5], argv[6]);
	need(!setns(own, CLONE_NEWNET), "setns back");
}

static void del(char **argv, struct mnl_socket *host)
{
	char buf[BUFFER] = { 0 };
	void *extra;
	struct nlmsghdr *h = message(buf, RTM_DELLINK, 0, sizeof(struct ifinfomsg), &extra);

	mnl_attr_put_strz(h, IFLA_IFNAME, argv[4]);
	talk(host, buf, h->nlmsg_len, 1);
	need(!unlink(argv[7]), argv[7]);
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr, "usage: floor-cni add|del NETNS BRIDGE HOST-IFNAME ADDRESS GATEWAY "
				"LEASE-FILE\n");
		return 2;
	}
	(strcmp(argv[1], "add") ? del : add)(argv, open_socket());
	return 0;
}
