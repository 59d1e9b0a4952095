/* SPDX-License-Identifier: Apache-2.0 */
/* announce: the kernel does so when an interface comes up, but then its port does not forward yet.
 */
#include "cni/announce.h"

#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>

#include "spec/base/auto.h"

#define NA_HOPS	 255 /* others are not believed */
#define OPT_SIZE 1   /* in units of eight bytes */

static int announce4(const struct link *link, const struct ip_addr *ip, const struct mac *whom)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = link->index,
		.sll_halen = MAC_LEN,
	};
	struct ether_arp arp = {
		.ea_hdr = { .ar_hrd = htons(ARPHRD_ETHER),
			    .ar_pro = htons(ETH_P_IP),
			    .ar_hln = MAC_LEN,
			    .ar_pln = 4,
			    .ar_op = htons(ARPOP_REQUEST) },
	};
	auto_fd int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (whom)
		memcpy(to.sll_addr, whom->b, MAC_LEN);
	else
		memset(to.sll_addr, 0xff, MAC_LEN);
	memcpy(arp.arp_sha, link->mac.b, MAC_LEN);
	memcpy(arp.arp_spa, ip->b, ip->len);
	memcpy(arp.arp_tpa, ip->b, ip->len);
	return sendto(fd, &arp, sizeof(arp), 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -1 : 0;
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

int announce(const struct link *link, const struct ip_addr *ip, const struct mac *to)
{
	return ip_is_v4(ip) ? announce4(link, ip, to) : announce6(link, ip);
}
