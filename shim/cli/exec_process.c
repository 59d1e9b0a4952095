/* SPDX-License-Identifier: Apache-2.0 */
/* exec_process: merge the options of `exec` into the container's process. */
#include "shim/cli/exec_process.h"

#include <errno.h>
#include <string.h>

#include "spec/base/str.h"

#define ID_MAX (UINT32_MAX - 1) /* -1 means "leave as it is" to setresuid(2) */

static int parse_id(const char *text, const char *what, uint32_t *id, struct err *e)
{
	uint64_t v = 0;

	if (parse_u64(text, 10, ID_MAX, &v))
		return err_set(e, EINVAL, "%s '%s': expected a number from 0 to %u", what, text,
			       ID_MAX);
	*id = (uint32_t)v;
	return 0;
}

int exec_parse_user(const char *text, uint32_t *uid, uint32_t *gid, struct err *e)
{
	auto_arena struct arena a = { 0 };
	char *user = arena_strdup(&a, text);
	char *group = strchr(user, ':');
	uint32_t u = 0, g = *gid;

	if (group)
		*group++ = '\0';
	if (parse_id(user, "--user: uid", &u, e))
		return -1;
	if (group && parse_id(group, "--user: gid", &g, e))
		return -1;
	*uid = u;
	*gid = g;
	return 0;
}

static struct json_strs joined(const struct json_strs *first, const struct json_strs *second,
			       struct arena *a)
{
	struct json_strs all = { .n = first->n + second->n };

	all.v = arena_array(a, all.n + 1, sizeof(*all.v));
	for (size_t i = 0; i < first->n; i++)
		all.v[i] = first->v[i];
	for (size_t i = 0; i < second->n; i++)
		all.v[first->n + i] = second->v[i];
	return all;
}

static void add_caps(struct oci_process *p, const struct json_strs *caps, struct arena *a)
{
	struct oci_caps *merged = arena_alloc(a, sizeof(*merged));

	if (p->capabilities)
		*merged = *p->capabilities;
	merged->bounding = joined(&merged->bounding, caps, a);
	merged->effective = joined(&merged->effective, caps, a);
	merged->permitted = joined(&merged->permitted, caps, a);
	if (merged->inheritable.n)
		merged->ambient = joined(&merged->ambient, caps, a);
	p->capabilities = merged;
}

static int add_gids(struct oci_process *p, const struct json_strs *texts, struct arena *a,
		    struct err *e)
{
	size_t had = p->user.additional_gids.n;
	uint32_t *gids = arena_array(a, had + texts->n + 1, sizeof(*gids));

	for (size_t i = 0; i < had; i++)
		gids[i] = p->user.additional_gids.v[i];
	for (size_t i = 0; i < texts->n; i++) {
		if (parse_id(texts->v[i], "--additional-gids", &gids[had + i], e))
			return -1;
	}
	p->user.additional_gids.v = gids;
	p->user.additional_gids.n = had + texts->n;
	return 0;
}

struct oci_process *exec_process_make(const struct oci_process *base,
				      const struct exec_overrides *o, char **args, size_t n_args,
				      struct arena *a, struct err *e)
{
	struct oci_process *p = arena_memdup(a, base, sizeof(*base));

	p->args = (struct json_strs){ .n = n_args, .v = args };
	p->terminal = o->tty;
	if (o->cwd)
		p->cwd = o->cwd;
	if (o->apparmor)
		p->apparmor_profile = o->apparmor;
	if (o->process_label)
		p->selinux_label = o->process_label;
	if (o->no_new_privs)
		p->no_new_privileges = true;
	if (o->env.n)
		p->env = joined(&p->env, &o->env, a);
	if (o->caps.n)
		add_caps(p, &o->caps, a);
	if (o->user && exec_parse_user(o->user, &p->user.uid, &p->user.gid, e))
		return NULL;
	if (o->additional_gids.n && add_gids(p, &o->additional_gids, a, e))
		return NULL;
	return p;
}
