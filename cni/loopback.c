/* SPDX-License-Identifier: Apache-2.0 */
/* loopback: brings lo up, whatever CNI_IFNAME says. */
#include <errno.h>

#include "cni/apply.h"
#include "cni/plugin.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define LO	  "lo"
#define LO_MAC	  "00:00:00:00:00:00"
#define ADDRS_MAX 2 /* the first one of each family is told */

static bool is_loopback(const struct ip_net *net)
{
	static const struct ip_addr v6 = { 16, { [15] = 1 } };

	return ip_is_v4(&net->ip) ? net->ip.b[0] == 127 : ip_eq(&net->ip, &v6);
}

/* The first address of each family; a foreign one is an error. */
static int read_addrs(struct net *n, const struct request *req, struct cni_result *out,
		      struct err *e)
{
	struct inet_addrs addrs;
	struct link lo;
	bool seen[2] = { false, false };
	int there = link_get(&n->pod, LO, &lo, e);

	if (there <= 0)
		return there < 0 ? -1 : err_set(e, ENODEV, "there is no interface " LO);
	if (inet_addr_list(&n->pod, lo.index, req->a, &addrs, e))
		return -1;
	out->ips.v = arena_array(req->a, ADDRS_MAX, sizeof(*out->ips.v));
	for (size_t i = 0; i < addrs.n; i++) {
		bool v6 = !ip_is_v4(&addrs.v[i].ip);

		if (!is_loopback(&addrs.v[i]))
			return err_set(e, EINVAL, LO " has the non-loopback address %s",
				       ip_net_text(&addrs.v[i]).s);
		if (seen[v6])
			continue;
		seen[v6] = true;
		out->ips.v[out->ips.n++] = (struct cni_ip){
			.interface = { true, 0 },
			.address = arena_strdup(req->a, ip_net_text(&addrs.v[i]).s),
		};
	}
	return 0;
}

static void fill_interface(const struct request *req, struct cni_result *out)
{
	out->interfaces.n = 1;
	out->interfaces.v = arena_alloc(req->a, sizeof(*out->interfaces.v));
	*out->interfaces.v = (struct cni_iface){
		.name = arena_strdup(req->a, LO),
		.mac = arena_strdup(req->a, LO_MAC),
		.sandbox = req->env.netns,
	};
}

static int loopback_add(struct request *req, struct cni_result *out, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct plan p = { .a = req->a };
	int prev = cni_conf_prev(&req->conf, req->a, out, e);

	if (prev < 0)
		return -1;
	plan_op(&p, OP_UP, IN_POD, LO);
	if (net_open(&n, req->netns, e) || apply(&n, &p, e))
		return -1;
	if (prev) /* of a chain: handed on as it is */
		return 0;
	fill_interface(req, out);
	return read_addrs(&n, req, out, e);
}

static int loopback_del(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct link lo;

	if (req->netns < 0)
		return 0;
	if (net_open(&n, req->netns, e))
		return -1;
	if (link_get(&n.pod, LO, &lo, e) <= 0)
		return 0;
	return link_set_flags(&n.pod, lo.index, 0, IFF_UP, e);
}

static int loopback_check(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct plan p = { .a = req->a };

	plan_op(&p, OP_UP, IN_POD, LO);
	return net_open(&n, req->netns, e) || verify(&n, &p, e) ? -1 : 0;
}

const struct plugin plugin_loopback = {
	.name = "loopback",
	.about = "brings the loopback interface up",
	.add = loopback_add,
	.del = loopback_del,
	.check = loopback_check,
};
