/* SPDX-License-Identifier: Apache-2.0 */
/* args: the CNI_ARGS variable. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "spec/cni/netconf.h"

#define ARGS_MAX 1024 /* pairs */

static const char ignore_unknown[] = "IgnoreUnknown";

static int parse_bool(const char *text, bool *out, struct err *e)
{
	if (str_eq(text, "1") || !strcasecmp(text, "true"))
		*out = true;
	else if (str_eq(text, "0") || !strcasecmp(text, "false"))
		*out = false;
	else
		return cni_err(e, CNI_ERR_ENV, "CNI_ARGS: %s: expected true or false, got '%.60s'",
			       ignore_unknown, text);
	return 0;
}

int cni_args_parse(const char *text, struct arena *a, struct cni_args *out, struct err *e)
{
	struct cni_args args = { 0 };
	const char *flag;
	char **part;
	size_t n;

	if (!text || !*text) {
		*out = args;
		return 0;
	}
	part = str_split(a, text, ';', &n);
	if (n > ARGS_MAX)
		return cni_err(e, CNI_ERR_ENV, "CNI_ARGS has more than %d pairs", ARGS_MAX);
	args.v = arena_array(a, n + 1, sizeof(*args.v));
	for (size_t i = 0; i < n; i++) {
		char *eq = strchr(part[i], '=');

		if (!eq || strchr(eq + 1, '='))
			return cni_err(e, CNI_ERR_ENV, "CNI_ARGS: invalid pair '%.60s'", part[i]);
		*eq = '\0';
		args.v[args.n++] = (struct json_kv){ part[i], eq + 1 };
	}
	flag = cni_args_get(&args, ignore_unknown);
	if (flag && parse_bool(flag, &args.ignore_unknown, e))
		return -1;
	*out = args;
	return 0;
}

const char *cni_args_get(const struct cni_args *args, const char *name)
{
	for (size_t i = args->n; i-- > 0;)
		if (str_eq(args->v[i].key, name))
			return args->v[i].value;
	return NULL;
}

static bool listed(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (str_eq(*list, name))
			return true;
	return str_eq(name, ignore_unknown);
}

int cni_args_known(const struct cni_args *args, const char *const *known, struct err *e)
{
	if (args->ignore_unknown)
		return 0;
	for (size_t i = 0; i < args->n; i++)
		if (!listed(known, args->v[i].key))
			return cni_err(e, CNI_ERR_ENV, "CNI_ARGS: unknown name '%.60s'",
				       args->v[i].key);
	return 0;
}
