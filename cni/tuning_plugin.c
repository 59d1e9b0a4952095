/* SPDX-License-Identifier: Apache-2.0 */
/* tuning_plugin: sysctls and properties, behind the plugin that made the interface. */
#include <errno.h>
#include <fcntl.h>

#include "cni/allow.h"
#include "cni/apply.h"
#include "cni/plugin.h"
#include "cni/tuning.h"
#include "cni/twice.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

static int read_conf(const struct request *req, struct tuning *t, struct err *e)
{
	const char *twice = twice_in(req->text, req->len, "sysctl", req->a);

	*t = (struct tuning){ 0 };
	if (twice)
		return cni_err(e, CNI_ERR_CONFIG, "sysctl: '%.200s' is there twice", twice);
	if (tuning_make(&req->conf, &req->args, req->env.ifname, true, req->a, t, e))
		return -1;
	return tuning_allowed(t, req->a, e);
}

static int need_prev(const struct request *req, struct cni_result *prev, struct err *e)
{
	int got = cni_conf_prev(&req->conf, req->a, prev, e);

	return got > 0	 ? 0
	       : got < 0 ? -1
			 : cni_err(e, CNI_ERR_CONFIG, "required prevResult missing");
}

static void tell_mac(const struct request *req, const struct tuning *t, struct cni_result *out)
{
	for (size_t i = 0; t->tune.has_mac && i < out->interfaces.n; i++)
		if (str_eq(out->interfaces.v[i].name, req->env.ifname))
			out->interfaces.v[i].mac = arena_strdup(req->a, mac_text(&t->tune.mac).s);
}

/* Without a result: what was saved is put back, errors told once. */
static void put_back(struct net *n, const struct tuning *t, const struct attach *at,
		     struct arena *a)
{
	struct plan p = { .a = a };
	struct err ignored;

	tuning_plan_del(t->data_dir, at, &p);
	apply_all(n, &p, &ignored);
}

static int tuning_add(struct request *req, struct cni_result *out, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct attach at = attach_of(req);
	struct plan p = { .a = req->a };
	struct tuning t;

	if (read_conf(req, &t, e) || need_prev(req, out, e))
		return -1;
	tuning_plan_add(&t, &at, true, &p);
	if (net_open(&n, req->netns, e))
		return -1;
	if (apply(&n, &p, e)) {
		put_back(&n, &t, &at, req->a);
		return -1;
	}
	tell_mac(req, &t, out);
	return 0;
}

static int tuning_del(struct request *req, struct err *e)
{
	struct json_object *dir = json_get(req->conf.raw, "dataDir");
	const char *text = dir ? json_object_get_string(dir) : "";
	auto_net struct net n = NET_INIT;
	struct attach at = attach_of(req);
	struct plan p = { .a = req->a };

	tuning_plan_del(*text ? text : TUNING_DATA_DIR, &at, &p);
	return net_open(&n, req->netns, e) || apply_all(&n, &p, e) ? -1 : 0;
}

static int tuning_verify(struct request *req, struct err *e)
{
	auto_net struct net n = NET_INIT;
	struct attach at = attach_of(req);
	struct plan p = { .a = req->a };
	struct cni_result prev;
	struct tuning t;

	if (read_conf(req, &t, e) || need_prev(req, &prev, e))
		return -1;
	tuning_plan_add(&t, &at, false, &p);
	return net_open(&n, req->netns, e) || verify(&n, &p, e) ? -1 : 0;
}

static int tuning_status(struct request *req, struct err *e)
{
	struct tuning t;

	return tuning_make(&req->conf, &req->args, "eth0", true, req->a, &t, e);
}

const struct plugin plugin_tuning = {
	.name = "tuning",
	.about = "sets sysctls of a container's network, and properties of its interface",
	.add = tuning_add,
	.del = tuning_del,
	.check = tuning_verify,
	.status = tuning_status,
};
