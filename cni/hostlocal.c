/* SPDX-License-Identifier: Apache-2.0 */
/* hostlocal: config and choice are pure; what is done to leases is in hostlocal_verbs.c. */
#include "cni/hostlocal.h"

#include <errno.h>
#include <string.h>

#include "cni/lease_index.h"
#include "spec/base/json.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

/* The ipam key. */
struct ipam_conf {
	struct cni_range_conf flat;
	json_list(struct cni_range_set_conf) ranges;
	struct cni_routes routes;
	char *resolv_conf, *data_dir;
	bool sticky;
};

static const struct json_field ipam_fields[] = {
	F_STR(struct ipam_conf, flat.subnet, "subnet", 0),
	F_STR(struct ipam_conf, flat.range_start, "rangeStart", 0),
	F_STR(struct ipam_conf, flat.range_end, "rangeEnd", 0),
	F_STR(struct ipam_conf, flat.gateway, "gateway", 0),
	F_LISTS(struct ipam_conf, ranges, "ranges", 0, struct cni_range_conf, cni_range_fields),
	F_LIST(JSON_OBJS, struct ipam_conf, routes, "routes", 0, cni_route_fields),
	F_STR(struct ipam_conf, resolv_conf, "resolvConf", 0),
	F_STR(struct ipam_conf, data_dir, "dataDir", 0),
	F_BOOL(struct ipam_conf, sticky, "sticky", 0),
	{ 0 },
};

/* ---- pods ---- */

static bool is_pod_name(const char *s)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.-_";

	return *s && !s[strspn(s, chars)];
}

/* "NAMESPACE/NAME": 1, 0: CNI_ARGS name no pod, -1: they name one that cannot be. */
static int read_pod(const struct cni_args *args, struct arena *a, char **out)
{
	const char *space = cni_args_get(args, "K8S_POD_NAMESPACE");
	const char *name = cni_args_get(args, "K8S_POD_NAME");

	if (!space || !*space || !name || !*name)
		return 0;
	if (!is_pod_name(space) || !is_pod_name(name) ||
	    strlen(space) + strlen(name) + sizeof("/") > LEASE_POD_MAX)
		return -1;
	*out = arena_printf(a, "%s/%s", space, name);
	return 1;
}

struct lease_owner hostlocal_owner(const char *container_id, const char *ifname, const char *netns,
				   bool wired, const struct cni_args *args, struct arena *a)
{
	struct lease_owner owner = {
		.container_id = container_id, .ifname = ifname, .netns = netns, .wired = wired
	};
	char *pod;

	if (read_pod(args, a, &pod) > 0)
		owner.pod = pod;
	return owner;
}

static int read_sticky(const struct cni_conf *conf, const struct ipam_conf *ipam,
		       const struct cni_args *args, struct arena *a, struct hostlocal *h,
		       struct err *e)
{
	struct json_object *beside = json_get(conf->raw, "sticky");
	char *pod = NULL;
	int got;

	if (beside && !json_object_is_type(beside, json_type_boolean))
		return cni_err(e, CNI_ERR_DECODE, "sticky: expected boolean");
	if (!ipam->sticky && !(beside && json_object_get_boolean(beside)))
		return 0;
	got = read_pod(args, a, &pod);
	if (got < 0)
		return cni_err(
			e, CNI_ERR_ENV,
			"sticky: K8S_POD_NAMESPACE and K8S_POD_NAME in CNI_ARGS name no pod");
	h->sticky = pod;
	return 0;
}

/* ---- config ---- */

static int request(struct hostlocal *h, const char *text, struct err *e)
{
	struct ip_net net;

	if (ip_any_parse(text, &net))
		return cni_err(e, CNI_ERR_CONFIG, "requested address '%.60s' is not valid", text);
	for (size_t i = 0; i < h->requested.n; i++)
		if (ip_eq(&h->requested.v[i], &net.ip))
			return 0;
	if (h->requested.n == LEASE_IPS_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "more than %d requested addresses",
			       LEASE_IPS_MAX);
	h->requested.v[h->requested.n++] = net.ip;
	return 0;
}

static int read_requests(const struct cni_conf *conf, const struct cni_args *args,
			 struct hostlocal *h, struct err *e)
{
	static const char *const known[] = { "IP", "GATEWAY", "MAC", NULL };
	const char *ip;

	if (cni_args_known(args, known, e))
		return -1;
	ip = cni_args_get(args, "IP");
	if (ip && *ip && request(h, ip, e))
		return err_ctx(e, "CNI_ARGS");
	for (size_t i = 0; i < conf->args.ips.n; i++)
		if (request(h, conf->args.ips.v[i], e))
			return err_ctx(e, "args: cni: ips");
	for (size_t i = 0; i < conf->runtime.ips.n; i++)
		if (request(h, conf->runtime.ips.v[i], e))
			return err_ctx(e, "runtimeConfig: ips");
	return 0;
}

static int add_set(struct hostlocal *h, const struct cni_range_set_conf *conf, struct arena *a,
		   struct err *e)
{
	if (h->sets.n == HOSTLOCAL_SETS_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "more than %d range sets", HOSTLOCAL_SETS_MAX);
	if (ip_range_set_make(conf, a, &h->sets.v[h->sets.n], e))
		return err_ctx(e, "invalid range set %zu", h->sets.n);
	h->sets.n++;
	return 0;
}

static int read_sets(const struct cni_conf *conf, const struct ipam_conf *ipam, struct arena *a,
		     struct hostlocal *h, struct err *e)
{
	struct cni_range_conf flat = ipam->flat;
	struct cni_range_set_conf flat_set = { 1, &flat };

	h->sets.v = arena_array(a, HOSTLOCAL_SETS_MAX, sizeof(*h->sets.v));
	for (size_t i = 0; i < conf->runtime.ip_ranges.n; i++)
		if (add_set(h, &conf->runtime.ip_ranges.v[i], a, e))
			return -1;
	if (flat.subnet && *flat.subnet && add_set(h, &flat_set, a, e))
		return -1;
	for (size_t i = 0; i < ipam->ranges.n; i++)
		if (add_set(h, &ipam->ranges.v[i], a, e))
			return -1;
	return 0;
}

static int check_sets(const struct cni_conf *conf, const struct hostlocal *h, bool none_yet,
		      struct err *e)
{
	size_t n4 = 0, n6 = 0;

	if (!h->sets.n && !none_yet)
		return cni_err(e, CNI_ERR_CONFIG, "no IP ranges specified");
	for (size_t i = 0; i < h->sets.n; i++) {
		if (ip_is_v4(&h->sets.v[i].v[0].start))
			n4++;
		else
			n6++;
		for (size_t k = 0; k < i; k++)
			if (ip_range_sets_overlap(&h->sets.v[k], &h->sets.v[i]))
				return cni_err(e, CNI_ERR_CONFIG, "range set %zu overlaps with %zu",
					       k, i);
	}
	if ((n4 > 1 || n6 > 1) && conf->version < CNI_0_3_0)
		return cni_err(e, CNI_ERR_CONFIG,
			       "CNI version %s does not support more than 1 address per family",
			       cni_version_text(conf->version));
	return 0;
}

static char *data_dir(const struct ipam_conf *ipam, struct arena *a)
{
	return ipam->data_dir && *ipam->data_dir ? ipam->data_dir
						 : arena_strdup(a, LEASE_DIR_DEFAULT);
}

int hostlocal_place(const struct cni_conf *conf, struct arena *a, struct hostlocal *out,
		    struct err *e)
{
	static const struct json_field place_fields[] = {
		F_STR(struct ipam_conf, data_dir, "dataDir", 0),
		{ 0 },
	};
	struct ipam_conf ipam = { 0 };

	if (conf->ipam && json_decode(conf->ipam, place_fields, &ipam, a, e)) {
		err_ctx(e, "ipam");
		return cni_err_as(e, CNI_ERR_DECODE);
	}
	*out = (struct hostlocal){ .network = conf->name, .data_dir = data_dir(&ipam, a) };
	return 0;
}

/* none_yet: ranges may be told later. */
static int make(const struct cni_conf *conf, const struct cni_args *args, bool none_yet,
		struct arena *a, struct hostlocal *out, struct err *e)
{
	struct hostlocal h = { .network = conf->name };
	struct ipam_conf ipam = { 0 };

	if (!conf->ipam)
		return cni_err(e, CNI_ERR_CONFIG, "IPAM config missing 'ipam' key");
	if (json_decode(conf->ipam, ipam_fields, &ipam, a, e)) {
		err_ctx(e, "ipam");
		return cni_err_as(e, CNI_ERR_DECODE);
	}
	h.data_dir = data_dir(&ipam, a);
	h.resolv_conf = ipam.resolv_conf && *ipam.resolv_conf ? ipam.resolv_conf : NULL;
	h.routes = ipam.routes;
	for (size_t i = 0; i < h.routes.n; i++)
		if (cni_route_check(&h.routes.v[i], e))
			return err_ctx(e, "ipam: routes: [%zu]", i);
	if (read_requests(conf, args, &h, e) || read_sticky(conf, &ipam, args, a, &h, e))
		return -1;
	if (read_sets(conf, &ipam, a, &h, e) || check_sets(conf, &h, none_yet, e))
		return err_ctx(e, "ipam");
	*out = h;
	return 0;
}

int hostlocal_make(const struct cni_conf *conf, const struct cni_args *args, struct arena *a,
		   struct hostlocal *out, struct err *e)
{
	return make(conf, args, false, a, out, e);
}

int hostlocal_make_status(const struct cni_conf *conf, const struct cni_args *args, struct arena *a,
			  struct hostlocal *out, struct err *e)
{
	struct json_object *caps = json_get(conf->raw, "capabilities");

	return make(conf, args, json_object_get_boolean(json_get(caps, "ipRanges")), a, out, e);
}
