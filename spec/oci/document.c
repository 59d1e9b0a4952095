/* SPDX-License-Identifier: Apache-2.0 */
/* document: the field table of config.json as a whole, and how documents are read. */
#include "spec/oci/config.h"

#include <string.h>

#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/oci/fields.h"
#include "spec/oci/validate.h"

static const struct json_field root_fields[] = {
	F_TEXT(struct oci_root, path, "path", JSON_REQUIRED),
	F_BOOL(struct oci_root, readonly, "readonly", 0),
	{ 0 },
};

static const struct json_field mount_fields[] = {
	F_TEXT(struct oci_mount, destination, "destination", JSON_REQUIRED),
	F_TEXT(struct oci_mount, type, "type", 0),
	F_TEXT(struct oci_mount, source, "source", 0),
	F_STRS(struct oci_mount, options, "options", 0),
	F_LIST(JSON_OBJS, struct oci_mount, uid_mappings, "uidMappings", 0, oci_idmap_fields),
	F_LIST(JSON_OBJS, struct oci_mount, gid_mappings, "gidMappings", 0, oci_idmap_fields),
	{ 0 },
};

/* The keys solaris, windows, vm, zos and freebsd are for other machines: ignored as unknown. */
const struct json_field oci_config_fields[] = {
	F_TEXT(struct oci_config, oci_version, "ociVersion", 0),
	F_PTR(struct oci_config, process, "process", 0, oci_process_fields),
	F_PTR(struct oci_config, root, "root", 0, root_fields),
	F_TEXT(struct oci_config, hostname, "hostname", 0),
	F_TEXT(struct oci_config, domainname, "domainname", 0),
	F_LIST(JSON_OBJS, struct oci_config, mounts, "mounts", 0, mount_fields),
	F_OBJ(struct oci_config, hooks, "hooks", 0, oci_hooks_fields),
	F_MAP(struct oci_config, annotations, "annotations", 0),
	F_PTR(struct oci_config, linux_, "linux", 0, oci_linux_fields),
	{ 0 },
};

static int decode(const char *text, size_t len, const struct json_field *fields, void *out,
		  struct arena *a, struct err *e)
{
	struct json_object *obj = json_parse(text, len, e);

	if (!obj)
		return -1;
	return json_decode(json_own(a, obj), fields, out, a, e);
}

struct oci_config *oci_config_decode(struct json_object *obj, struct arena *a, struct err *e)
{
	struct oci_config *c = arena_alloc(a, sizeof(*c));

	if (json_decode(obj, oci_config_fields, c, a, e))
		return NULL;
	if (!c->linux_) /* it is optional */
		c->linux_ = arena_alloc(a, sizeof(*c->linux_));
	return oci_validate(c, e) ? NULL : c;
}

struct oci_config *oci_config_parse(const char *text, size_t len, struct arena *a, struct err *e)
{
	struct json_object *obj = json_parse(text, len, e);

	return obj ? oci_config_decode(json_own(a, obj), a, e) : NULL;
}

struct oci_config *oci_config_read(int bundle_fd, struct arena *a, struct err *e)
{
	struct oci_config *c;
	size_t len;
	char *text = read_file(bundle_fd, OCI_CONFIG_FILE, JSON_TEXT_MAX, a, &len, e);

	if (!text)
		return NULL;
	c = oci_config_parse(text, len, a, e);
	if (!c)
		err_ctx(e, OCI_CONFIG_FILE);
	return c;
}

struct oci_process *oci_process_parse(const char *text, size_t len, struct arena *a, struct err *e)
{
	struct oci_process *p = arena_alloc(a, sizeof(*p));

	if (decode(text, len, oci_process_fields, p, a, e) || oci_validate_process(p, e))
		return NULL;
	return p;
}

struct oci_resources *oci_resources_parse(const char *text, size_t len, struct arena *a,
					  struct err *e)
{
	struct oci_resources *r = arena_alloc(a, sizeof(*r));

	if (decode(text, len, oci_resources_fields, r, a, e) || oci_validate_resources(r, e))
		return NULL;
	return r;
}

struct json_object *oci_config_encode(const struct oci_config *c)
{
	return json_encode(c, oci_config_fields);
}

const struct oci_namespace *oci_namespace_of(const struct oci_config *c, enum oci_ns type)
{
	for (size_t i = 0; c->linux_ && i < c->linux_->namespaces.n; i++) {
		if (c->linux_->namespaces.v[i].type == (int)type)
			return &c->linux_->namespaces.v[i];
	}
	return NULL;
}

const char *oci_annotation(const struct oci_config *c, const char *key)
{
	for (size_t i = 0; i < c->annotations.n; i++) {
		if (str_eq(c->annotations.v[i].key, key))
			return c->annotations.v[i].value;
	}
	return NULL;
}
