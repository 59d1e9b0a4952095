/* SPDX-License-Identifier: Apache-2.0 */
/* apply_proxy: by the bridge's name, never by where a route leads: that may be the uplink. */
#include "cni/apply_proxy.h"

#include <errno.h>

#include "cni/op_link.h"
#include "cni/proxy.h"

int do_proxy(struct net *n, const struct op *op, struct err *e)
{
	struct link link;
	int rc = 0;

	if (op_link(n, op, &link, e))
		return -1;
	n->proxied = link.index;
	n->proxies = op->proxy.ips;
	for (size_t i = 0; !rc && i < op->proxy.n_ips; i++) {
		rc = proxy_add(&n->host, link.index, &op->proxy.ips[i], e);
		n->n_proxies += !rc || rtnl_unsure(e);
	}
	return rc;
}

int is_proxy(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	if (op_link(n, op, &link, e))
		return -1;
	for (size_t i = 0; i < op->proxy.n_ips; i++) {
		const struct ip_addr *ip = &op->proxy.ips[i];
		int there = proxy_present(&n->host, link.index, ip, e);

		if (there <= 0)
			return there ? -1
				     : err_set(e, ENOENT, "nobody answers for %s", ip_text(ip).s);
	}
	return 0;
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

void undo_proxies(struct net *n)
{
	struct err ignored;

	for (size_t i = 0; i < n->n_proxies; i++)
		proxy_del(&n->host, n->proxied, &n->proxies[i], &ignored);
	n->n_proxies = 0;
}
