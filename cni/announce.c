/* SPDX-License-Identifier: Apache-2.0 */
/* announce: the kernel does so when an interface comes up, but then its port does not forward yet.
 *
 * Not by a packet socket: to close one takes a grace period of the kernel, several times as long
 * as all the rest of ADD.
 */
#include "cni/announce.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "cni/neighbour.h"
#include "spec/base/auto.h"

#define NA_HOPS	 255 /* others are not believed */
#define OPT_SIZE 1   /* in units of eight bytes */

/* Neighbours that have an entry learn; whoever has none asks when it needs one. */
static int set_neighbour(struct rtnl *r, int gate, const struct ip_addr *ip, const struct mac *mac,
			 struct err *e)
{
	const struct neighbour n = { .index = gate, .ip = ip, .mac = mac, .state = NUD_REACHABLE };

	return neighbour_do(r, RTM_NEWNEIGH, NLM_F_REPLACE, &n, e) && e->num != ENOENT ? -1 : 0;
}

/* As if a frame had come from there: else the first one for it would go to all ports. */
static int set_forwarding(struct rtnl *r, int port, const struct mac *mac, struct err *e)
{
	const struct neighbour n = {
		.index = port, .mac = mac, .state = NUD_REACHABLE, .flags = NTF_MASTER
	};

	return neighbour_do(r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &n, e);
}

int announce_to_host(struct rtnl *host, int gate, const struct link *link, const struct ip_addr *ip,
		     struct err *e)
{
	return set_neighbour(host, gate, ip, &link->mac, e) ||
			       (link->peer && set_forwarding(host, link->peer, &link->mac, e))
		       ? -1
		       : 0;
}

static int announce6(const struct link *link, const struct ip_addr *ip)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
				   .sin6_scope_id = (uint32_t)link->index },
			    from = { .sin6_family = AF_INET6 };
	struct {
		struct nd_neighbor_advert head;
		struct nd_opt_hdr opt;
		uint8_t mac[MAC_LEN];
	} na = {
		.head = { .nd_na_hdr = { .icmp6_type = ND_NEIGHBOR_ADVERT } },
		.opt = { ND_OPT_TARGET_LINKADDR, OPT_SIZE },
	};
	auto_fd int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	int hops = NA_HOPS;

	if (fd < 0)
		return -1;
	na.head.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE;
	memcpy(&na.head.nd_na_target, ip->b, ip->len);
	memcpy(na.mac, link->mac.b, MAC_LEN);
	memcpy(&from.sin6_addr, ip->b, ip->len);
	to.sin6_addr.s6_addr[0] = 0xff; /* ff02::1, all nodes of the link */
	to.sin6_addr.s6_addr[1] = 0x02;
	to.sin6_addr.s6_addr[15] = 1;
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &link->index, sizeof(link->index)) ||
	    bind(fd, (struct sockaddr *)&from, sizeof(from)))
		return -1;
	return sendto(fd, &na, sizeof(na), 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -1 : 0;
}

int announce_to_all(struct rtnl *pod, const struct link *link, const struct ip_addr *ip,
		    struct err *e)
{
	if (ip_is_v4(ip))
		return link_keep_mac(pod, link, e);
	return announce6(link, ip) ? err_sys(e, "send a neighbour advertisement") : 0;
}
