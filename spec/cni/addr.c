/* SPDX-License-Identifier: Apache-2.0 */
/* addr: bytes in network order, so memcmp() is the order of the numbers. */
#include "spec/cni/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/str.h"

static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

int ip_parse(const char *text, struct ip_addr *out)
{
	struct ip_addr ip = { .len = 4 };

	if (inet_pton(AF_INET, text, ip.b) == 1) {
		*out = ip;
		return 0;
	}
	if (inet_pton(AF_INET6, text, ip.b) != 1) {
		errno = EINVAL;
		return -1;
	}
	ip.len = 16;
	if (!memcmp(ip.b, v4_mapped, sizeof(v4_mapped))) {
		memmove(ip.b, ip.b + sizeof(v4_mapped), 4);
		memset(ip.b + 4, 0, 12);
		ip.len = 4;
	}
	*out = ip;
	return 0;
}

int ip_net_parse(const char *text, struct ip_net *out)
{
	const char *slash = strchr(text, '/');
	char addr[INET6_ADDRSTRLEN];
	struct ip_net net;
	uint64_t bits;

	errno = EINVAL;
	if (!slash || (size_t)(slash - text) >= sizeof(addr))
		return -1;
	memcpy(addr, text, (size_t)(slash - text));
	addr[slash - text] = '\0';
	if (ip_parse(addr, &net.ip))
		return -1;
	if (ip_is_v4(&net.ip) && strchr(addr, ':')) { /* the prefix would be of 128 bits */
		errno = EINVAL;
		return -1;
	}
	if (strlen(slash + 1) > 3 || parse_u64(slash + 1, 10, ip_width(&net.ip), &bits)) {
		errno = EINVAL;
		return -1;
	}
	net.bits = (uint8_t)bits;
	*out = net;
	return 0;
}

int ip_any_parse(const char *text, struct ip_net *out)
{
	struct ip_net net;

	if (strchr(text, '/'))
		return ip_net_parse(text, out);
	if (ip_parse(text, &net.ip))
		return -1;
	net.bits = ip_width(&net.ip);
	*out = net;
	return 0;
}

/* The longest run of at least two zero groups (the first of equals) becomes "::". */
static void longest_zeros(const uint16_t *g, int *start, int *len)
{
	*start = -1;
	*len = 1;
	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && !g[i + n])
			n++;
		if (n > *len) {
			*start = i;
			*len = n;
		}
		i += n;
	}
}

static void v6_text(const uint8_t *b, char *s, size_t size)
{
	uint16_t g[8];
	int start, len;
	size_t at = 0;

	for (int i = 0; i < 8; i++, b += 2)
		g[i] = (uint16_t)(b[0] << 8 | b[1]);
	longest_zeros(g, &start, &len);
	for (int i = 0; i < 8; i++) {
		if (i == start) {
			at += (size_t)snprintf(s + at, size - at, "::");
			i += len - 1;
			continue;
		}
		at += (size_t)snprintf(s + at, size - at, "%s%x", i && i != start + len ? ":" : "",
				       g[i]);
	}
}

struct ip_text ip_text(const struct ip_addr *ip)
{
	struct ip_text t = { "" };

	if (ip->len == 4)
		snprintf(t.s, sizeof(t.s), "%u.%u.%u.%u", ip->b[0], ip->b[1], ip->b[2], ip->b[3]);
	else if (ip->len == 16)
		v6_text(ip->b, t.s, sizeof(t.s));
	return t;
}

struct ip_text ip_net_text(const struct ip_net *net)
{
	struct ip_text t = ip_text(&net->ip);
	size_t len = strlen(t.s);

	if (len)
		snprintf(t.s + len, sizeof(t.s) - len, "/%u", net->bits);
	return t;
}

int ip_cmp(const struct ip_addr *a, const struct ip_addr *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->b, b->b, a->len);
}

bool ip_eq(const struct ip_addr *a, const struct ip_addr *b)
{
	return ip_cmp(a, b) == 0;
}

struct ip_addr ip_next(const struct ip_addr *ip)
{
	struct ip_addr next = *ip;

	for (int i = next.len; i-- > 0;)
		if (++next.b[i])
			break;
	return next;
}

/* The mask of byte i for a prefix of so many bits. */
static uint8_t mask_byte(unsigned int bits, unsigned int i)
{
	if (bits >= i * 8 + 8)
		return 0xff;
	return bits <= i * 8 ? 0 : (uint8_t)(0xff00 >> (bits - i * 8));
}

struct ip_addr ip_net_first(const struct ip_net *net)
{
	struct ip_addr ip = net->ip;

	for (unsigned int i = 0; i < ip.len; i++)
		ip.b[i] &= mask_byte(net->bits, i);
	return ip;
}

struct ip_addr ip_net_last(const struct ip_net *net)
{
	struct ip_addr ip = net->ip;

	for (unsigned int i = 0; i < ip.len; i++)
		ip.b[i] |= (uint8_t)~mask_byte(net->bits, i);
	return ip;
}

bool ip_net_contains(const struct ip_net *net, const struct ip_addr *ip)
{
	struct ip_net other = { *ip, net->bits };
	struct ip_addr mine = ip_net_first(net), first;

	if (ip->len != net->ip.len)
		return false;
	first = ip_net_first(&other);
	return ip_eq(&mine, &first);
}

bool ip_net_overlaps(const struct ip_net *a, const struct ip_net *b)
{
	return ip_net_contains(a, &b->ip) || ip_net_contains(b, &a->ip);
}
