/* SPDX-License-Identifier: Apache-2.0 */
/* apply_proxy: by the bridge's name, never by where a route leads: that may be the uplink. */
#include "cni/apply_proxy.h"

#include <errno.h>

#include "cni/op_link.h"
#include "cni/proxy.h"

int do_proxy(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	return op_link(n, op, &link, e) ? -1 : proxy_add(&n->host, link.index, &op->proxy, e);
}

int is_proxy(struct net *n, const struct op *op, struct err *e)
{
	struct link link;
	int there =
		op_link(n, op, &link, e) ? -1 : proxy_present(&n->host, link.index, &op->proxy, e);

	if (!there)
		return err_set(e, ENOENT, "nobody answers for %s", ip_text(&op->proxy).s);
	return there < 0 ? -1 : 0;
}

int end_proxies(struct net *n, const char *bridge, const struct lease_ips *ips, struct err *e)
{
	struct link link;
	int there = ips->n ? link_get(&n->host, bridge, &link, e) : 0;

	if (there <= 0)
		return there;
	for (size_t i = 0; i < ips->n; i++)
		if (proxy_del(&n->host, link.index, &ips->v[i], e))
			return -1;
	return 0;
}
