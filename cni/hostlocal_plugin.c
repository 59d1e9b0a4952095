/* SPDX-License-Identifier: Apache-2.0 */
/* hostlocal_plugin: host-local as a plugin of its own, for plugins that exec it. */
#include "cni/hostlocal.h"
#include "cni/plugin.h"
#include "spec/cni/error.h"

static int host_local_add(struct request *req, struct cni_result *out, struct err *e)
{
	struct lease_owner owner = hostlocal_owner(req->env.container_id, req->env.ifname,
						   req->env.netns, false, &req->args, req->a);
	struct ipam_result ipam;
	struct lease_ips taken;
	struct hostlocal h;

	if (hostlocal_make(&req->conf, &req->args, req->a, &h, e) ||
	    hostlocal_add(&h, &owner, req->a, &ipam, &taken, e))
		return -1;
	ipam_to_result(&ipam, -1, req->a, out);
	return 0;
}

static int host_local_del(struct request *req, struct err *e)
{
	struct lease_owner owner = { .container_id = req->env.container_id,
				     .ifname = req->env.ifname };
	struct hostlocal h;

	return hostlocal_place(&req->conf, req->a, &h, e) || hostlocal_del(&h, &owner, e) ? -1 : 0;
}

static int host_local_check(struct request *req, struct err *e)
{
	struct lease_owner owner = { .container_id = req->env.container_id,
				     .ifname = req->env.ifname };
	struct hostlocal h;

	if (hostlocal_make(&req->conf, &req->args, req->a, &h, e))
		return -1;
	return hostlocal_check(&h, &owner, NULL, e);
}

static int host_local_gc(struct request *req, struct err *e)
{
	struct hostlocal h;

	if (!req->conf.valid_attachments.v)
		return 0;
	if (hostlocal_place(&req->conf, req->a, &h, e))
		return -1;
	return hostlocal_gc(&h, req->conf.valid_attachments.v, req->conf.valid_attachments.n, NULL,
			    NULL, e);
}

static int host_local_status(struct request *req, struct err *e)
{
	struct hostlocal h;

	if (hostlocal_make_status(&req->conf, &req->args, req->a, &h, e))
		return -1;
	return hostlocal_status(&h, e);
}

const struct plugin plugin_host_local = {
	.name = "host-local",
	.about = "gives out addresses of this host's ranges",
	.add = host_local_add,
	.del = host_local_del,
	.check = host_local_check,
	.gc = host_local_gc,
	.status = host_local_status,
};
