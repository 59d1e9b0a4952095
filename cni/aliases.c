/* SPDX-License-Identifier: Apache-2.0 */
/* aliases: a line for each address. */
#include "cni/aliases.h"

#include <string.h>

#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define NAME_LEN    253 /* of a domain name */
#define ALIASES_MAX 64

static bool is_name(const char *s)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._";
	size_t n = strlen(s);

	return n && n <= NAME_LEN && strspn(s, chars) == n && *s != '-' && *s != '.';
}

const char *aliases_dir(const struct cni_conf *conf, struct arena *a)
{
	struct json_object *dir = json_get(conf->raw, "aliasDir");
	const char *text = dir ? json_object_get_string(dir) : "";

	return arena_printf(a, "%s/%s", *text == '/' ? text : ALIAS_DIR, conf->name);
}

static const char *file_of(const struct cni_conf *conf, const struct attach *at, struct arena *a)
{
	return arena_printf(a, "%s/%s_%s", aliases_dir(conf, a), at->container_id, at->ifname);
}

int aliases_plan_add(const struct cni_conf *conf, const struct attach *at,
		     const struct ipam_result *ipam, struct plan *p, struct err *e)
{
	const struct json_strs *names = &conf->runtime.aliases;
	auto_str struct str text = { 0 };
	struct op *op;

	if (!names->n || !ipam->ips.n)
		return 0;
	if (names->n > ALIASES_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "aliases: more than %d", ALIASES_MAX);
	for (size_t i = 0; i < names->n; i++)
		if (!is_name(names->v[i]))
			return cni_err(e, CNI_ERR_CONFIG, "aliases: '%.60s' is not a name",
				       names->v[i]);
	for (size_t i = 0; i < ipam->ips.n; i++) {
		str_add(&text, ip_text(&ipam->ips.v[i].address.ip).s);
		for (size_t j = 0; j < names->n; j++)
			str_addf(&text, " %s", names->v[j]);
		str_addc(&text, '\n');
	}
	op = plan_op(p, OP_HOSTS, ON_HOST, NULL);
	op->hosts.file = file_of(conf, at, p->a);
	op->hosts.text = arena_strdup(p->a, str_text(&text));
	return 0;
}

void aliases_plan_del(const struct cni_conf *conf, const struct attach *at, struct plan *p)
{
	plan_op(p, OP_UNHOSTS, ON_HOST, NULL)->hosts.file = file_of(conf, at, p->a);
}
