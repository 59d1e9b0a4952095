/* SPDX-License-Identifier: Apache-2.0 */
/* proxy: neighbour entries with NTF_PROXY, which are no part of the neighbour table proper. */
#include "cni/proxy.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "cni/inet.h"
#include "cni/neighbour.h"

static int ask(struct rtnl *r, int type, int flags, int index, const struct ip_addr *ip,
	       struct err *e)
{
	const struct neighbour n = { .index = index, .ip = ip, .flags = NTF_PROXY };

	return neighbour_do(r, type, flags, &n, e);
}

int proxy_add(struct rtnl *r, int index, const struct ip_addr *ip, struct err *e)
{
	return ask(r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, index, ip, e)
		       ? err_ctx(e, "answer for %s", ip_text(ip).s)
		       : 0;
}

int proxy_present(struct rtnl *r, int index, const struct ip_addr *ip, struct err *e)
{
	if (!ask(r, RTM_GETNEIGH, 0, index, ip, e))
		return 1;
	return e->num == ENOENT ? 0 : err_ctx(e, "look who answers for %s", ip_text(ip).s);
}

int proxy_del(struct rtnl *r, const struct ip_addr *ip, struct err *e)
{
	int index = inet_oif(r, ip, e);

	if (index <= 0)
		return index;
	if (ask(r, RTM_DELNEIGH, 0, index, ip, e) && e->num != ENOENT)
		return err_ctx(e, "answer for %s no more", ip_text(ip).s);
	return 0;
}
