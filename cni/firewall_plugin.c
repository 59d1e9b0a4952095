/* SPDX-License-Identifier: Apache-2.0 */
/* firewall_plugin: behind any plugin that gave the pod its addresses. */
#include <errno.h>

#include "cni/apply.h"
#include "cni/firewall_conf.h"
#include "cni/plugin.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

/* The first interface of a bridge's result is the bridge. */
static int bridge_of(const struct request *req, const struct cni_result *prev, const char **out,
		     struct err *e)
{
	const char *name = prev->interfaces.n ? prev->interfaces.v[0].name : NULL;

	if (!name || cni_ifname_error(name))
		return cni_err(e, CNI_ERR_CONFIG,
			       "ingressPolicy: needs a bridge as the first interface of "
			       "prevResult");
	*out = arena_strdup(req->a, name);
	return 0;
}

/* prev is filled in any case. */
static int plan_pod(struct request *req, struct cni_result *prev, struct plan *p, struct err *e)
{
	struct attach at = attach_of(req);
	enum ingress_policy policy;
	const char *bridge = NULL;
	struct ip_addr *ips;
	struct ip_net net;
	int got;

	if (firewall_conf_make(&req->conf, req->a, &policy, e))
		return -1;
	got = cni_conf_prev(&req->conf, req->a, prev, e);
	if (got <= 0)
		return got < 0 ? -1
			       : cni_err(e, CNI_ERR_CONFIG,
					 "missing prevResult from earlier plugin");
	if (policy != INGRESS_OPEN && bridge_of(req, prev, &bridge, e))
		return -1;
	ips = arena_array(req->a, prev->ips.n + 1, sizeof(*ips));
	for (size_t i = 0; i < prev->ips.n; i++) {
		if (ip_net_parse(prev->ips.v[i].address, &net))
			return cni_err(e, CNI_ERR_CONFIG, "prevResult: invalid address '%.60s'",
				       prev->ips.v[i].address);
		ips[i] = net.ip;
	}
	firewall_plan_add(&at, policy, bridge, ips, prev->ips.n, p);
	return 0;
}

static int firewall_add(struct request *req, struct cni_result *out, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct plan p = { .a = req->a };

	if (plan_pod(req, out, &p, e) || net_open(&n, req->netns, e))
		return -1;
	if (apply(&n, &p, e)) {
		undo(&n);
		return -1;
	}
	return 0;
}

static int firewall_del(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct attach at = attach_of(req);
	struct plan p = { .a = req->a };

	firewall_plan_del(&at, &p);
	return net_open(&n, -1, e) || apply_all(&n, &p, e) ? -1 : 0;
}

static int firewall_check(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct plan p = { .a = req->a };
	struct cni_result prev;

	return plan_pod(req, &prev, &p, e) || net_open(&n, req->netns, e) || verify(&n, &p, e) ? -1
											       : 0;
}

static int firewall_gc(struct request *req, struct err *e)
{
	const struct cni_conf *conf = &req->conf;
	auto_net struct net n = NET_INIT;
	struct owner_valid valid = { .network = conf->name };

	if (!conf->valid_attachments.v)
		return 0;
	valid.owners =
		owners_of(conf->name, conf->valid_attachments.v, conf->valid_attachments.n, req->a);
	return net_open(&n, -1, e) || net_need_nft(&n, e) ||
			       firewall_drop(&n.nft, owner_is_stale, &valid, e)
		       ? -1
		       : 0;
}

static int firewall_status(struct request *req, struct err *e)
{
	enum ingress_policy policy;

	return firewall_conf_make(&req->conf, req->a, &policy, e);
}

const struct plugin plugin_firewall = {
	.name = "firewall",
	.about = "admits a container's traffic, and separates bridges",
	.add = firewall_add,
	.del = firewall_del,
	.check = firewall_check,
	.gc = firewall_gc,
	.status = firewall_status,
};
