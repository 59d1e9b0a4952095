/* SPDX-License-Identifier: Apache-2.0 */
/* apply_tune: what was, is kept before it is changed. */
#include "cni/apply_tune.h"

#include <errno.h>
#include <string.h>

#include "cni/op_link.h"
#include "cni/saved.h"

int do_save(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	if (op_link(n, op, &link, e) || net_go(n, false, e))
		return -1;
	return saved_write(op->save.file, &op->save.tune, &link, e);
}

int do_tune(struct net *n, const struct op *op, struct err *e)
{
	struct link link;

	return op_link(n, op, &link, e) ||
			       link_set_tune(op_side(n, op->where), link.index, &op->tune, e)
		       ? -1
		       : 0;
}

int is_tune(struct net *n, const struct op *op, struct err *e)
{
	const struct link_tune *t = &op->tune;
	struct link link;

	if (op_link(n, op, &link, e))
		return -1;
	if (t->has_mac && memcmp(&t->mac, &link.mac, sizeof(link.mac)) != 0)
		return err_set(e, EINVAL, "has MAC %s, not %s", mac_text(&link.mac).s,
			       mac_text(&t->mac).s);
	if (t->mtu && t->mtu != link.mtu)
		return err_set(e, EINVAL, "has MTU %u, not %u", link.mtu, t->mtu);
	if (t->promisc.set && t->promisc.v != (link.promiscuity > 0))
		return err_set(e, EINVAL, "promiscuous mode is not as configured");
	if (t->allmulti.set && t->allmulti.v != !!(link.flags & IFF_ALLMULTI))
		return err_set(e, EINVAL, "all-multicast mode is not as configured");
	if (t->tx_queue.set && t->tx_queue.v != link.tx_queue)
		return err_set(e, EINVAL, "has txQLen %u, not %u", link.tx_queue, t->tx_queue.v);
	return 0;
}

/* The pod, or its interface, may be gone: then there is nothing to be put right. */
int do_restore(struct net *n, const struct op *op, struct err *e)
{
	struct link_tune was;
	struct link link;
	int there;

	if (net_go(n, false, e))
		return -1;
	there = saved_read(op->save.file, &was, e);
	if (there > 0 && n->pod.sock)
		there = link_get(&n->pod, op->dev, &link, e);
	if (there < 0)
		return -1;
	if (there && n->pod.sock && link_set_tune(&n->pod, link.index, &was, e))
		return -1;
	return saved_remove(op->save.file, e);
}
