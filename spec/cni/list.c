/* SPDX-License-Identifier: Apache-2.0 */
/* list: parse a network config list; put together what each of its plugins is asked. */
#include "spec/cni/list.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "spec/base/str.h"
#include "spec/cni/error.h"

struct list_doc {
	char *name, *cni_version;
	struct json_strs cni_versions;
	struct json_object *disable_check, *disable_gc;
	bool load_only_inlined;
	struct json_object *plugins;
};

static const struct json_field list_fields[] = {
	F_STR(struct list_doc, name, "name", 0),
	F_STR(struct list_doc, cni_version, "cniVersion", 0),
	F_STRS(struct list_doc, cni_versions, "cniVersions", 0),
	F_RAW(struct list_doc, disable_check, "disableCheck", 0),
	F_RAW(struct list_doc, disable_gc, "disableGC", 0),
	F_BOOL(struct list_doc, load_only_inlined, "loadOnlyInlinedPlugins", 0),
	F_RAW(struct list_doc, plugins, "plugins", 0),
	{ 0 },
};

/* true and false may also be texts there. */
static int loose_bool(struct json_object *val, bool *out, struct err *e)
{
	const char *text;

	if (!val)
		return 0;
	text = json_object_get_string(val);
	if (json_object_is_type(val, json_type_boolean) ||
	    json_object_is_type(val, json_type_string)) {
		if (str_eq(text, "true") || str_eq(text, "false")) {
			*out = str_eq(text, "true");
			return 0;
		}
	}
	return err_set(e, EINVAL, "expected true or false, got %.60s", text);
}

/* The newest version on offer that is known here. */
static int choose_version(const struct list_doc *doc, struct cni_list *list, struct err *e)
{
	for (size_t i = 0; i < doc->cni_versions.n; i++) {
		enum cni_version v = cni_version_parse(doc->cni_versions.v[i]);

		if (v > list->version)
			list->version = v;
	}
	if (doc->cni_version || !list->version) {
		enum cni_version v = cni_version_parse(doc->cni_version);

		if (v > list->version)
			list->version = v;
	}
	if (!list->version)
		return cni_err(e, CNI_ERR_VERSION, "cniVersion: unknown version '%.60s'",
			       doc->cni_version);
	return 0;
}

static int read_plugin(struct json_object *obj, struct arena *a, struct cni_plugin *out,
		       struct err *e)
{
	static const struct json_field fields[] = {
		F_STR(struct cni_plugin, type, "type", JSON_REQUIRED),
		{ 0 },
	};
	struct cni_plugin p = { .config = obj };
	struct json_object *caps;

	if (json_decode(obj, fields, &p, a, e))
		return -1;
	if (!*p.type || strchr(p.type, '/') || str_eq(p.type, ".") || str_eq(p.type, ".."))
		return cni_err(e, CNI_ERR_CONFIG, "type: not a file name: '%.60s'", p.type);
	caps = json_get(obj, "capabilities");
	if (caps && !json_object_is_type(caps, json_type_object))
		return err_set(e, EINVAL, "capabilities: expected object");
	p.caps.v = arena_array(a, (caps ? (size_t)json_object_object_length(caps) : 0) + 1,
			       sizeof(char *));
	if (caps) {
		json_object_object_foreach(caps, key, val)
		{
			if (!json_object_is_type(val, json_type_boolean))
				return err_set(e, EINVAL,
					       "capabilities: %.60s: expected true or false", key);
			if (json_object_get_boolean(val))
				p.caps.v[p.caps.n++] = arena_strdup(a, key);
		}
	}
	*out = p;
	return 0;
}

static int read_plugins(struct json_object *array, struct arena *a, struct cni_list *list,
			struct err *e)
{
	size_t n;

	if (!json_object_is_type(array, json_type_array))
		return err_set(e, EINVAL, "expected array");
	n = json_object_array_length(array);
	if (!n)
		return cni_err(e, CNI_ERR_CONFIG, "no plugins in list");
	if (n > CNI_PLUGINS_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "more than %d plugins", CNI_PLUGINS_MAX);
	list->plugins.n = n;
	list->plugins.v = arena_array(a, n, sizeof(*list->plugins.v));
	for (size_t i = 0; i < n; i++)
		if (read_plugin(json_object_array_get_idx(array, i), a, &list->plugins.v[i], e))
			return err_ctx(e, "[%zu]", i);
	return 0;
}

static int read_list(struct json_object *obj, struct arena *a, struct cni_list *list, struct err *e)
{
	struct list_doc doc = { 0 };

	if (json_decode(obj, list_fields, &doc, a, e))
		return -1;
	if (!doc.name || !*doc.name)
		return cni_err(e, CNI_ERR_CONFIG, "missing network name");
	if (!cni_valid_id(doc.name))
		return cni_err(e, CNI_ERR_CONFIG,
			       "invalid characters found in network name '%.60s'", doc.name);
	list->name = doc.name;
	list->load_only_inlined = doc.load_only_inlined;
	if (loose_bool(doc.disable_check, &list->disable_check, e))
		return err_ctx(e, "disableCheck");
	if (loose_bool(doc.disable_gc, &list->disable_gc, e))
		return err_ctx(e, "disableGC");
	if (choose_version(&doc, list, e))
		return -1;
	if (doc.plugins)
		return read_plugins(doc.plugins, a, list, e) ? err_ctx(e, "plugins") : 0;
	list->plugins.n = 1;
	list->plugins.v = arena_array(a, 1, sizeof(*list->plugins.v));
	return read_plugin(obj, a, list->plugins.v, e);
}

int cni_list_parse(const char *text, size_t len, struct arena *a, struct cni_list *out,
		   struct err *e)
{
	struct json_object *obj = json_parse(text, len, e);
	struct cni_list list = { 0 };

	if (!obj)
		return cni_err_as(e, CNI_ERR_DECODE);
	json_own(a, obj);
	if (read_list(obj, a, &list, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	*out = list;
	return 0;
}

/* A copy of the config whose own spellings of our keys, in any case, are gone. */
static struct json_object *start_request(const struct cni_list *list,
					 const struct cni_plugin *plugin)
{
	static const char *const ours[] = { "name",
					    "cniVersion",
					    "prevResult",
					    "runtimeConfig",
					    "cni.dev/valid-attachments",
					    "cni.dev/attachments" };
	struct json_object *req = json_object_new_object();

	json_object_object_add(req, "cniVersion",
			       json_object_new_string(cni_version_text(list->version)));
	json_object_object_add(req, "name", json_object_new_string(list->name));
	json_object_object_foreach(plugin->config, key, val)
	{
		bool mine = false;

		for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
			mine |= !strcasecmp(key, ours[i]);
		if (!mine)
			json_object_object_add(req, key, json_object_get(val));
	}
	return req;
}

static void add_runtime(struct json_object *req, const struct cni_plugin *plugin,
			struct json_object *runtime)
{
	struct json_object *mine = json_object_new_object();

	for (size_t i = 0; i < plugin->caps.n; i++) {
		struct json_object *val = json_get(runtime, plugin->caps.v[i]);

		if (val)
			json_object_object_add(mine, plugin->caps.v[i], json_object_get(val));
	}
	if (json_object_object_length(mine))
		json_object_object_add(req, "runtimeConfig", mine);
	else
		json_object_put(mine);
}

char *cni_request(const struct cni_list *list, const struct cni_plugin *plugin,
		  struct json_object *prev, struct json_object *runtime, struct arena *a)
{
	struct json_object *req = start_request(list, plugin);

	if (runtime)
		add_runtime(req, plugin, runtime);
	if (prev)
		json_object_object_add(req, "prevResult", json_object_get(prev));
	return json_text(json_own(a, req), false, a);
}

char *cni_gc_request(const struct cni_list *list, const struct cni_plugin *plugin,
		     const struct cni_attachment *valid, size_t n, struct arena *a)
{
	struct json_object *req = start_request(list, plugin);
	struct json_object *array = json_object_new_array_ext((int)n + 1);

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "containerID",
				       json_object_new_string(valid[i].container_id));
		json_object_object_add(one, "ifname", json_object_new_string(valid[i].ifname));
		json_object_array_add(array, one);
	}
	json_object_object_add(req, "cni.dev/valid-attachments", array);
	json_object_object_add(req, "cni.dev/attachments", json_object_get(array));
	return json_text(json_own(a, req), false, a);
}
