/* SPDX-License-Identifier: Apache-2.0 */
/* rtnl: build, send, and read to the end of the answer: an ack, or the end of a dump. */
#include "cni/rtnl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "cni/answer.h"

#define TRIES_MAX 3 /* to get a list that is not torn */

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

int rtnl_open(struct rtnl *r, struct err *e)
{
	struct nl_sock *sock = nl_socket_alloc();
	int one = 1, fd;

	if (!sock)
		return err_set(e, ENOMEM, "allocate a netlink socket");
	if (nl_connect(sock, NETLINK_ROUTE) < 0) {
		nl_socket_free(sock);
		return err_sys(e, "open a route netlink socket");
	}
	fd = nl_socket_get_fd(sock);
	/* Both are only comforts: shorter refusals, and words in them. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	/* This one makes the kernel filter dumps by what the request says. */
	if (setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one)) < 0) {
		nl_socket_free(sock);
		return err_sys(e, "set strict checking on a route netlink socket");
	}
	*r = (struct rtnl){ .sock = sock, .wait_ms = ANSWER_WAIT_MS };
	return 0;
}

void rtnl_close(struct rtnl *r)
{
	if (r->sock)
		nl_socket_free(r->sock);
	r->sock = NULL;
}

struct rtnl_req rtnl_req(int type, int flags, const void *head, size_t len)
{
	struct rtnl_req q = { .msg = nlmsg_alloc_simple(type, flags) };

	q.full = !q.msg || nlmsg_append(q.msg, (void *)(uintptr_t)head, len, NLMSG_ALIGNTO) < 0;
	return q;
}

void rtnl_put(struct rtnl_req *q, int attr, const void *data, size_t len)
{
	q->full = q->full || nla_put(q->msg, attr, (int)len, data) < 0;
}

void rtnl_put_u8(struct rtnl_req *q, int attr, uint8_t v)
{
	rtnl_put(q, attr, &v, sizeof(v));
}

void rtnl_put_u32(struct rtnl_req *q, int attr, uint32_t v)
{
	rtnl_put(q, attr, &v, sizeof(v));
}

void rtnl_put_str(struct rtnl_req *q, int attr, const char *s)
{
	rtnl_put(q, attr, s, strlen(s) + 1);
}

struct nlattr *rtnl_nest(struct rtnl_req *q, int attr)
{
	struct nlattr *nest = q->full ? NULL : nla_nest_start(q->msg, attr);

	q->full = q->full || !nest;
	return nest;
}

void rtnl_end(struct rtnl_req *q, struct nlattr *nest)
{
	if (!q->full)
		nla_nest_end(q->msg, nest);
}

void rtnl_raw(struct rtnl_req *q, const void *data, size_t len)
{
	q->full = q->full || nlmsg_append(q->msg, (void *)(uintptr_t)data, len, NLMSG_ALIGNTO) < 0;
}

/* The kernel's words in a refusal (NLMSGERR_ATTR_MSG behind the error), or NULL. */
static const char *kernel_words(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = NLMSG_DATA(nlh);
	size_t skip = sizeof(*err);
	const struct nlattr *attr;
	int left;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += err->msg.nlmsg_len - sizeof(err->msg);
	left = (int)NLMSG_PAYLOAD(nlh, NLMSG_ALIGN(skip));
	if (left <= 0)
		return NULL;
	attr = nla_find(
		(const struct nlattr *)(const void *)((const char *)err + NLMSG_ALIGN(skip)), left,
		NLMSGERR_ATTR_MSG);
	return attr ? nla_data(attr) : NULL;
}

static int refusal(const struct nlmsghdr *nlh, struct err *e)
{
	const struct nlmsgerr *err = NLMSG_DATA(nlh);
	const char *words = kernel_words(nlh);

	if (!err->error)
		return 0;
	errno = -err->error;
	return err_set(e, errno, "%s%s%s%s", strerror(errno), words ? " (" : "", words ? words : "",
		       words ? ")" : "");
}

/* Hand on the replies of one packet: 1 when the answer is complete. */
static int handle(struct rtnl *r, struct nlmsghdr *nlh, int n, uint32_t seq, rtnl_reply_fn *fn,
		  void *arg, struct err *e)
{
	for (; NLMSG_OK(nlh, (unsigned int)n); nlh = NLMSG_NEXT(nlh, n)) {
		if (nlh->nlmsg_seq != seq) /* of a request that was given up */
			continue;
		r->torn |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
		if (nlh->nlmsg_type == NLMSG_DONE)
			return answer_done(nlh, e) ? -1 : 1;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return refusal(nlh, e) ? -1 : 1;
		if (fn && fn(nlh, arg, e))
			return -1;
	}
	return 0;
}

static void free_msg(struct nl_msg **msg)
{
	if (*msg)
		nlmsg_free(*msg);
}

int rtnl_ask(struct rtnl *r, struct rtnl_req *q, rtnl_reply_fn *fn, void *arg, struct err *e)
{
	__attribute__((cleanup(free_msg))) struct nl_msg *msg = q->msg;
	char buf[ANSWER_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	uint32_t seq;
	int rc = 0;

	q->msg = NULL;
	r->torn = false;
	if (q->full)
		return err_set(e, EMSGSIZE, "netlink request does not fit its buffer");
	rc = nl_send_auto(r->sock, msg); /* fills in the number, and asks for an ack */
	if (rc < 0)
		return err_set(e, EIO, "send a netlink request: %s", nl_geterror(rc));
	seq = nlmsg_hdr(msg)->nlmsg_seq;
	do {
		ssize_t n = answer_read(nl_socket_get_fd(r->sock), buf, r->wait_ms, e);

		if (n < 0)
			return -1;
		rc = handle(r, (struct nlmsghdr *)(void *)buf, (int)n, seq, fn, arg, e);
	} while (!rc);
	return rc < 0 ? -1 : 0;
}

int rtnl_do(struct rtnl *r, struct rtnl_req *q, struct err *e)
{
	return rtnl_ask(r, q, NULL, NULL, e);
}

bool rtnl_again(const struct rtnl *r, int *tries)
{
	return r->torn && ++*tries < TRIES_MAX;
}

bool rtnl_unsure(const struct err *e)
{
	return e->num == ENOBUFS || e->num == ETIMEDOUT;
}
