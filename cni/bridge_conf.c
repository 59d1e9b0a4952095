/* SPDX-License-Identifier: Apache-2.0 */
/* bridge_conf: the keys of the bridge plugin. */
#include <net/if.h>
#include <stdio.h>

#include "cni/bridge.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define TRUNK_MAX 4096 /* entries of vlanTrunk */

struct trunk_doc {
	struct opt_i32 min, max, id;
};

struct bridge_doc {
	char *bridge;
	bool is_gateway, is_default_gateway, force_address, hairpin, promisc, isolated;
	bool macspoofchk, enabledad, disable_container_interface, keep_vlan;
	int32_t vlan;
	json_list(struct trunk_doc) trunk;
};

static const struct json_field trunk_fields[] = {
	F_NUM(JSON_OPT_I32, struct trunk_doc, min, "minID", 0),
	F_NUM(JSON_OPT_I32, struct trunk_doc, max, "maxID", 0),
	F_NUM(JSON_OPT_I32, struct trunk_doc, id, "id", 0),
	{ 0 },
};

static const struct json_field doc_fields[] = {
	F_STR(struct bridge_doc, bridge, "bridge", 0),
	F_BOOL(struct bridge_doc, is_gateway, "isGateway", 0),
	F_BOOL(struct bridge_doc, is_default_gateway, "isDefaultGateway", 0),
	F_BOOL(struct bridge_doc, force_address, "forceAddress", 0),
	F_BOOL(struct bridge_doc, hairpin, "hairpinMode", 0),
	F_BOOL(struct bridge_doc, promisc, "promiscMode", 0),
	F_BOOL(struct bridge_doc, isolated, "portIsolation", 0),
	F_BOOL(struct bridge_doc, macspoofchk, "macspoofchk", 0),
	F_BOOL(struct bridge_doc, enabledad, "enabledad", 0),
	F_BOOL(struct bridge_doc, disable_container_interface, "disableContainerInterface", 0),
	F_BOOL(struct bridge_doc, keep_vlan, "preserveDefaultVlan", 0),
	F_NUM(JSON_I32, struct bridge_doc, vlan, "vlan", 0),
	F_LIST(JSON_OBJS, struct bridge_doc, trunk, "vlanTrunk", 0, trunk_fields),
	{ 0 },
};

static int check_vid(int32_t v, const char *key, struct err *e)
{
	return v > 0 && v <= VLAN_MAX
		       ? 0
		       : cni_err(e, CNI_ERR_CONFIG, "%s: %d is not in 1..%d", key, v, VLAN_MAX);
}

/* An entry may have a span, a single id, or both. */
static int read_trunk(const struct trunk_doc *t, struct vlan_span *v, size_t *n, struct err *e)
{
	if (t->min.set != t->max.set)
		return cni_err(e, CNI_ERR_CONFIG, "minID and maxID belong together, %s is missing",
			       t->min.set ? "maxID" : "minID");
	if (t->min.set) {
		if (check_vid(t->min.v, "minID", e) || check_vid(t->max.v, "maxID", e))
			return -1;
		if (t->max.v < t->min.v)
			return cni_err(e, CNI_ERR_CONFIG, "minID is greater than maxID");
		v[(*n)++] = (struct vlan_span){ (uint16_t)t->min.v, (uint16_t)t->max.v };
	}
	if (t->id.set) {
		if (check_vid(t->id.v, "id", e))
			return -1;
		v[(*n)++] = (struct vlan_span){ (uint16_t)t->id.v, (uint16_t)t->id.v };
	}
	return 0;
}

static int read_vlans(const struct bridge_doc *d, struct arena *a, struct bridge_conf *c,
		      struct err *e)
{
	struct vlan_span *v;
	size_t n = 0;

	if (d->vlan < 0 || d->vlan > VLAN_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "vlan: %d is not in 0..%d", d->vlan, VLAN_MAX);
	if (d->trunk.n > TRUNK_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "vlanTrunk: more than %d entries", TRUNK_MAX);
	v = arena_array(a, 2 * d->trunk.n + 1, sizeof(*v));
	for (size_t i = 0; i < d->trunk.n; i++)
		if (read_trunk(&d->trunk.v[i], v, &n, e))
			return err_ctx(e, "vlanTrunk: [%zu]", i);
	c->tagged = d->vlan || d->trunk.v;
	c->vlans = (struct vlans){
		.pvid = (uint16_t)d->vlan,
		.native = n && !d->vlan,
		.v = v,
		.n = n,
		.keep = d->keep_vlan,
	};
	if (!d->vlan || !c->is_gateway)
		return 0;
	c->vlan_dev = arena_printf(a, "%s.%d", c->bridge, d->vlan);
	if (cni_ifname_error(c->vlan_dev))
		return cni_err(e, CNI_ERR_CONFIG, "vlan: its interface '%.60s' %s", c->vlan_dev,
			       cni_ifname_error(c->vlan_dev));
	return 0;
}

static int check_doc(const struct cni_conf *conf, const struct bridge_doc *d, struct err *e)
{
	const char *wrong = d->bridge ? cni_ifname_error(d->bridge) : NULL;
	struct json_object *type = json_get(conf->ipam, "type");

	if (wrong)
		return cni_err(e, CNI_ERR_CONFIG, "bridge: '%.60s' %s", d->bridge, wrong);
	if (d->hairpin && d->promisc)
		return cni_err(e, CNI_ERR_CONFIG,
			       "cannot set hairpinMode and promiscMode at the same time");
	if (d->disable_container_interface && type && *json_object_get_string(type))
		return cni_err(e, CNI_ERR_CONFIG,
			       "disableContainerInterface: cannot be used with ipam");
	return 0;
}

int bridge_conf_make(const struct cni_conf *conf, const struct cni_args *args, bool with_auto,
		     struct arena *a, struct bridge_conf *out, struct err *e)
{
	static const char *const known[] = { "MAC", "IP", "GATEWAY", NULL };
	struct bridge_doc d = { 0 };
	struct bridge_conf c;

	if (json_decode(conf->raw, doc_fields, &d, a, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	if (d.bridge && !*d.bridge)
		d.bridge = NULL;
	if (check_doc(conf, &d, e) || cni_args_known(args, known, e))
		return -1;
	c = (struct bridge_conf){
		.bridge = d.bridge ? d.bridge : arena_strdup(a, BRIDGE_DEFAULT),
		.is_gateway = d.is_gateway || d.is_default_gateway,
		.is_default_gateway = d.is_default_gateway,
		.force_address = d.force_address,
		.hairpin = d.hairpin,
		.promisc = d.promisc,
		.isolated = d.isolated,
		.spoof_check = d.macspoofchk,
	};
	if (pod_conf_make(conf, args, with_auto, a, &c.pod, e) || read_vlans(&d, a, &c, e))
		return -1;
	c.pod.dad = d.enabledad;
	c.pod.idle = d.disable_container_interface;
	*out = c;
	return 0;
}
