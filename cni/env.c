/* SPDX-License-Identifier: Apache-2.0 */
/* env: one table of variables, with the commands that need each. */
#include "cni/env.h"

#include <stddef.h>
#include <strings.h>

#include "spec/base/auto.h"
#include "spec/base/names.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "spec/cni/netconf.h"

static const struct name commands[] = {
	{ "ADD", CNI_ADD },
	{ "DEL", CNI_DEL },
	{ "CHECK", CNI_CHECK },
	{ "GC", CNI_GC },
	{ "STATUS", CNI_STATUS },
	{ "VERSION", CNI_VERSION },
	{ 0 },
};

#define NEED(command) (1U << (command))

/* NULL, or what is wrong with a value. */
static const char *id_error(const char *s)
{
	return cni_valid_id(s) ? NULL : "has invalid characters, or is too long";
}

static const struct variable {
	const char *name;
	unsigned int needed; /* NEED() of each command */
	const char *(*error)(const char *value);
	size_t offset; /* of a char * in struct cni_env */
} variables[] = {
	{ "CNI_CONTAINERID", NEED(CNI_ADD) | NEED(CNI_DEL) | NEED(CNI_CHECK), id_error,
	  offsetof(struct cni_env, container_id) },
	{ "CNI_NETNS", NEED(CNI_ADD) | NEED(CNI_CHECK), NULL, offsetof(struct cni_env, netns) },
	{ "CNI_IFNAME", NEED(CNI_ADD) | NEED(CNI_DEL) | NEED(CNI_CHECK), cni_ifname_error,
	  offsetof(struct cni_env, ifname) },
	{ "CNI_ARGS", 0, NULL, offsetof(struct cni_env, args) },
	/* Needed only by who runs another plugin. */
	{ "CNI_PATH", 0, NULL, offsetof(struct cni_env, path) },
};

static int read_variable(const struct variable *v, env_get_fn *get, struct arena *a,
			 struct cni_env *env, struct str *missing, struct err *e)
{
	const char *value = get(v->name), *wrong;

	value = value ? value : "";
	*(char **)(void *)((char *)env + v->offset) = arena_strdup(a, value);
	if (!*value) {
		if (v->needed & NEED(env->command))
			str_addf(missing, "%s%s", missing->len ? "," : "", v->name);
		return 0;
	}
	wrong = v->error ? v->error(value) : NULL;
	return wrong ? cni_err(e, CNI_ERR_ENV, "%s '%.60s' %s", v->name, value, wrong) : 0;
}

int env_read(env_get_fn *get, struct arena *a, struct cni_env *out, struct err *e)
{
	auto_str struct str missing = { 0 };
	struct cni_env env = { 0 };
	const char *text = get("CNI_COMMAND");
	const struct name *row = names_find(commands, text ? text : "");

	env.command_text = arena_strdup(a, text ? text : "");
	env.command = row ? (enum cni_command)row->value : CNI_UNKNOWN;
	if (!*env.command_text)
		str_add(&missing, "CNI_COMMAND");
	for (size_t i = 0; i < countof(variables); i++)
		if (read_variable(&variables[i], get, a, &env, &missing, e))
			return -1;
	if (missing.len)
		return cni_err(e, CNI_ERR_ENV, "required env variables [%s] missing",
			       str_text(&missing));
	text = get("CNI_NETNS_OVERRIDE");
	env.netns_override = text && (str_eq(text, "1") || !strcasecmp(text, "true"));
	*out = env;
	return 0;
}

enum cni_version env_least_version(enum cni_command command)
{
	switch ((int)command) {
	case CNI_CHECK:
		return CNI_0_4_0;
	case CNI_GC:
	case CNI_STATUS:
		return CNI_1_1_0;
	default:
		return CNI_0_1_0;
	}
}
