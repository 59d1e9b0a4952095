/* SPDX-License-Identifier: Apache-2.0 */
/* bootstrap: tell two kinds of input apart, make three kinds of answer. */
#include "shim/daemon/bootstrap.h"

#include <errno.h>
#include <string.h>

#include "spec/base/auto.h"
#include "spec/base/json.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/ttrpc/bootstrap.pb-c.h"
#include "spec/ttrpc/message.h"

#define SANDBOX_BUNDLE "io.containerd.sandbox.controller."
#define PROTOCOL       "ttrpc"
#define VERSION_SERVED 3 /* of the Task service; 2 is served too */

#define OPTIONS_RUNC	"containerd.runc.v1.Options"
#define OPTIONS_GENERIC "runtimeoptions.v1.Options"
#define OPTIONS_CRI_OLD "cri-runtimeoptions.v1.Options" /* containerd 1.x */

/* The first one that is set names the group of a container. */
static const char *const group_annotations[] = {
	"io.containerd.runc.v2.group",
	"io.kubernetes.cri.sandbox-id",
};

Pb__Options *bootstrap_options(const Pb__Any *any, struct arena *a, struct err *e)
{
	Pb__Options *none;

	if (any && any_is(any, OPTIONS_RUNC)) {
		none = message_unpack(&pb__options__descriptor, any->value.data, any->value.len, a,
				      e);
		if (!none)
			err_ctx(e, "runtime options");
		return none;
	}
	if (any && *any->type_url && !any_is(any, OPTIONS_GENERIC) &&
	    !any_is(any, OPTIONS_CRI_OLD)) {
		err_set(e, EINVAL, "runtime options of the unknown type '%.100s'", any->type_url);
		return NULL;
	}
	none = arena_alloc(a, sizeof(*none));
	pb__options__init(none);
	return none;
}

static bool is_params(const struct bootstrap *b, const Pb__BootstrapParams *p)
{
	return p && *p->instance_id && str_eq(p->instance_id, b->id) &&
	       str_eq(p->namespace_, b->ns);
}

static int take_params(struct bootstrap *b, const Pb__BootstrapParams *p, struct arena *a,
		       struct err *e)
{
	b->modern = true;
	b->debug = b->debug || p->log_level < 0;
	if (*p->containerd_ttrpc_address)
		b->ttrpc = p->containerd_ttrpc_address;
	if (*p->containerd_grpc_address)
		b->grpc = p->containerd_grpc_address;
	if (*p->socket_dir)
		b->socket_dir = p->socket_dir;
	for (size_t i = 0; i < p->n_extensions; i++) {
		const Pb__Any *any = p->extensions[i]->value;

		if (!any_is(any, OPTIONS_RUNC))
			continue; /* an extension of another kind is not for us */
		b->options = bootstrap_options(any, a, e);
		if (!b->options)
			return -1;
	}
	return 0;
}

int bootstrap_stdin(struct bootstrap *b, const void *data, size_t len, struct arena *a,
		    struct err *e)
{
	Pb__BootstrapParams *p = message_unpack(&pb__bootstrap_params__descriptor, data, len, a, e);
	Pb__Any *any;

	b->options = NULL;
	if (is_params(b, p)) {
		if (take_params(b, p, a, e))
			return err_ctx(e, "stdin");
	} else {
		any = message_unpack(&pb__any__descriptor, data, len, a, e);
		b->options = any ? bootstrap_options(any, a, e) : NULL;
		if (!b->options)
			return err_ctx(e, "stdin");
	}
	if (!b->options)
		b->options = bootstrap_options(NULL, a, e);
	return 0;
}

enum bootstrap_reply bootstrap_reply_form(const struct bootstrap *b, const char *cwd)
{
	if (b->modern)
		return BOOTSTRAP_PROTO;
	return strstr(cwd, SANDBOX_BUNDLE) ? BOOTSTRAP_JSON : BOOTSTRAP_PLAIN;
}

/* The protocol comes last: containerd 2.3.0 trims what looks like white space at the end. */
static char *reply_proto(const char *address, struct arena *a, size_t *len)
{
	Pb__BootstrapResult r = PB__BOOTSTRAP_RESULT__INIT;

	r.version = VERSION_SERVED;
	r.address = arena_strdup(a, address);
	r.protocol = arena_strdup(a, PROTOCOL);
	return (char *)message_pack(&r.base, a, len);
}

char *bootstrap_reply(enum bootstrap_reply form, const char *address, struct arena *a, size_t *len)
{
	char *text;

	if (form == BOOTSTRAP_PROTO)
		return reply_proto(address, a, len);
	if (form == BOOTSTRAP_JSON)
		text = arena_printf(a, "{\"version\":%d,\"address\":\"%s\",\"protocol\":\"%s\"}",
				    VERSION_SERVED, address, PROTOCOL);
	else
		text = arena_strdup(a, address);
	*len = strlen(text);
	return text;
}

char *bootstrap_key(const char *grpc, const char *ns, const char *group, struct arena *a)
{
	const char *joined = path_clean(a, arena_printf(a, "%s/%s/%s", grpc, ns, group));
	char *hex = arena_alloc(a, SHA256_HEX);

	sha256_hex(joined, strlen(joined), hex);
	return hex;
}

char *bootstrap_group(const char *config, size_t len, struct arena *a)
{
	struct err e;
	struct json_object *doc = json_parse(config, len, &e), *annotations, *value;

	if (!doc)
		return NULL;
	json_own(a, doc);
	annotations =
		json_object_is_type(doc, json_type_object) ? json_get(doc, "annotations") : NULL;
	if (!json_object_is_type(annotations, json_type_object))
		return NULL;
	for (size_t i = 0; i < countof(group_annotations); i++) {
		if (json_object_object_get_ex(annotations, group_annotations[i], &value) &&
		    json_object_is_type(value, json_type_string) &&
		    json_object_get_string_len(value))
			return arena_strdup(a, json_object_get_string(value));
	}
	return NULL;
}
