/* SPDX-License-Identifier: Apache-2.0 */
/* conntrack: a dump filtered by the kernel, then one request for each entry. */
#include "cni/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/arena.h"

#define FLOWS_MAX 65536 /* that one call forgets */

/* Of CTA_FILTER_ORIG_FLAGS: what of the tuple has to match; in no header for programs. */
#define FILTER_PROTO_NUM      (1U << 3)
#define FILTER_PROTO_DST_PORT (1U << 5)

/* What tells an entry from all others. */
struct flow {
	uint8_t tuple[256];
	size_t len;
	uint32_t id;
	bool has_id;
};

struct flows {
	struct flow *v;
	size_t n;
};

static void flows_done(struct flows *f)
{
	free(f->v);
}

static int read_flow(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	struct flows *flows = arg;
	const struct nlattr *attr;
	struct flow flow = { 0 };

	(void)e;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
	{
		size_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG && len <= sizeof(flow.tuple)) {
			memcpy(flow.tuple, mnl_attr_get_payload(attr), len);
			flow.len = len;
		} else if (mnl_attr_get_type(attr) == CTA_ID && len == sizeof(flow.id)) {
			memcpy(&flow.id, mnl_attr_get_payload(attr), len);
			flow.has_id = true;
		}
	}
	if (!flow.len || flows->n == FLOWS_MAX)
		return 0;
	flows->v = mem_room(flows->v, flows->n, sizeof(*flows->v));
	flows->v[flows->n++] = flow;
	return 0;
}

static int list(struct nft *n, uint8_t nfproto, uint16_t port, struct flows *out, struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	uint16_t be = htons(port);
	uint8_t udp = IPPROTO_UDP;
	uint32_t flags = FILTER_PROTO_NUM | FILTER_PROTO_DST_PORT;
	struct nlattr *tuple, *proto, *filter;
	struct nft_batch b;

	nft_begin(n, &b, buf);
	nft_msg_other(&b, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, NLM_F_DUMP, nfproto);
	tuple = nft_nest(&b, CTA_TUPLE_ORIG);
	proto = nft_nest(&b, CTA_TUPLE_PROTO);
	nft_put(&b, CTA_PROTO_NUM, &udp, sizeof(udp));
	nft_put(&b, CTA_PROTO_DST_PORT, &be, sizeof(be));
	nft_end(&b, proto);
	nft_end(&b, tuple);
	filter = nft_nest(&b, CTA_FILTER);
	nft_put(&b, CTA_FILTER_ORIG_FLAGS, &flags, sizeof(flags));
	nft_end(&b, filter);
	return nft_ask(n, &b, read_flow, out, e);
}

static int forget(struct nft *n, uint8_t nfproto, const struct flow *flow, struct err *e)
{
	char buf[NFT_BATCH_MAX] __attribute__((aligned(8)));
	struct nft_batch b;

	nft_begin(n, &b, buf);
	nft_msg_other(&b, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, 0, nfproto);
	nft_put(&b, CTA_TUPLE_ORIG | NLA_F_NESTED, flow->tuple, flow->len);
	if (flow->has_id)
		nft_put(&b, CTA_ID, &flow->id, sizeof(flow->id));
	return nft_ask(n, &b, NULL, NULL, e) && e->num != ENOENT ? -1 : 0;
}

int conntrack_forget_udp(struct nft *n, uint8_t nfproto, uint16_t port, struct err *e)
{
	__attribute__((cleanup(flows_done))) struct flows flows = { 0 };

	/* EINVAL: nobody in the kernel who understands such messages. */
	if (list(n, nfproto, port, &flows, e))
		return e->num == EINVAL || e->num == EOPNOTSUPP ? 0 : err_ctx(e, "list UDP flows");
	for (size_t i = 0; i < flows.n; i++)
		if (forget(n, nfproto, &flows.v[i], e))
			return err_ctx(e, "forget a UDP flow to port %u", port);
	return 0;
}
