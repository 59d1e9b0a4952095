/* SPDX-License-Identifier: Apache-2.0 */
/* apply_guard: elements by owner, in the bridge's and in the firewall's sets. */
#include "cni/apply_guard.h"

#include <errno.h>

#include "cni/firewall.h"
#include "cni/owner.h"
#include "cni/spoof.h"

int do_spoof(struct net *n, const struct op *op, struct err *e)
{
	int rc;

	if (net_need_nft(n, e))
		return -1;
	rc = spoof_ensure(&n->nft, op->spoof.owner, op->dev, op->spoof.mac.b, e);
	n->guarded = !rc || rtnl_unsure(e) ? op->spoof.owner : NULL;
	return rc;
}

int is_spoof(struct net *n, const struct op *op, struct err *e)
{
	int there = net_need_nft(n, e) ? -1 : spoof_present(&n->nft, op->dev, op->spoof.mac.b, e);

	if (!there)
		return err_set(e, ENOENT, "its MAC is not checked");
	return there < 0 ? -1 : 0;
}

int do_unspoof(struct net *n, const struct op *op, struct err *e)
{
	return net_need_nft(n, e) || spoof_free(&n->nft, op->spoof.owner, e) ? -1 : 0;
}

int do_admit(struct net *n, const struct op *op, struct err *e)
{
	int rc;

	if (net_need_nft(n, e))
		return -1;
	rc = firewall_ensure(&n->nft, &op->admit, e);
	n->admitted = !rc || rtnl_unsure(e) ? op->admit.owner : NULL;
	return rc;
}

int is_admitted(struct net *n, const struct op *op, struct err *e)
{
	int there = net_need_nft(n, e) ? -1 : firewall_present(&n->nft, &op->admit, e);

	return there > 0   ? 0
	       : there < 0 ? -1
			   : err_set(e, ENOENT,
				     "the pod is not admitted, or its bridge not "
				     "separated");
}

int do_expel(struct net *n, const struct op *op, struct err *e)
{
	return net_need_nft(n, e) || firewall_free(&n->nft, op->admit.owner, e) ? -1 : 0;
}

void undo_guard(struct net *n)
{
	struct err ignored;

	if (n->guarded)
		spoof_free(&n->nft, n->guarded, &ignored);
	if (n->admitted)
		firewall_free(&n->nft, n->admitted, &ignored);
	n->guarded = n->admitted = NULL;
}
