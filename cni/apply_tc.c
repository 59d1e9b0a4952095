/* SPDX-License-Identifier: Apache-2.0 */
/* apply_tc: each device is looked up by its name, in the host's namespace. */
#include "cni/apply_tc.h"

#include <errno.h>

#include "cni/op_link.h"
#include "cni/tc.h"
#include "spec/base/str.h"

int do_limit(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	if (op_link(n, op, &link, e) || tc_limit(&n->host, link.index, &op->limit, e))
		return -1;
	if (!n->ifb || !str_eq(n->ifb, op->dev))
		n->limited = link.index;
	return 0;
}

int is_limit(struct net *n, const struct op *op, struct err *e)
{
	struct link link;
	int same;

	if (op_link(n, op, &link, e))
		return -1;
	same = tc_is_limited(&n->host, link.index, &op->limit, e);
	return same > 0 ? 0 : same < 0 ? -1 : err_set(e, ENOENT, "has not that limit");
}

int do_ifb(struct net *n, const struct op *op, struct err *e)
{
	const struct op host = { .where = ON_HOST, .dev = op->ifb.like };
	const struct link_marks marks = { .alias = op->ifb.alias };
	struct link link;

	if (op_link(n, &host, &link, e) || link_add_ifb(&n->host, op->dev, link.mtu, e))
		return -1;
	n->ifb = op->dev;
	return *marks.alias ? link_mark(&n->host, op->dev, &marks, e) : 0;
}

int is_ifb(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	if (op_link(n, op, &link, e))
		return -1;
	return str_eq(link.kind, "ifb") ? 0 : err_set(e, EINVAL, "is not an ifb interface");
}

int do_detour(struct net *n, const struct op *op, struct err *e)
{
	const struct op ifb = { .where = ON_HOST, .dev = op->detour.by };
	struct link link, by;

	if (op_link(n, op, &link, e) || op_link(n, &ifb, &by, e))
		return -1;
	if (tc_detour(&n->host, link.index, by.index, e))
		return -1;
	n->limited = link.index;
	return 0;
}

int is_detour(struct net *n, const struct op *op, struct err *e)
{
	struct link link;
	int there;

	if (op_link(n, op, &link, e))
		return -1;
	there = tc_has_detour(&n->host, link.index, e);
	return there > 0 ? 0
	       : there < 0
		       ? -1
		       : err_set(e, ENOENT, "what it receives is not sent by '%s'", op->detour.by);
}

void undo_tc(struct net *n)
{
	struct err ignored;
	struct link link;

	if (n->limited)
		tc_clear(&n->host, n->limited, &ignored);
	if (n->ifb && link_get(&n->host, n->ifb, &link, &ignored) > 0)
		link_delete(&n->host, link.index, &ignored);
	n->limited = 0;
	n->ifb = NULL;
}
