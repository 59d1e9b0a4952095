/* SPDX-License-Identifier: Apache-2.0 */
/* firewall_conf: what the reference's other backends have is told to be missing. */
#include "cni/firewall_conf.h"

#include "cni/owner.h"
#include "spec/base/names.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define ZONE "trusted"

struct firewall_doc {
	char *backend, *admin_chain, *zone, *policy;
};

static const struct json_field doc_fields[] = {
	F_STR(struct firewall_doc, backend, "backend", JSON_NONEMPTY),
	F_STR(struct firewall_doc, admin_chain, "iptablesAdminChainName", JSON_NONEMPTY),
	F_STR(struct firewall_doc, zone, "firewalldZone", JSON_NONEMPTY),
	F_STR(struct firewall_doc, policy, "ingressPolicy", JSON_NONEMPTY),
	{ 0 },
};

static const struct {
	const char *name;
	enum ingress_policy policy;
} policies[] = {
	{ "open", INGRESS_OPEN },
	{ "same-bridge", INGRESS_SAME_BRIDGE },
	{ "isolated", INGRESS_ISOLATED },
};

static int check_doc(const struct firewall_doc *d, struct err *e)
{
	if (d->backend && !str_eq(d->backend, "nftables") && !str_eq(d->backend, "iptables") &&
	    !str_eq(d->backend, "firewalld"))
		return cni_err(e, CNI_ERR_CONFIG, "backend: unknown '%.60s'", d->backend);
	if (d->admin_chain && !str_eq(d->admin_chain, FIREWALL_ADMIN))
		return cni_err(
			e, CNI_ERR_FIELD,
			"iptablesAdminChainName: '%.60s' is not supported, only " FIREWALL_ADMIN
			" of the table inet peapod",
			d->admin_chain);
	if (d->zone && !str_eq(d->zone, ZONE))
		return cni_err(e, CNI_ERR_FIELD,
			       "firewalldZone: '%.60s' is not supported, only " ZONE, d->zone);
	return 0;
}

int firewall_conf_make(const struct cni_conf *conf, struct arena *a, enum ingress_policy *out,
		       struct err *e)
{
	struct firewall_doc d = { .backend = NULL };

	if (json_decode(conf->raw, doc_fields, &d, a, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	if (check_doc(&d, e))
		return -1;
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		if (!d.policy || str_eq(d.policy, policies[i].name)) {
			*out = policies[i].policy;
			return 0;
		}
	return cni_err(e, CNI_ERR_CONFIG,
		       "ingressPolicy: '%.60s' is not one of open, same-bridge, isolated",
		       d.policy);
}

void firewall_plan_add(const struct attach *at, enum ingress_policy policy, const char *bridge,
		       const struct ip_addr *ips, size_t n_ips, struct plan *p)
{
	struct op *op = plan_op(p, OP_ADMIT, ON_HOST, NULL);

	op->admit = (struct firewall_pod){
		.owner = owner_of(at, p->a),
		.ips = ips,
		.n_ips = n_ips,
		.policy = policy,
		.bridge = bridge,
	};
}

void firewall_plan_del(const struct attach *at, struct plan *p)
{
	plan_op(p, OP_EXPEL, ON_HOST, NULL)->admit.owner = owner_of(at, p->a);
}
