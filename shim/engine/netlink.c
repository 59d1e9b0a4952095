/* SPDX-License-Identifier: Apache-2.0 */
/* netlink: build, send, and hear the kernel out. */
#include "shim/engine/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include "spec/base/auto.h"

#define ANSWER_MAX     (64 << 10) /* a dump comes in pieces of at most 32 KiB */
#define ANSWER_SECONDS 30	  /* the kernel answers at once, but for its lock */
#define SEQUENCE       1	  /* one request after the other on a socket */

int netlink_open(struct err *e)
{
	auto_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	int on = 1;

	if (fd < 0)
		return err_sys(e, "open an rtnetlink socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return err_sys(e, "set up an rtnetlink socket");
	/* texts beside error numbers, and dumps that are filtered; without them it works, too */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return take_fd(&fd);
}

static void *room(struct netlink *m, size_t n)
{
	size_t padded = NLMSG_ALIGN(n);
	void *at = m->data + m->len;

	if (padded > sizeof(m->data) - m->len) {
		m->full = true;
		return NULL;
	}
	m->len += padded;
	return at;
}

void netlink_begin(struct netlink *m, uint16_t type, uint16_t flags, const void *fixed, size_t n)
{
	struct nlmsghdr *h;

	memset(m, 0, sizeof(*m));
	h = room(m, sizeof(*h));
	h->nlmsg_type = type;
	h->nlmsg_flags = flags | NLM_F_REQUEST;
	h->nlmsg_seq = SEQUENCE;
	memcpy(room(m, n), fixed, n);
}

void netlink_put(struct netlink *m, uint16_t attr, const void *data, size_t n)
{
	struct nlattr *a = n > NETLINK_MAX ? NULL : room(m, NLA_HDRLEN + n);

	if (!a) {
		m->full = true;
		return;
	}
	a->nla_type = attr;
	a->nla_len = (uint16_t)(NLA_HDRLEN + n);
	memcpy((unsigned char *)a + NLA_HDRLEN, data, n);
}

void netlink_put_text(struct netlink *m, uint16_t attr, const char *text)
{
	netlink_put(m, attr, text, strlen(text) + 1);
}

void netlink_put_u32(struct netlink *m, uint16_t attr, uint32_t v)
{
	netlink_put(m, attr, &v, sizeof(v));
}

static const void *find(const unsigned char *at, size_t left, uint16_t attr, size_t *n)
{
	while (left >= NLA_HDRLEN) {
		struct nlattr a;

		memcpy(&a, at, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || a.nla_len > left)
			return NULL;
		if ((a.nla_type & NLA_TYPE_MASK) == attr) {
			*n = a.nla_len - (size_t)NLA_HDRLEN;
			return at + NLA_HDRLEN;
		}
		if ((size_t)NLA_ALIGN(a.nla_len) > left)
			return NULL;
		at += NLA_ALIGN(a.nla_len);
		left -= NLA_ALIGN(a.nla_len);
	}
	return NULL;
}

const void *netlink_attr(const struct nlmsghdr *h, size_t fixed, uint16_t attr, size_t *n)
{
	size_t skip = NLMSG_HDRLEN + NLMSG_ALIGN(fixed);

	if (h->nlmsg_len < skip)
		return NULL;
	return find((const unsigned char *)h + skip, h->nlmsg_len - skip, attr, n);
}

/* An error message: the number, our own request's header, perhaps a text. 0: the acknowledgement.
 */
static int verdict(const struct nlmsghdr *h, struct err *e)
{
	const struct nlmsgerr *answer = NLMSG_DATA(h);
	const char *text = NULL;
	size_t n = 0;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*answer)))
		return err_set(e, EPROTO, "rtnetlink: an error message is cut short");
	if (!answer->error)
		return 0;
	if ((h->nlmsg_flags & NLM_F_ACK_TLVS) && (h->nlmsg_flags & NLM_F_CAPPED))
		text = netlink_attr(h, sizeof(*answer), NLMSGERR_ATTR_MSG, &n);
	errno = -answer->error;
	if (text && n && !text[n - 1])
		return err_sys(e, "the kernel says '%.200s'", text);
	return err_sys(e, "rtnetlink");
}

enum {
	MORE = 1
};

static int one(const struct nlmsghdr *h,
	       int (*each)(const struct nlmsghdr *h, void *to, struct err *e), void *to,
	       struct err *e)
{
	switch (h->nlmsg_type) {
	case NLMSG_ERROR:
		return verdict(h, e);
	case NLMSG_DONE:
		return 0;
	case NLMSG_NOOP:
		return MORE;
	default:
		return each && each(h, to, e) ? -1 : MORE;
	}
}

/* The messages of one datagram, none of which may be longer than what is left of it. */
static int datagram(const unsigned char *at, size_t left,
		    int (*each)(const struct nlmsghdr *h, void *to, struct err *e), void *to,
		    struct err *e)
{
	int result = MORE;

	while (result == MORE && left >= NLMSG_HDRLEN) {
		const struct nlmsghdr *h = (const void *)at;
		size_t step = NLMSG_ALIGN((size_t)h->nlmsg_len);

		if (h->nlmsg_len < NLMSG_HDRLEN || h->nlmsg_len > left)
			return err_set(e, EPROTO, "rtnetlink: a message is cut short");
		result = one(h, each, to, e);
		step = step < left ? step : left;
		at += step;
		left -= step;
	}
	return result;
}

static int answers(int sock, int (*each)(const struct nlmsghdr *h, void *to, struct err *e),
		   void *to, struct err *e)
{
	auto_free unsigned char *buf = malloc(ANSWER_MAX);
	int result = MORE;

	if (!buf)
		return err_sys(e, "rtnetlink");
	while (result == MORE) {
		struct sockaddr_nl from = { .nl_family = AF_NETLINK };
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(sock, buf, ANSWER_MAX, 0, (struct sockaddr *)&from, &len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "rtnetlink: receive");
		if (from.nl_pid) /* who may administer this network can send, too */
			continue;
		result = datagram(buf, (size_t)n, each, to, e);
	}
	return result;
}

int netlink_talk(int sock, struct netlink *m,
		 int (*each)(const struct nlmsghdr *h, void *to, struct err *e), void *to,
		 struct err *e)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr *h = (void *)m->data;

	if (m->full)
		return err_set(e, EMSGSIZE, "rtnetlink: the request is too long");
	h->nlmsg_len = (uint32_t)m->len;
	/* the two bits of a dump have other meanings alone */
	if ((h->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		h->nlmsg_flags |= NLM_F_ACK;
	if (sendto(sock, m->data, m->len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return err_sys(e, "rtnetlink: send");
	return answers(sock, each, to, e);
}
