/* SPDX-License-Identifier: Apache-2.0 */
/* nft: libmnl's puts behind a sticky "full", and the answers to a batch. */
#include "cni/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "cni/answer.h"

#define MSG_ROOM 512 /* what the end of a batch needs, and some reserve */

int nft_open(struct nft *n, struct err *e)
{
	struct mnl_socket *sock = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);

	if (!sock)
		return err_sys(e, "open a netfilter netlink socket");
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		err_sys(e, "bind a netfilter netlink socket");
		mnl_socket_close(sock);
		return -1;
	}
	*n = (struct nft){ .sock = sock, .seq = 1 };
	return 0;
}

void nft_close(struct nft *n)
{
	if (n->sock)
		mnl_socket_close(n->sock);
	n->sock = NULL;
}

int nft_fd(const struct nft *n)
{
	return n->sock ? mnl_socket_get_fd(n->sock) : -1;
}

static bool is_deletion(uint16_t type)
{
	switch (type) {
	case NFT_MSG_DELTABLE:
	case NFT_MSG_DELCHAIN:
	case NFT_MSG_DELRULE:
	case NFT_MSG_DELSET:
	case NFT_MSG_DELSETELEM:
		return true;
	default:
		return false;
	}
}

static void start_msg(struct nft_batch *b, uint16_t type, uint16_t flags, uint8_t family,
		      uint16_t res_id)
{
	struct nfgenmsg *head;

	if (b->full || b->len + MSG_ROOM > NFT_BATCH_MAX) {
		b->full = true;
		return;
	}
	b->nlh = mnl_nlmsg_put_header(b->buf + b->len);
	b->nlh->nlmsg_type = type;
	b->nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	b->nlh->nlmsg_seq = b->seq++;
	head = mnl_nlmsg_put_extra_header(b->nlh, sizeof(*head));
	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	head->res_id = htons(res_id);
}

static void finish_msg(struct nft_batch *b)
{
	if (b->nlh)
		b->len += MNL_ALIGN(b->nlh->nlmsg_len);
	b->nlh = NULL;
}

void nft_begin(const struct nft *n, struct nft_batch *b, char *buf)
{
	*b = (struct nft_batch){
		.buf = buf, .first_seq = n->seq, .seq = n->seq, .family = NFPROTO_INET
	};
	start_msg(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

void nft_msg(struct nft_batch *b, uint16_t type, uint16_t flags)
{
	finish_msg(b);
	b->deletes |= is_deletion(type);
	start_msg(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, b->family, 0);
}

void nft_msg_other(struct nft_batch *b, uint16_t type, uint16_t flags, uint8_t family)
{
	finish_msg(b);
	start_msg(b, type, flags, family, 0);
}

/* Room for so many more bytes of attribute? */
static bool room(struct nft_batch *b, size_t len)
{
	if (!b->full &&
	    (!b->nlh || b->len + b->nlh->nlmsg_len + MNL_ALIGN(len) + MNL_ATTR_HDRLEN + MSG_ROOM >
				NFT_BATCH_MAX))
		b->full = true;
	return !b->full;
}

void nft_put(struct nft_batch *b, uint16_t attr, const void *data, size_t len)
{
	if (room(b, len))
		mnl_attr_put(b->nlh, attr, len, data);
}

void nft_put_str(struct nft_batch *b, uint16_t attr, const char *s)
{
	nft_put(b, attr, s, strlen(s) + 1);
}

void nft_put_u32(struct nft_batch *b, uint16_t attr, uint32_t v)
{
	uint32_t be = htonl(v);

	nft_put(b, attr, &be, sizeof(be));
}

struct nlattr *nft_nest(struct nft_batch *b, uint16_t attr)
{
	return room(b, 0) ? mnl_attr_nest_start(b->nlh, attr) : NULL;
}

void nft_end(struct nft_batch *b, struct nlattr *nest)
{
	if (!b->full && nest)
		mnl_attr_nest_end(b->nlh, nest);
}

static int send_batch(struct nft *n, const struct nft_batch *b, struct err *e)
{
	if (b->full)
		return err_set(e, E2BIG, "nftables batch is larger than %d bytes", NFT_BATCH_MAX);
	n->seq = b->seq;
	n->slow |= b->deletes;
	if (mnl_socket_sendto(n->sock, b->buf, b->len) < 0)
		return err_sys(e, "send to nftables");
	return 0;
}

/* The errno that an error message tells. */
static int refusal(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

	return nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*err)) ? EBADMSG : -err->error;
}

/* What the kernel said to a batch. */
struct verdict {
	int bad; /* the errno of the first refusal */
	bool done;
};

static void read_verdict(const struct nft_batch *b, uint32_t last, const char *buf, int left,
			 struct verdict *v)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)buf;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_type != NLMSG_ERROR || nlh->nlmsg_seq < b->first_seq)
			continue;
		if (!v->bad)
			v->bad = refusal(nlh);
		v->done |= nlh->nlmsg_seq == last || nlh->nlmsg_seq == b->first_seq;
	}
}

/*
 * Every refused message is reported, and the last one is acked in any case
 * (it asks for it); a refusal of the batch as such comes with the number of
 * its begin message, and nothing after it.
 */
int nft_commit(struct nft *n, struct nft_batch *b, struct err *e)
{
	char buf[ANSWER_MAX] __attribute__((aligned(8)));
	struct verdict v = { 0, false };
	struct err none;
	bool lost = false;
	uint32_t last;

	if (b->nlh)
		b->nlh->nlmsg_flags |= NLM_F_ACK;
	last = b->seq - 1;
	finish_msg(b);
	start_msg(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	finish_msg(b);
	if (send_batch(n, b, e))
		return -1;
	while (!v.done) {
		/*
		 * Reports that did not fit the socket's buffer are lost, maybe the last one
		 * too. Those in front of them are there: no need to wait.
		 */
		ssize_t len =
			answer_read(nft_fd(n), buf, lost ? 0 : ANSWER_WAIT_MS, lost ? &none : e);

		if (len < 0 && lost)
			break;
		if (len < 0 && e->num != ENOBUFS)
			return err_ctx(e, "nftables");
		lost |= len < 0;
		read_verdict(b, last, buf, (int)len, &v);
	}
	if (v.bad)
		return err_set(e, v.bad, "nftables refused the change: %s", strerror(v.bad));
	return v.done ? 0 : err_ctx(e, "nftables"); /* nobody knows */
}

/* One message of an answer: 1 if it is the last, 0, -1. */
static int take_reply(const struct nlmsghdr *nlh, nft_reply_fn *fn, void *arg, struct err *e)
{
	int bad;

	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		bad = refusal(nlh);
		return bad ? err_set(e, bad, "nftables: %s", strerror(bad)) : 1;
	case NLMSG_DONE:
		return answer_done(nlh, e) ? err_ctx(e, "nftables") : 1;
	default:
		return fn && fn(nlh, arg, e) ? -1 : 0;
	}
}

int nft_ask(struct nft *n, struct nft_batch *b, nft_reply_fn *fn, void *arg, struct err *e)
{
	char buf[ANSWER_MAX] __attribute__((aligned(8)));
	uint32_t seq = b->seq - 1;
	struct nlmsghdr *msg = b->nlh;

	finish_msg(b);
	if (!b->full && msg) { /* without the begin message in front of it */
		msg->nlmsg_flags |= NLM_F_ACK;
		b->len = MNL_ALIGN(msg->nlmsg_len);
		memmove(b->buf, msg, b->len);
	}
	if (send_batch(n, b, e))
		return -1;
	for (;;) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)buf;
		ssize_t len = answer_read(nft_fd(n), buf, ANSWER_WAIT_MS, e);
		int left = (int)len;

		if (len < 0)
			return err_ctx(e, "nftables");
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			int end = nlh->nlmsg_seq == seq ? take_reply(nlh, fn, arg, e) : 0;

			if (end)
				return end < 0 ? -1 : 0;
		}
	}
}

/* ---- expressions ---- */

static struct nlattr *start_expr(struct nft_batch *b, const char *name, struct nlattr **data)
{
	struct nlattr *elem = nft_nest(b, NFTA_LIST_ELEM);

	nft_put_str(b, NFTA_EXPR_NAME, name);
	*data = nft_nest(b, NFTA_EXPR_DATA);
	return elem;
}

static void end_expr(struct nft_batch *b, struct nlattr *elem, struct nlattr *data)
{
	nft_end(b, data);
	nft_end(b, elem);
}

static void put_value(struct nft_batch *b, uint16_t attr, const void *value, size_t len)
{
	struct nlattr *nest = nft_nest(b, attr);

	nft_put(b, NFTA_DATA_VALUE, value, len);
	nft_end(b, nest);
}

void nft_expr_meta(struct nft_batch *b, uint32_t key, uint32_t reg)
{
	struct nlattr *data, *elem = start_expr(b, "meta", &data);

	nft_put_u32(b, NFTA_META_KEY, key);
	nft_put_u32(b, NFTA_META_DREG, reg);
	end_expr(b, elem, data);
}

void nft_expr_nfproto(struct nft_batch *b, uint8_t proto)
{
	nft_expr_meta(b, NFT_META_NFPROTO, NFT_REG_1);
	nft_expr_cmp(b, NFT_REG_1, &proto, sizeof(proto));
}

void nft_expr_ct(struct nft_batch *b, uint32_t key, bool directed, uint32_t reg)
{
	static const uint8_t original = 0; /* IP_CT_DIR_ORIGINAL */
	struct nlattr *data, *elem = start_expr(b, "ct", &data);

	nft_put_u32(b, NFTA_CT_KEY, key);
	nft_put_u32(b, NFTA_CT_DREG, reg);
	if (directed)
		nft_put(b, NFTA_CT_DIRECTION, &original, sizeof(original));
	end_expr(b, elem, data);
}

void nft_expr_to_local(struct nft_batch *b)
{
	static const uint32_t local = RTN_LOCAL;
	struct nlattr *data, *elem = start_expr(b, "fib", &data);

	nft_put_u32(b, NFTA_FIB_DREG, NFT_REG_1);
	nft_put_u32(b, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nft_put_u32(b, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	end_expr(b, elem, data);
	nft_expr_cmp(b, NFT_REG_1, &local, sizeof(local));
}

void nft_expr_payload(struct nft_batch *b, enum nft_header header, uint32_t offset, uint32_t len,
		      uint32_t reg)
{
	struct nlattr *data, *elem = start_expr(b, "payload", &data);

	nft_put_u32(b, NFTA_PAYLOAD_DREG, reg);
	nft_put_u32(b, NFTA_PAYLOAD_BASE, header);
	nft_put_u32(b, NFTA_PAYLOAD_OFFSET, offset);
	nft_put_u32(b, NFTA_PAYLOAD_LEN, len);
	end_expr(b, elem, data);
}

void nft_expr_mask(struct nft_batch *b, uint32_t reg, const void *mask, size_t len)
{
	static const char zero[16];
	struct nlattr *data, *elem = start_expr(b, "bitwise", &data);

	nft_put_u32(b, NFTA_BITWISE_SREG, reg);
	nft_put_u32(b, NFTA_BITWISE_DREG, reg);
	nft_put_u32(b, NFTA_BITWISE_LEN, (uint32_t)len);
	put_value(b, NFTA_BITWISE_MASK, mask, len);
	put_value(b, NFTA_BITWISE_XOR, zero, len);
	end_expr(b, elem, data);
}

static void put_cmp(struct nft_batch *b, uint32_t reg, uint32_t op, const void *value, size_t len)
{
	struct nlattr *data, *elem = start_expr(b, "cmp", &data);

	nft_put_u32(b, NFTA_CMP_SREG, reg);
	nft_put_u32(b, NFTA_CMP_OP, op);
	put_value(b, NFTA_CMP_DATA, value, len);
	end_expr(b, elem, data);
}

void nft_expr_cmp(struct nft_batch *b, uint32_t reg, const void *value, size_t len)
{
	put_cmp(b, reg, NFT_CMP_EQ, value, len);
}

void nft_expr_nonzero(struct nft_batch *b, uint32_t reg)
{
	static const uint32_t zero;

	put_cmp(b, reg, NFT_CMP_NEQ, &zero, sizeof(zero));
}

void nft_expr_lookup(struct nft_batch *b, const char *set, uint32_t reg)
{
	struct nlattr *data, *elem = start_expr(b, "lookup", &data);

	nft_put_str(b, NFTA_LOOKUP_SET, set);
	nft_put_u32(b, NFTA_LOOKUP_SREG, reg);
	end_expr(b, elem, data);
}

void nft_expr_map(struct nft_batch *b, const char *map, uint32_t reg, uint32_t to)
{
	struct nlattr *data, *elem = start_expr(b, "lookup", &data);

	nft_put_str(b, NFTA_LOOKUP_SET, map);
	nft_put_u32(b, NFTA_LOOKUP_SREG, reg);
	nft_put_u32(b, NFTA_LOOKUP_DREG, to);
	end_expr(b, elem, data);
}

void nft_expr_dnat(struct nft_batch *b, uint8_t nfproto, uint32_t addr_reg, uint32_t port_reg)
{
	struct nlattr *data, *elem = start_expr(b, "nat", &data);

	nft_put_u32(b, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	nft_put_u32(b, NFTA_NAT_FAMILY, nfproto);
	nft_put_u32(b, NFTA_NAT_REG_ADDR_MIN, addr_reg);
	nft_put_u32(b, NFTA_NAT_REG_PROTO_MIN, port_reg);
	end_expr(b, elem, data);
}

void nft_expr_verdict(struct nft_batch *b, int verdict, const char *chain)
{
	struct nlattr *data, *elem = start_expr(b, "immediate", &data), *imm, *v;

	nft_put_u32(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	imm = nft_nest(b, NFTA_IMMEDIATE_DATA);
	v = nft_nest(b, NFTA_DATA_VERDICT);
	nft_put_u32(b, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain)
		nft_put_str(b, NFTA_VERDICT_CHAIN, chain);
	nft_end(b, v);
	nft_end(b, imm);
	end_expr(b, elem, data);
}

void nft_expr_plain(struct nft_batch *b, const char *name)
{
	struct nlattr *data, *elem = start_expr(b, name, &data);

	end_expr(b, elem, data);
}
