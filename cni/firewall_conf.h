/* SPDX-License-Identifier: Apache-2.0 */
/* firewall_conf: the keys of the firewall plugin; pure. */
#ifndef CNI_FIREWALL_CONF_H
#define CNI_FIREWALL_CONF_H

#include "cni/firewall.h"
#include "cni/plan.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"

/*
 * ingressPolicy; "" is open. backend may be any of the reference's: all of them
 * mean our table. Another iptablesAdminChainName than CNI-ADMIN, or another
 * firewalldZone than trusted, has no meaning there and is refused (CNI_ERR_FIELD).
 */
int firewall_conf_make(const struct cni_conf *conf, struct arena *a, enum ingress_policy *out,
		       struct err *e);

/* Admit an attachment's addresses; bridge: NULL if the policy is open. */
void firewall_plan_add(const struct attach *at, enum ingress_policy policy, const char *bridge,
		       const struct ip_addr *ips, size_t n_ips, struct plan *p);

/* From names alone. */
void firewall_plan_del(const struct attach *at, struct plan *p);

#endif
