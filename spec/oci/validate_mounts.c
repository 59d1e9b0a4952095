/* SPDX-License-Identifier: Apache-2.0 */
/* validate_mounts: rules about config.mounts. */
#include "spec/oci/check.h"

#include <errno.h>

#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/oci/tables.h"

/* What the options of one mount say about its kind. */
struct kind {
	bool bind, remount, idmap;
	const char *data; /* the first option that is data of a file system */
};

static struct kind kind_of(const struct oci_mount *m)
{
	struct kind k = { 0 };

	for (size_t i = 0; i < m->options.n; i++) {
		const struct oci_mount_option *o = oci_mount_option_find(m->options.v[i]);

		if (!o && !k.data && *m->options.v[i])
			k.data = m->options.v[i];
		if (!o)
			continue;
		k.bind |= o->special == OCI_MOUNT_BIND || o->special == OCI_MOUNT_RBIND;
		k.remount |= o->special == OCI_MOUNT_REMOUNT;
		k.idmap |= o->special == OCI_MOUNT_IDMAP || o->special == OCI_MOUNT_RIDMAP;
	}
	return k;
}

/* The kernel drops data of a bind mount, so that a wrong option would go unseen. */
static int check_bind(const struct oci_mount *m, const struct kind *k, struct err *e)
{
	const char *near = k->data ? oci_mount_option_nearest(k->data) : NULL;

	if (!m->source && !k->remount)
		return err_set(e, EINVAL, "source: a bind mount needs one");
	if (near)
		return err_set(e, EINVAL, "options: unknown option '%s', did you mean '%s'?",
			       k->data, near);
	if (k->data)
		return err_set(e, EINVAL, "options: '%s' has no meaning for a bind mount", k->data);
	return 0;
}

static int check_type(const struct oci_mount *m, const struct kind *k, struct err *e)
{
	if (k->bind || k->remount)
		return 0;
	if (!m->type)
		return err_set(e, EINVAL, "type: required, as this is not a bind mount");
	if (str_eq(m->type, "bind"))
		return err_set(e, EINVAL, "options: type 'bind' needs option 'bind' or 'rbind'");
	return oci_check_line("type", m->type, e);
}

static int check_idmap(const struct oci_config *c, const struct oci_mount *m, const struct kind *k,
		       struct err *e)
{
	bool maps = m->uid_mappings.n || m->gid_mappings.n;

	if (!maps && !k->idmap)
		return 0;
	if (!k->bind)
		return err_set(e, EINVAL, "an id-mapped mount must be a bind mount");
	if (!maps && !oci_namespace_of(c, OCI_NS_USER))
		return err_set(e, EINVAL,
			       "options: idmap needs mappings here, or a user namespace");
	if (maps && (!m->uid_mappings.n || !m->gid_mappings.n))
		return err_set(e, EINVAL, "%s: must come with %s",
			       m->uid_mappings.n ? "uidMappings" : "gidMappings",
			       m->uid_mappings.n ? "gidMappings" : "uidMappings");
	if (oci_check_idmaps("uidMappings", &m->uid_mappings, e))
		return -1;
	return oci_check_idmaps("gidMappings", &m->gid_mappings, e);
}

static int check_mount(const struct oci_config *c, const struct oci_mount *m, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct kind k = kind_of(m);

	if (str_eq(path_clean(&a, m->destination), "/"))
		return err_set(e, EINVAL, "destination: is the root itself");
	if (check_type(m, &k, e) || (k.bind && check_bind(m, &k, e)))
		return -1;
	return check_idmap(c, m, &k, e);
}

int oci_check_mounts(const struct oci_config *c, struct err *e)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		if (check_mount(c, &c->mounts.v[i], e))
			return err_ctx(e, "mounts: [%zu] (%.60s)", i, c->mounts.v[i].destination);
	}
	return 0;
}
