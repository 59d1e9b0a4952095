/* SPDX-License-Identifier: Apache-2.0 */
/* vlan: the VLANs of a bridge's port. */
#ifndef CNI_VLAN_H
#define CNI_VLAN_H

#include <stdbool.h>

#include "cni/plan.h"
#include "cni/rtnl.h"
#include "spec/base/err.h"

/* Let frames of these VLANs pass a port; own: they leave untagged, and untagged ones are of it. */
int vlan_add(struct rtnl *r, int port, const struct vlan_span *span, bool own, struct err *e);

/* ENOENT if the port was not in it. */
int vlan_del(struct rtnl *r, int port, const struct vlan_span *span, struct err *e);

#endif
