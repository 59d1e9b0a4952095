/* SPDX-License-Identifier: Apache-2.0 */
/* proxy: neighbour entries with NTF_PROXY, which are no part of the neighbour table proper. */
#include "cni/proxy.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "cni/inet.h"
#include "cni/neighbour.h"

static int ask(struct rtnl *r, int type, int index, const struct ip_addr *ip, struct err *e)
{
	const struct neighbour n = { .index = index, .ip = ip, .flags = NTF_PROXY };

	return neighbour_do(r, type, 0, &n, e);
}

int proxy_add(struct rtnl *r, int index, const struct ip_addr *ip, struct err *e)
{
	const struct neighbour n = {
		.index = index,
		.ip = ip,
		.state = NUD_PERMANENT, /* or a bridge that loses its last port forgets it */
		.flags = NTF_PROXY,
		.protocol = PROXY_PROTOCOL,
	};

	return neighbour_do(r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &n, e)
		       ? err_ctx(e, "answer for %s", ip_text(ip).s)
		       : 0;
}

int proxy_present(struct rtnl *r, int index, const struct ip_addr *ip, struct err *e)
{
	if (!ask(r, RTM_GETNEIGH, index, ip, e))
		return 1;
	return e->num == ENOENT ? 0 : err_ctx(e, "look who answers for %s", ip_text(ip).s);
}

struct search {
	const struct ip_addr *ip;
	int index; /* 0: not found yet */
};

static int read_entry(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	const struct ndmsg *head = NLMSG_DATA(nlh);
	const struct nlattr *attrs = nlmsg_attrdata(nlh, sizeof(*head)), *dst, *protocol;
	int len = nlmsg_attrlen(nlh, sizeof(*head));
	struct search *s = arg;

	(void)e;
	if (nlh->nlmsg_type != RTM_NEWNEIGH)
		return 0;
	dst = nla_find(attrs, len, NDA_DST);
	protocol = nla_find(attrs, len, NDA_PROTOCOL);
	if (protocol && nla_get_u8(protocol) == PROXY_PROTOCOL && dst &&
	    nla_len(dst) == s->ip->len && !memcmp(nla_data(dst), s->ip->b, s->ip->len))
		s->index = head->ndm_ifindex;
	return 0;
}

int proxy_find(struct rtnl *r, const struct ip_addr *ip, struct err *e)
{
	const struct ndmsg head = { .ndm_family = inet_family(ip), .ndm_flags = NTF_PROXY };
	struct search s = { .ip = ip };
	int tries = 0;

	do {
		struct rtnl_req q = rtnl_req(RTM_GETNEIGH, NLM_F_DUMP, &head, sizeof(head));

		if (rtnl_ask(r, &q, read_entry, &s, e))
			return err_ctx(e, "look who answers for %s", ip_text(ip).s);
	} while (!s.index && rtnl_again(r, &tries));
	return s.index;
}

int proxy_del(struct rtnl *r, int index, const struct ip_addr *ip, struct err *e)
{
	if (ask(r, RTM_DELNEIGH, index, ip, e) && e->num != ENOENT && e->num != ENODEV)
		return err_ctx(e, "answer for %s no more", ip_text(ip).s);
	return 0;
}
