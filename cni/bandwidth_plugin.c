/* SPDX-License-Identifier: Apache-2.0 */
/* bandwidth_plugin: limits for a pod that a plugin before connected by a veth pair. */
#include <errno.h>

#include "cni/apply.h"
#include "cni/bandwidth.h"
#include "cni/dead.h"
#include "cni/plugin.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

/* The pod's interface knows its other end by number, which has to know it back. */
static int find_host_end(struct net *n, const struct request *req, struct link *out, struct err *e)
{
	struct link pod;
	int there = link_get(&n->pod, req->env.ifname, &pod, e);

	if (there <= 0)
		return there < 0 ? -1
				 : err_set(e, ENODEV, "no interface '%s' in the container",
					   req->env.ifname);
	there = str_eq(pod.kind, "veth") ? link_by_index(&n->host, pod.peer, out, e) : 0;
	if (there < 0)
		return -1;
	if (!there || !str_eq(out->kind, "veth") || out->peer != pod.index)
		return err_set(e, ENODEV,
			       "interface '%s' of the container has no veth peer on the host",
			       req->env.ifname);
	return 0;
}

/* The number of operations is 0 when nothing is limited. prev is filled if there is one. */
static int plan_limits(struct request *req, struct net *n, struct cni_result *prev, struct plan *p,
		       struct err *e)
{
	struct attach at = attach_of(req);
	struct bandwidth b;
	struct link host;
	int got;

	if (bandwidth_make(&req->conf, req->a, &b, e))
		return -1;
	got = cni_conf_prev(&req->conf, req->a, prev, e);
	if (got <= 0)
		return got < 0 ? -1 : cni_err(e, CNI_ERR_CONFIG, "required prevResult missing");
	if (bandwidth_none(&b))
		return 0;
	if (net_open(n, req->netns, e) || find_host_end(n, req, &host, e))
		return -1;
	bandwidth_plan_add(&b, &at, arena_strdup(req->a, host.name),
			   bandwidth_ifb(&at, false, req->a), p);
	return 0;
}

/* The ifb device is one more interface on the host. */
static int tell_ifb(struct net *n, const struct request *req, struct cni_result *out, struct err *e)
{
	struct cni_iface *v;
	struct link link;

	if (!n->ifb)
		return 0;
	if (link_get(&n->host, n->ifb, &link, e) <= 0)
		return err_set(e, ENODEV, "interface '%s' is gone", n->ifb);
	v = arena_array(req->a, out->interfaces.n + 1, sizeof(*v));
	for (size_t i = 0; i < out->interfaces.n; i++)
		v[i] = out->interfaces.v[i];
	v[out->interfaces.n++] = (struct cni_iface){
		.name = arena_strdup(req->a, n->ifb),
		.mac = arena_strdup(req->a, mac_text(&link.mac).s),
	};
	out->interfaces.v = v;
	return 0;
}

static int bandwidth_add(struct request *req, struct cni_result *out, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct plan p = { .a = req->a };

	if (plan_limits(req, &n, out, &p, e))
		return -1;
	if (p.n && (apply(&n, &p, e) || tell_ifb(&n, req, out, e))) {
		undo(&n);
		return -1;
	}
	return 0;
}

/* The host's end has its own limits as long as it is there. */
static int bandwidth_del(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct attach at = attach_of(req);
	struct plan p = { .a = req->a };

	bandwidth_plan_del(bandwidth_ifb(&at, false, req->a), &p);
	return net_open(&n, -1, e) || apply_all(&n, &p, e) ? -1 : 0;
}

static int bandwidth_check(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct plan p = { .a = req->a };
	struct cni_result prev;

	if (plan_limits(req, &n, &prev, &p, e))
		return -1;
	return p.n ? verify(&n, &p, e) : 0;
}

/* The other limits are the host ends', and go with them. */
static int bandwidth_gc(struct request *req, struct err *e)
{
	const struct cni_conf *conf = &req->conf;
	auto_net struct net n = NET_INIT;
	struct dead dead = { .n = &n, .a = req->a };

	if (!conf->valid_attachments.v)
		return 0;
	return net_open(&n, -1, e) ||
			       dead_ifbs_but(&dead, conf->name, conf->valid_attachments.v,
					     conf->valid_attachments.n, e) ||
			       dead_bury(&dead, e)
		       ? -1
		       : 0;
}

static int bandwidth_status(struct request *req, struct err *e)
{
	struct bandwidth b;

	return bandwidth_make(&req->conf, req->a, &b, e);
}

const struct plugin plugin_bandwidth = {
	.name = "bandwidth",
	.about = "limits what a container sends and receives",
	.add = bandwidth_add,
	.del = bandwidth_del,
	.check = bandwidth_check,
	.gc = bandwidth_gc,
	.status = bandwidth_status,
};
