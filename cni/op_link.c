/* SPDX-License-Identifier: Apache-2.0 */
/* op_link: one look-up for an operation, in its namespace. */
#include "cni/op_link.h"

#include <errno.h>

#include "spec/base/str.h"

struct rtnl *op_side(struct net *n, enum op_where where)
{
	return where == IN_POD ? &n->pod : &n->host;
}

int op_link(struct net *n, const struct op *op, struct link *link, struct err *e)
{
	int rc;

	if (!op_side(n, op->where)->sock)
		return err_set(e, ENOENT, "there is no pod namespace");
	rc = link_get(op_side(n, op->where), op->dev, link, e);
	return rc > 0 ? 0 : rc < 0 ? -1 : err_set(e, ENODEV, "no such interface");
}

int op_index(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	if (op->where == IN_POD && n->pod_dev && str_eq(n->pod_dev, op->dev))
		return n->pod_index;
	if (op_link(n, op, &link, e))
		return -1;
	if (op->where == IN_POD) {
		n->pod_dev = op->dev;
		n->pod_index = link.index;
	}
	return link.index;
}
