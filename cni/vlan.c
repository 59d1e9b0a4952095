/* SPDX-License-Identifier: Apache-2.0 */
/* vlan: link messages of the bridge family. */
#include "cni/vlan.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

static int change(struct rtnl *r, int type, int port, const struct vlan_span *span, uint16_t flags,
		  struct err *e)
{
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE, .ifi_index = port };
	struct rtnl_req q = rtnl_req(type, 0, &ifi, sizeof(ifi));
	struct bridge_vlan_info info = { .flags = flags, .vid = span->first };
	struct nlattr *spec = rtnl_nest(&q, IFLA_AF_SPEC);

	if (span->last > span->first) {
		info.flags |= BRIDGE_VLAN_INFO_RANGE_BEGIN;
		rtnl_put(&q, IFLA_BRIDGE_VLAN_INFO, &info, sizeof(info));
		info.flags = (uint16_t)(flags | BRIDGE_VLAN_INFO_RANGE_END);
		info.vid = span->last;
	}
	rtnl_put(&q, IFLA_BRIDGE_VLAN_INFO, &info, sizeof(info));
	rtnl_end(&q, spec);
	return rtnl_do(r, &q, e) ? err_ctx(e, "vlan %u-%u", span->first, span->last) : 0;
}

int vlan_add(struct rtnl *r, int port, const struct vlan_span *span, bool own, struct err *e)
{
	return change(r, RTM_SETLINK, port, span,
		      own ? BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED : 0, e);
}

int vlan_del(struct rtnl *r, int port, const struct vlan_span *span, struct err *e)
{
	return change(r, RTM_DELLINK, port, span, 0, e);
}
