/* SPDX-License-Identifier: Apache-2.0 */
/* pod_control: commands that change a pod which is there. */
#include <errno.h>

#include "shim/cli/pod.h"
#include "shim/pod/pod.h"
#include "spec/base/auto.h"

#define STOP_SECONDS_MAX 86400

/* --time; not given: *out is kept. */
static int parse_time(const char *text, uint32_t *out, struct err *e)
{
	uint64_t v;

	if (!text)
		return 0;
	if (parse_u64(text, 10, STOP_SECONDS_MAX, &v))
		return err_set(e, EINVAL, "--time: expected seconds, got '%s'", text);
	*out = (uint32_t)v;
	return 0;
}

/* ---- add ---- */

struct add_options {
	bool help, replace;
	char *time;
};
static const struct opt add_options[] = {
	CLI_HELP_ROW(struct add_options),
	{ "replace", 0, OPT_FLAG, offsetof(struct add_options, replace), NULL,
	  "stop the container of that name and start this bundle in its place", NULL },
	{ "time", 't', OPT_STR, offsetof(struct add_options, time), "SECONDS",
	  "between TERM and KILL of the replaced one; default 10", NULL },
	{ 0 },
};

static int run_add(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct add_options *o = options;
	const struct pod_env env = { .engine = &cli->engine };
	uint32_t seconds = POD_STOP_SECONDS;
	struct pod_member m;

	(void)argc;
	if (parse_time(o->time, &seconds, e) || pod_parse_member(argv[1], false, cli->arena, &m, e))
		return -1;
	return pod_add(&env, argv[0], &m, o->replace, seconds, e);
}

const struct cli_command pod_cmd_add = {
	.name = "add",
	.operands = "POD [NAME=]BUNDLE",
	.help = "start one more container in a pod, or another version of one",
	.options = add_options,
	.size = sizeof(struct add_options),
	.min = 2,
	.max = 2,
	.plans = true,
	.run = run_add,
};

/* ---- exec ---- */

struct exec_options {
	bool help, tty, detach;
	char *container, *user, *cwd;
	struct json_strs env;
};
#define AT(member) offsetof(struct exec_options, member)
static const struct opt exec_options[] = {
	CLI_HELP_ROW(struct exec_options),
	{ "container", 'c', OPT_STR, AT(container), "NAME", "in which; default: the first", NULL },
	{ "tty", 't', OPT_FLAG, AT(tty), NULL, "give it a terminal", NULL },
	{ "detach", 'd', OPT_FLAG, AT(detach), NULL, "do not wait for it", NULL },
	{ "env", 'e', OPT_STRS, AT(env), "NAME=VALUE", "add an environment variable", NULL },
	{ "user", 'u', OPT_STR, AT(user), "UID[:GID]", "user and group, by number", NULL },
	{ "cwd", 0, OPT_STR, AT(cwd), "DIR", "working directory", NULL },
	{ 0 },
};
#undef AT

/* The container's id: of the one that is named, or of the first that is no init container. */
static char *exec_target(struct cli *cli, const char *pod, const char *container, struct err *e)
{
	const struct pod_env env = { .engine = &cli->engine };
	struct pod_status st;

	if (pod_status(&env, pod, cli->arena, &st, e))
		return NULL;
	for (size_t i = 0; i < st.record->spec.members.n; i++) {
		const struct pod_member *m = &st.record->spec.members.v[i];

		if (container ? str_eq(m->name, container) : !m->init)
			return pod_container_id(cli->arena, pod, m->name);
	}
	if (str_eq(container, POD_INFRA))
		err_set(e, EINVAL, "nothing can be run in the infra container: its root is empty");
	else
		err_set(e, ENOENT, "pod '%s' has no container '%s'", pod, container);
	return NULL;
}

/* `exec` with the container's id does the work. */
static int run_exec(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct exec_options *o = options;
	size_t max = (size_t)argc + o->env.n + 8;
	char **v = arena_array(cli->arena, max, sizeof(*v));
	void *inner = arena_alloc(cli->arena, cmd_exec.size);
	char *id = exec_target(cli, argv[0], o->container, e);
	int n = 0;

	if (!id)
		return -1;
	if (o->tty)
		v[n++] = (char *)"--tty";
	if (o->detach)
		v[n++] = (char *)"--detach";
	if (o->user)
		v[n++] = arena_printf(cli->arena, "--user=%s", o->user);
	if (o->cwd)
		v[n++] = arena_printf(cli->arena, "--cwd=%s", o->cwd);
	for (size_t i = 0; i < o->env.n; i++)
		v[n++] = arena_printf(cli->arena, "--env=%s", o->env.v[i]);
	v[n++] = id;
	for (int i = 1; i < argc; i++)
		v[n++] = argv[i];
	n = opt_parse(cmd_exec.options, n, v, cmd_exec.parse, inner, cli->arena, e);
	return n < 0 ? -1 : cmd_exec.run(cli, inner, n, v, e);
}

const struct cli_command pod_cmd_exec = {
	.name = "exec",
	.operands = "POD COMMAND [ARGUMENTS]",
	.help = "run one more process in a container of a pod",
	.options = exec_options,
	.size = sizeof(struct exec_options),
	.parse = OPT_STOP_AT_FIRST,
	.min = 2,
	.max = -1,
	.plans = true,
	.run = run_exec,
};

/* ---- stop and rm: for each operand; the first failure is told, the others are done ---- */

struct stop_options {
	bool help;
	char *time;
};
static const struct opt stop_options[] = {
	CLI_HELP_ROW(struct stop_options),
	{ "time", 't', OPT_STR, offsetof(struct stop_options, time), "SECONDS",
	  "between TERM and KILL; default 10", NULL },
	{ 0 },
};

static int run_stop(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct stop_options *o = options;
	const struct pod_env env = { .engine = &cli->engine };
	uint32_t seconds = POD_STOP_SECONDS;
	struct err now;
	int ret = 0;

	if (parse_time(o->time, &seconds, e))
		return -1;
	for (int i = 0; i < argc; i++) {
		if (pod_stop(&env, argv[i], seconds, &now) && ret == 0) {
			*e = now;
			ret = -1;
		}
	}
	return ret;
}

const struct cli_command pod_cmd_stop = {
	.name = "stop",
	.operands = "POD...",
	.help = "end all containers and the network of a pod",
	.options = stop_options,
	.size = sizeof(struct stop_options),
	.min = 1,
	.max = -1,
	.run = run_stop,
};

struct rm_options {
	bool help, force;
};
static const struct opt rm_options[] = {
	CLI_HELP_ROW(struct rm_options),
	{ "force", 'f', OPT_FLAG, offsetof(struct rm_options, force), NULL,
	  "also a running one, and whatever fails on the way; a missing one is no error", NULL },
	{ 0 },
};

static int run_rm(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct rm_options *o = options;
	const struct pod_env env = { .engine = &cli->engine };
	struct err now;
	int ret = 0;

	for (int i = 0; i < argc; i++) {
		if (!pod_remove(&env, argv[i], o->force, &now) || (o->force && now.num == ENOENT) ||
		    ret)
			continue;
		*e = now;
		ret = -1;
	}
	return ret;
}

const struct cli_command pod_cmd_rm = {
	.name = "rm",
	.operands = "POD...",
	.help = "remove all that is left of a pod",
	.options = rm_options,
	.size = sizeof(struct rm_options),
	.min = 1,
	.max = -1,
	.run = run_rm,
};
