/* SPDX-License-Identifier: Apache-2.0 */
/* portmap_plugin: host ports behind any plugin that gave the pod its addresses. */
#include <errno.h>
#include <net/if.h>

#include "cni/apply.h"
#include "cni/apply_ports.h"
#include "cni/plugin.h"
#include "cni/ports_plan.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

/* The first address of each family that stands on CNI_IFNAME in the pod. */
static void pod_addresses(const struct request *req, const struct cni_result *prev,
			  struct ip_addr *v4, struct ip_addr *v6)
{
	for (size_t i = 0; i < prev->ips.n; i++) {
		const struct cni_ip *ip = &prev->ips.v[i];
		const struct cni_iface *iface =
			ip->interface.set ? &prev->interfaces.v[ip->interface.v] : NULL;
		struct ip_net net;

		if (iface &&
		    (!str_eq(iface->name, req->env.ifname) || !iface->sandbox || !*iface->sandbox))
			continue;
		if (ip_net_parse(ip->address, &net))
			continue;
		if (ip_is_v4(&net.ip) && !v4->len)
			*v4 = net.ip;
		else if (!ip_is_v4(&net.ip) && !v6->len)
			*v6 = net.ip;
	}
}

/* Of the interfaces on the host the last is the pair's: a bridge comes before. */
static const char *host_device(const struct cni_result *prev)
{
	const char *device = "";

	for (size_t i = 0; i < prev->interfaces.n; i++)
		if (!prev->interfaces.v[i].sandbox || !*prev->interfaces.v[i].sandbox)
			device = prev->interfaces.v[i].name;
	return device ? device : "";
}

static int find_place(struct net *n, const struct cni_result *prev, const struct ip_addr *ip,
		      struct arena *a, struct ports_place *out, struct err *e)
{
	char name[IF_NAMESIZE];
	struct link link;
	int index;

	*out = (struct ports_place){ .device = host_device(prev) };
	index = inet_oif(&n->host, ip, e);
	if (index <= 0 || net_go(n, false, e))
		return index;
	if (!if_indextoname((unsigned int)index, name))
		return 0;
	if (link_get(&n->host, name, &link, e) < 0)
		return -1;
	out->route = arena_strdup(a, name);
	out->bridge = str_eq(link.kind, "bridge");
	return 0;
}

/* prev is filled in any case. */
static int plan_ports(struct request *req, struct net *n, struct cni_result *prev, struct plan *p,
		      struct err *e)
{
	struct ip_addr v4 = { 0 }, v6 = { 0 };
	struct attach at = attach_of(req);
	struct ports_place place;
	struct ports_conf c;
	struct port_maps maps;
	int got;

	if (ports_conf_make(&req->conf, req->a, &c, e))
		return -1;
	got = cni_conf_prev(&req->conf, req->a, prev, e);
	if (got <= 0)
		return got < 0 ? -1 : cni_err(e, CNI_ERR_CONFIG, "required prevResult missing");
	pod_addresses(req, prev, &v4, &v6);
	if (ports_make(&req->conf, &v4, &v6, req->a, &maps, e))
		return -1;
	if (!req->conf.runtime.port_mappings.n)
		return 0;
	if (!v4.len && !v6.len)
		return cni_err(e, CNI_ERR_CONFIG, "prevResult: no address on '%s' in the container",
			       req->env.ifname);
	if (net_open(n, req->netns, e) ||
	    find_place(n, prev, v4.len ? &v4 : &v6, req->a, &place, e))
		return -1;
	ports_plan_add(&maps, c.snat, &at, &place, p);
	return 0;
}

static int portmap_add(struct request *req, struct cni_result *out, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct plan p = { .a = req->a };

	if (plan_ports(req, &n, out, &p, e))
		return -1;
	if (apply(&n, &p, e)) {
		undo(&n);
		return -1;
	}
	return 0;
}

static int portmap_del(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct attach at = attach_of(req);
	struct plan p = { .a = req->a };

	ports_plan_del(&at, &p);
	return net_open(&n, -1, e) || apply_all(&n, &p, e) ? -1 : 0;
}

static int portmap_check(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct plan p = { .a = req->a };
	struct cni_result prev;

	return plan_ports(req, &n, &prev, &p, e) || verify(&n, &p, e) ? -1 : 0;
}

static int portmap_gc(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;

	if (!req->conf.valid_attachments.v)
		return 0;
	if (net_open(&n, -1, e))
		return -1;
	return unmap_stale(&n, req->conf.name, req->conf.valid_attachments.v,
			   req->conf.valid_attachments.n, e);
}

static int portmap_status(struct request *req, struct err *e)
{
	struct ports_conf c;

	return ports_conf_make(&req->conf, req->a, &c, e);
}

const struct plugin plugin_portmap = {
	.name = "portmap",
	.about = "leads ports of the host to a container",
	.add = portmap_add,
	.del = portmap_del,
	.check = portmap_check,
	.gc = portmap_gc,
	.status = portmap_status,
};
