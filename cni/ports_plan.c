/* SPDX-License-Identifier: Apache-2.0 */
/* ports_plan: one operation for all mappings, since they come into effect together. */
#include "cni/ports_plan.h"

#include "cni/owner.h"

void ports_plan_add(const struct port_maps *maps, enum port_snat snat, const struct attach *at,
		    const struct ports_place *place, struct plan *p)
{
	struct op *op;

	if (!maps->n)
		return;
	if (place->route && ports_need_localnet(maps, snat)) {
		op = plan_op(p, OP_SYSCTL, ON_HOST, NULL);
		op->sysctl.name =
			arena_printf(p->a, "net/ipv4/conf/%s/route_localnet", place->route);
		op->sysctl.value = "1";
	}
	op = plan_op(p, OP_PORTS, ON_HOST, NULL);
	op->ports = (struct portmap){
		.maps = arena_memdup(p->a, maps, sizeof(*maps)),
		.snat = snat,
		.owner = owner_of(at, p->a),
		.device = place->device,
		.bridge = place->bridge ? place->route : NULL,
	};
}

void ports_plan_del(const struct attach *at, struct plan *p)
{
	plan_op(p, OP_UNMAP, ON_HOST, NULL)->unmap = owner_of(at, p->a);
}
