/* SPDX-License-Identifier: Apache-2.0 */
/* addresses: one row of functions for each kind of management. */
#include "cni/addresses.h"

#include <errno.h>

#include "cni/delegate.h"
#include "cni/static.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

/* A function that is NULL has nothing to do. */
struct address_driver {
	int (*add)(const struct request *req, struct addresses *s, struct ipam_result *out,
		   struct err *e);
	int (*undo)(const struct request *req, const struct addresses *s, struct err *e);
	int (*place)(const struct request *req, struct addresses *s, struct err *e);
	int (*del)(const struct request *req, const struct addresses *s, struct err *e);
	int (*check)(const struct request *req, struct addresses *s, const struct ipam_result *ips,
		     struct err *e);
	int (*gc)(const struct request *req, struct addresses *s, lease_gone_fn *gone, void *arg,
		  struct err *e);
	int (*status)(const struct request *req, struct addresses *s, struct err *e);
};

/* Those that connect a pod by a pair whose name attach_host_name() tells. */
static bool makes_pair(const char *plugin)
{
	return str_eq(plugin, "peapod") || str_eq(plugin, "bridge") || str_eq(plugin, "ptp");
}

static struct lease_owner owner_of(const struct request *req)
{
	return hostlocal_owner(req->env.container_id, req->env.ifname, req->env.netns,
			       makes_pair(req->plugin), &req->args, req->a);
}

/* ---- host-local ---- */

static int local_add(const struct request *req, struct addresses *s, struct ipam_result *out,
		     struct err *e)
{
	struct lease_owner owner = owner_of(req);

	if (hostlocal_make(&req->conf, &req->args, req->a, &s->h, e))
		return -1;
	return hostlocal_add(&s->h, &owner, req->a, out, &s->taken, e);
}

static int local_undo(const struct request *req, const struct addresses *s, struct err *e)
{
	struct lease_owner owner = owner_of(req);

	return hostlocal_undo(&s->h, &owner, &s->taken, e);
}

static int local_place(const struct request *req, struct addresses *s, struct err *e)
{
	return hostlocal_place(&req->conf, req->a, &s->h, e);
}

static int local_check(const struct request *req, struct addresses *s,
		       const struct ipam_result *ips, struct err *e)
{
	struct lease_owner owner = owner_of(req);

	if (hostlocal_make(&req->conf, &req->args, req->a, &s->h, e))
		return -1;
	return hostlocal_check(&s->h, &owner, ips, e);
}

static int local_gc(const struct request *req, struct addresses *s, lease_gone_fn *gone, void *arg,
		    struct err *e)
{
	if (hostlocal_place(&req->conf, req->a, &s->h, e))
		return -1;
	return hostlocal_gc(&s->h, req->conf.valid_attachments.v, req->conf.valid_attachments.n,
			    gone, arg, e);
}

static int local_status(const struct request *req, struct addresses *s, struct err *e)
{
	if (hostlocal_make_status(&req->conf, &req->args, req->a, &s->h, e))
		return -1;
	return hostlocal_status(&s->h, e);
}

/* ---- no memory of pods but with host-local ---- */

static int refuse_sticky(const struct request *req, struct err *e)
{
	struct json_object *sticky = json_get(req->conf.raw, "sticky");

	if (sticky && json_object_get_boolean(sticky))
		return cni_err(e, CNI_ERR_FIELD, "sticky: only with host-local addresses");
	return 0;
}

/* ---- static ---- */

static int fixed_add(const struct request *req, struct addresses *s, struct ipam_result *out,
		     struct err *e)
{
	(void)s;
	if (refuse_sticky(req, e))
		return -1;
	return static_make(&req->conf, &req->args, req->a, out, e);
}

static int fixed_status(const struct request *req, struct addresses *s, struct err *e)
{
	(void)req;
	(void)s;
	(void)e;
	return 0; /* what it gives may come from the runtime, with ADD */
}

/* ---- another program ---- */

static int run(const struct request *req, const struct addresses *s, const char *command,
	       struct err *e)
{
	size_t len;
	char *out;

	return delegate_run(req, s->type, command, &out, &len, e) ? err_ctx(e, "ipam") : 0;
}

static int other_undo(const struct request *req, const struct addresses *s, struct err *e)
{
	return run(req, s, "DEL", e);
}

static int other_result(const struct request *req, const struct addresses *s,
			struct ipam_result *out, struct err *e)
{
	struct json_object *raw;
	struct cni_result r;
	size_t len;
	char *text;

	if (refuse_sticky(req, e) || delegate_run(req, s->type, "ADD", &text, &len, e))
		return -1;
	if (cni_result_parse(text, len, req->conf.version, req->a, &r, &raw, e))
		return err_ctx(e, "result of '%.60s'", s->type);
	for (size_t i = 0; i < r.ips.n; i++)
		r.ips.v[i].interface.set = false; /* of interfaces that it does not know */
	if (!r.ips.n)
		return err_set(e, EINVAL, "'%.60s' gave no address", s->type);
	return ipam_from_result(&r, req->env.ifname, req->a, out, e);
}

/* What a failed one may have kept is given back too. */
static int other_add(const struct request *req, struct addresses *s, struct ipam_result *out,
		     struct err *e)
{
	struct err ignored;

	if (!other_result(req, s, out, e))
		return 0;
	other_undo(req, s, &ignored);
	return err_ctx(e, "ipam");
}

static int other_del(const struct request *req, const struct addresses *s, struct err *e)
{
	return run(req, s, "DEL", e);
}

static int other_check(const struct request *req, struct addresses *s,
		       const struct ipam_result *ips, struct err *e)
{
	(void)ips;
	return run(req, s, "CHECK", e);
}

static int other_gc(const struct request *req, struct addresses *s, lease_gone_fn *gone, void *arg,
		    struct err *e)
{
	(void)gone;
	(void)arg;
	return run(req, s, "GC", e);
}

static int other_status(const struct request *req, struct addresses *s, struct err *e)
{
	return run(req, s, "STATUS", e);
}

/* ---- the rows ---- */

static const struct address_driver none = { .add = NULL };

static const struct address_driver local = {
	.add = local_add,
	.undo = local_undo,
	.place = local_place,
	.check = local_check,
	.gc = local_gc,
	.status = local_status,
};

static const struct address_driver fixed = {
	.add = fixed_add,
	.status = fixed_status,
};

static const struct address_driver other = {
	.add = other_add,
	.undo = other_undo,
	.del = other_del,
	.check = other_check,
	.gc = other_gc,
	.status = other_status,
};

int addresses_choose(const struct request *req, struct addresses *out, struct err *e)
{
	struct json_object *ipam = req->conf.ipam, *type;
	const char *text;

	*out = (struct addresses){ .driver = &none };
	if (!ipam)
		return 0;
	if (!json_object_is_type(ipam, json_type_object))
		return cni_err(e, CNI_ERR_DECODE, "ipam: expected object");
	type = json_get(ipam, "type");
	text = type ? json_object_get_string(type) : "";
	if (!*text) {
		if (str_eq(req->plugin, plugin_peapod.name) &&
		    (json_get(ipam, "ranges") || json_get(ipam, "subnet")))
			out->driver = &local;
		return 0;
	}
	out->type = text;
	out->driver = str_eq(text, plugin_host_local.name) ? &local
		      : str_eq(text, plugin_static.name)   ? &fixed
							   : &other;
	return 0;
}

bool addresses_none(const struct addresses *s)
{
	return s->driver == &none;
}

bool addresses_other(const struct addresses *s)
{
	return s->driver == &other;
}

int addresses_add(const struct request *req, struct addresses *s, struct ipam_result *out,
		  struct err *e)
{
	return s->driver->add ? s->driver->add(req, s, out, e) : 0;
}

void addresses_undo(const struct request *req, const struct addresses *s)
{
	struct err ignored;

	if (s->driver->undo)
		s->driver->undo(req, s, &ignored);
}

int addresses_place(const struct request *req, struct addresses *s, struct err *e)
{
	return s->driver->place ? s->driver->place(req, s, e) : 0;
}

int addresses_del(const struct request *req, const struct addresses *s, struct err *e)
{
	return s->driver->del ? s->driver->del(req, s, e) : 0;
}

int addresses_check(const struct request *req, struct addresses *s, const struct ipam_result *ips,
		    struct err *e)
{
	return s->driver->check ? s->driver->check(req, s, ips, e) : 0;
}

int addresses_gc(const struct request *req, struct addresses *s, lease_gone_fn *gone, void *arg,
		 struct err *e)
{
	return s->driver->gc ? s->driver->gc(req, s, gone, arg, e) : 0;
}

int addresses_status(const struct request *req, struct addresses *s, struct err *e)
{
	return s->driver->status ? s->driver->status(req, s, e) : 0;
}
