/* SPDX-License-Identifier: Apache-2.0 */
/* apply_link: the operations on bridges, their ports and VLANs, for apply's table. */
#ifndef CNI_APPLY_LINK_H
#define CNI_APPLY_LINK_H

#include "cni/net.h"
#include "cni/plan.h"
#include "spec/base/err.h"

int do_bridge(struct net *n, const struct op *op, struct err *e);
int is_bridge(struct net *n, const struct op *op, struct err *e);
int do_veth(struct net *n, const struct op *op, struct err *e);
int is_veth(struct net *n, const struct op *op, struct err *e);
int do_announce(struct net *n, const struct op *op, struct err *e);
int do_vlans(struct net *n, const struct op *op, struct err *e);
int do_vlan_gate(struct net *n, const struct op *op, struct err *e);
int is_vlan_gate(struct net *n, const struct op *op, struct err *e);

#endif
