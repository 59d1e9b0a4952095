/* SPDX-License-Identifier: Apache-2.0 */
/* tc: queues and one filter, each by one message. */
#include "cni/tc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>

#define HANDLE_ROOT    TC_H_MAKE(1U << 16, 0)
#define HANDLE_INGRESS TC_H_MAKE(TC_H_INGRESS, 0)
#define FILTER_PRIO    1U
#define KIND_MAX       16

static struct rtnl_req tc_req(int type, int flags, int index, uint32_t parent, uint32_t handle,
			      uint32_t info)
{
	struct tcmsg tcm = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = index,
		.tcm_parent = parent,
		.tcm_handle = handle,
		.tcm_info = info,
	};

	return rtnl_req(type, flags, &tcm, sizeof(tcm));
}

int tc_limit(struct rtnl *r, int index, const struct tbf *tbf, struct err *e)
{
	struct rtnl_req q =
		tc_req(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index, TC_H_ROOT, HANDLE_ROOT, 0);
	struct tc_tbf_qopt opt = {
		.rate = { .linklayer = TC_LINKLAYER_ETHERNET,
			  .rate = tbf->rate > UINT32_MAX ? UINT32_MAX : (uint32_t)tbf->rate },
		.limit = tbf->limit,
	};
	struct nlattr *options;

	rtnl_put_str(&q, TCA_KIND, "tbf");
	options = rtnl_nest(&q, TCA_OPTIONS);
	rtnl_put(&q, TCA_TBF_PARMS, &opt, sizeof(opt));
	/* In bytes: the older field, in ticks, has no room for great bursts at small rates. */
	rtnl_put_u32(&q, TCA_TBF_BURST, tbf->burst);
	if (tbf->rate > UINT32_MAX)
		rtnl_put(&q, TCA_TBF_RATE64, &tbf->rate, sizeof(tbf->rate));
	rtnl_end(&q, options);
	return rtnl_do(r, &q, e) ? err_ctx(e, "limit what a device sends") : 0;
}

/* What is told of a queue. */
struct told {
	char kind[KIND_MAX];
	struct tbf tbf;
};

static void read_tbf(const struct nlattr *options, struct told *told)
{
	const struct nlattr *parms = nla_find(nla_data(options), nla_len(options), TCA_TBF_PARMS),
			    *rate = nla_find(nla_data(options), nla_len(options), TCA_TBF_RATE64);
	struct tc_tbf_qopt opt;

	if (!parms || nla_len(parms) < (int)sizeof(opt))
		return;
	memcpy(&opt, nla_data(parms), sizeof(opt));
	told->tbf.rate = rate ? nla_get_u64(rate) : opt.rate.rate;
	told->tbf.limit = opt.limit;
}

static int read_queue(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	const struct tcmsg *tcm = NLMSG_DATA(nlh);
	struct nlattr *head = (struct nlattr *)(void *)TCA_RTA(tcm), *kind, *options;
	int left = (int)NLMSG_PAYLOAD(nlh, sizeof(*tcm));
	struct told *told = arg;

	(void)e;
	if (nlh->nlmsg_type != RTM_NEWQDISC)
		return 0;
	kind = nla_find(head, left, TCA_KIND);
	options = nla_find(head, left, TCA_OPTIONS);
	if (kind)
		nla_strlcpy(told->kind, kind, sizeof(told->kind));
	if (kind && options && !strcmp(told->kind, "tbf"))
		read_tbf(options, told);
	return 0;
}

static int ask(struct rtnl *r, int index, uint32_t parent, struct told *told, struct err *e)
{
	/* Without NLM_F_ECHO the kernel tells it to listeners only, not to who asks. */
	struct rtnl_req q = tc_req(RTM_GETQDISC, NLM_F_ECHO, index, parent, 0, 0);

	if (rtnl_ask(r, &q, read_queue, told, e) && e->num != ENOENT && e->num != EINVAL)
		return err_ctx(e, "look up a queue");
	return 0;
}

int tc_is_limited(struct rtnl *r, int index, const struct tbf *tbf, struct err *e)
{
	struct told told = { .kind = "" };

	if (ask(r, index, TC_H_ROOT, &told, e))
		return -1;
	return !strcmp(told.kind, "tbf") && told.tbf.rate == tbf->rate &&
	       told.tbf.limit == tbf->limit;
}

int tc_has_detour(struct rtnl *r, int index, struct err *e)
{
	struct told told = { .kind = "" };

	return ask(r, index, TC_H_INGRESS, &told, e) ? -1 : !strcmp(told.kind, "ingress");
}

static void put_redirect(struct rtnl_req *q, int by)
{
	const struct tc_mirred parms = {
		.action = TC_ACT_STOLEN,
		.eaction = TCA_EGRESS_REDIR,
		.ifindex = (uint32_t)by,
	};
	struct nlattr *actions = rtnl_nest(q, TCA_U32_ACT), *first = rtnl_nest(q, 1), *options;

	rtnl_put_str(q, TCA_ACT_KIND, "mirred");
	options = rtnl_nest(q, TCA_ACT_OPTIONS);
	rtnl_put(q, TCA_MIRRED_PARMS, &parms, sizeof(parms));
	rtnl_end(q, options);
	rtnl_end(q, first);
	rtnl_end(q, actions);
}

static int add_filter(struct rtnl *r, int index, int by, struct err *e)
{
	struct rtnl_req q = tc_req(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, index, HANDLE_INGRESS,
				   0, TC_H_MAKE(FILTER_PRIO << 16, htons(ETH_P_ALL)));
	/* one key of zeros: no bit of the packet matters */
	union {
		struct tc_u32_sel sel;
		unsigned char bytes[sizeof(struct tc_u32_sel) + sizeof(struct tc_u32_key)];
	} match = { .bytes = { 0 } };
	struct nlattr *options;

	match.sel.flags = TC_U32_TERMINAL;
	match.sel.nkeys = 1;
	rtnl_put_str(&q, TCA_KIND, "u32");
	options = rtnl_nest(&q, TCA_OPTIONS);
	rtnl_put_u32(&q, TCA_U32_CLASSID, TC_H_MAKE(1U << 16, 1));
	rtnl_put(&q, TCA_U32_SEL, &match, sizeof(match));
	put_redirect(&q, by);
	rtnl_end(&q, options);
	return rtnl_do(r, &q, e) ? err_ctx(e, "redirect what a device receives") : 0;
}

int tc_detour(struct rtnl *r, int index, int by, struct err *e)
{
	struct rtnl_req q = tc_req(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index, TC_H_INGRESS,
				   HANDLE_INGRESS, 0);

	rtnl_put_str(&q, TCA_KIND, "ingress");
	if (rtnl_do(r, &q, e))
		return err_ctx(e, "add an ingress queue");
	return add_filter(r, index, by, e);
}

static int remove_queue(struct rtnl *r, int index, uint32_t parent, uint32_t handle, struct err *e)
{
	struct rtnl_req q = tc_req(RTM_DELQDISC, 0, index, parent, handle, 0);

	return rtnl_do(r, &q, e) && e->num != ENOENT && e->num != EINVAL && e->num != ENODEV
		       ? err_ctx(e, "remove a queue")
		       : 0;
}

int tc_clear(struct rtnl *r, int index, struct err *e)
{
	return remove_queue(r, index, TC_H_ROOT, HANDLE_ROOT, e) ||
			       remove_queue(r, index, TC_H_INGRESS, HANDLE_INGRESS, e)
		       ? -1
		       : 0;
}
