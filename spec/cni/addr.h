/* SPDX-License-Identifier: Apache-2.0 */
/* addr: IP addresses and subnets as numbers; their text is that of Go's net package. */
#ifndef SPEC_CNI_ADDR_H
#define SPEC_CNI_ADDR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An address. len is 4 or 16 (bytes used of b, network order), 0 for "none", so
 * a zeroed struct is no address. An IPv4-mapped IPv6 address is IPv4.
 */
struct ip_addr {
	uint8_t len;
	uint8_t b[16];
};

/* An address with a prefix length; host bits are kept. */
struct ip_net {
	struct ip_addr ip;
	uint8_t bits;
};

/* "10.1.2.3", "fd00::1"; no zone, no octet with a leading zero. 0, or -1 with errno EINVAL. */
int ip_parse(const char *text, struct ip_addr *out);
/* "10.1.2.3/24": the prefix is required. */
int ip_net_parse(const char *text, struct ip_net *out);
/* With or without a prefix; without one out->bits is the whole length. */
int ip_any_parse(const char *text, struct ip_net *out);

/* A text by value, for use in a message. IPv6 is compressed as RFC 5952 says. */
struct ip_text {
	char s[64];
};
struct ip_text ip_text(const struct ip_addr *ip); /* "" for none */
struct ip_text ip_net_text(const struct ip_net *net);

/* Order of the numbers; addresses of different families differ by length. */
int ip_cmp(const struct ip_addr *a, const struct ip_addr *b);
bool ip_eq(const struct ip_addr *a, const struct ip_addr *b);

/* The next address; wraps to zero behind the last one of the family. */
struct ip_addr ip_next(const struct ip_addr *ip);

struct ip_addr ip_net_first(const struct ip_net *net); /* host bits zero */
struct ip_addr ip_net_last(const struct ip_net *net);  /* host bits one */
bool ip_net_contains(const struct ip_net *net, const struct ip_addr *ip);
bool ip_net_overlaps(const struct ip_net *a, const struct ip_net *b);

static inline bool ip_is_v4(const struct ip_addr *ip)
{
	return ip->len == 4;
}

/* The bits of a whole address: 32 or 128. */
static inline uint8_t ip_width(const struct ip_addr *ip)
{
	return (uint8_t)(ip->len * 8);
}

#endif
