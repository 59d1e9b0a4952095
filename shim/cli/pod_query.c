/* SPDX-License-Identifier: Apache-2.0 */
/* pod_query: commands that look at pods. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shim/cli/pod.h"
#include "shim/pod/net.h"
#include "shim/pod/pod.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"

static int print_str(const struct str *s, struct err *e)
{
	if (s->len && write_all(STDOUT_FILENO, s->s, s->len))
		return err_sys(e, "write to stdout");
	return 0;
}

/* ---- inspect ---- */

static void add_text(struct json_object *to, const char *key, const char *value)
{
	if (value)
		json_object_object_add(to, key, json_object_new_string(value));
}

static void add_pid(struct json_object *to, const char *key, int32_t pid)
{
	if (pid)
		json_object_object_add(to, key, json_object_new_int(pid));
}

/* Each container gets its id and, while it runs, its pid. */
static void add_live(const struct pod_env *env, const struct pod_record *r,
		     struct json_object *containers, struct arena *a)
{
	for (size_t i = 0; i < r->spec.members.n; i++) {
		const struct pod_member *m = &r->spec.members.v[i];
		struct json_object *c = json_object_array_get_idx(containers, i);

		add_text(c, "id", pod_container_id(a, r->spec.name, m->name));
		add_pid(c, "pid", pod_member_pid(env, r, m));
	}
}

/* The record as it is stored, and what is alive of it. */
static struct json_object *inspect(const struct pod_env *env, const struct pod_status *st,
				   struct arena *a)
{
	const struct pod_record *r = st->record;
	struct json_object *obj = json_own(a, json_encode(r, pod_record_fields));
	struct json_object *ips = json_object_new_array();

	add_live(env, r, json_get(json_get(obj, "spec"), "containers"), a);
	add_text(obj, "state", st->state);
	add_pid(obj, "infraPid", st->infra_pid);
	add_pid(obj, "supervisorPid", st->supervisor);
	for (size_t i = 0; i < st->ips.n; i++)
		json_object_array_add(ips, json_object_new_string(st->ips.v[i]));
	json_object_object_add(obj, "ips", ips);
	add_text(obj, "mac", st->mac);
	add_text(obj, "directory", pod_dir_path(a, env->engine->root, r->spec.name));
	if (r->spec.net != POD_NET_HOST && r->phase != POD_EXITED)
		add_text(obj, "netns",
			 arena_printf(a, "%s/" POD_NETNS,
				      pod_dir_path(a, env->engine->root, r->spec.name)));
	return obj;
}

static int run_inspect(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct pod_env env = { .engine = &cli->engine };
	auto_str struct str out = { 0 };
	struct pod_status st;

	(void)options;
	(void)argc;
	if (pod_status(&env, argv[0], cli->arena, &st, e))
		return -1;
	str_addf(&out, "%s\n", json_text(inspect(&env, &st, cli->arena), true, cli->arena));
	return print_str(&out, e);
}

const struct cli_command pod_cmd_inspect = {
	.name = "inspect",
	.operands = "POD",
	.help = "print all that is known of a pod, as JSON",
	.options = cli_no_options,
	.size = sizeof(struct cli_no_options),
	.min = 1,
	.max = 1,
	.run = run_inspect,
};

/* ---- ps ---- */

enum ps_format {
	PS_TABLE,
	PS_JSON
};
static const struct name ps_formats[] = {
	{ "table", PS_TABLE },
	{ "json", PS_JSON },
	{ 0 },
};
struct ps_options {
	bool help, quiet;
	int format;
};
static const struct opt ps_options[] = {
	CLI_HELP_ROW(struct ps_options),
	{ "quiet", 'q', OPT_FLAG, offsetof(struct ps_options, quiet), NULL, "names only", NULL },
	{ "format", 'f', OPT_ENUM, offsetof(struct ps_options, format), "table|json",
	  "how to print them; default table", ps_formats },
	{ 0 },
};

#define NAME_COLUMNS 24
#define BRANCH	     "\xe2\x94\x9c\xe2\x94\x80 " /* three columns each */
#define LAST_BRANCH  "\xe2\x94\x94\xe2\x94\x80 "

static void ps_row(struct str *out, const char *branch, const char *name, const char *state,
		   const char *pid, const char *restarts, const char *ips)
{
	str_addf(out, "%s%-*s  %-16s  %-8s  %-8s  %s", branch, NAME_COLUMNS - (*branch ? 3 : 0),
		 name, state, pid, restarts, ips);
	while (out->s[out->len - 1] == ' ')
		out->s[--out->len] = 0;
	str_addc(out, '\n');
}

static char *pid_text(int32_t pid, struct arena *a)
{
	return pid ? arena_printf(a, "%d", pid) : (char *)"-";
}

static char *member_state(const struct pod_member *m, struct arena *a)
{
	if (m->state == POD_MEMBER_EXITED)
		return arena_printf(a, "exited (%d)", m->exit_code);
	return arena_strdup(a, names_of(pod_member_state_names, m->state));
}

static char *pod_state(const struct pod_status *st, struct arena *a)
{
	if (st->record->phase == POD_EXITED)
		return arena_printf(a, "exited (%d)", st->record->exit_code);
	if (!st->supervisor && st->infra_pid)
		return arena_strdup(a, "unsupervised");
	return arena_strdup(a, st->state);
}

static char *ip_list(const struct pod_status *st, struct arena *a)
{
	auto_str struct str s = { 0 };

	for (size_t i = 0; i < st->ips.n; i++)
		str_addf(&s, "%s%.*s", i ? "," : "", (int)strcspn(st->ips.v[i], "/"), st->ips.v[i]);
	if (!st->ips.n && st->record->spec.net != POD_NET_CNI)
		str_addf(&s, "(%s)", names_of(pod_net_names, st->record->spec.net));
	else if (!st->ips.n)
		str_addc(&s, '-');
	return arena_strdup(a, str_text(&s));
}

/* A pod, its containers below it, the infra container first. */
static void ps_pod(const struct pod_env *env, const struct pod_status *st, struct arena *a,
		   struct str *out)
{
	const struct pod_spec *s = &st->record->spec;

	ps_row(out, "", s->name, pod_state(st, a), "-", "-", ip_list(st, a));
	ps_row(out, BRANCH, POD_INFRA, st->infra_pid ? "running" : "gone",
	       pid_text(st->infra_pid, a), "-", "");
	for (size_t i = 0; i < s->members.n; i++) {
		const struct pod_member *m = &s->members.v[i];
		int32_t pid = pod_member_pid(env, st->record, m);

		ps_row(out, i + 1 < s->members.n ? BRANCH : LAST_BRANCH, m->name,
		       m->state == POD_MEMBER_RUNNING && !pid ? "gone" : member_state(m, a),
		       pid_text(pid, a), m->init ? "init" : arena_printf(a, "%u", m->restarts), "");
	}
}

static void ps_table(const struct pod_env *env, char **names, size_t n, struct arena *a,
		     struct str *out)
{
	ps_row(out, "", "NAME", "STATE", "PID", "RESTARTS", "IP");
	for (size_t i = 0; i < n; i++) {
		struct pod_status st;
		struct err e;

		if (pod_status(env, names[i], a, &st, &e) == 0)
			ps_pod(env, &st, a, out);
		else if (e.num != ENOENT) /* not just removed, but cut short when it was made */
			ps_row(out, "", names[i], "damaged", "-", "-", "");
	}
}

static void ps_json(const struct pod_env *env, char **names, size_t n, struct arena *a,
		    struct str *out)
{
	struct json_object *list = json_own(a, json_object_new_array());

	for (size_t i = 0; i < n; i++) {
		struct json_object *damaged;
		struct pod_status st;
		struct err e;

		if (pod_status(env, names[i], a, &st, &e) == 0) {
			json_object_array_add(list, json_object_get(inspect(env, &st, a)));
		} else if (e.num != ENOENT) {
			damaged = json_object_new_object();
			add_text(damaged, "name", names[i]);
			add_text(damaged, "state", "damaged");
			add_text(damaged, "error", e.msg);
			json_object_array_add(list, damaged);
		}
	}
	str_addf(out, "%s\n", json_text(list, false, a));
}

static int run_ps(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct ps_options *o = options;
	const struct pod_env env = { .engine = &cli->engine };
	auto_str struct str out = { 0 };
	char **names;
	size_t n;

	(void)argc;
	(void)argv;
	if (pod_list(&env, cli->arena, &names, &n, e))
		return -1;
	if (o->quiet) {
		for (size_t i = 0; i < n; i++)
			str_addf(&out, "%s\n", names[i]);
	} else if (o->format == PS_JSON) {
		ps_json(&env, names, n, cli->arena, &out);
	} else {
		ps_table(&env, names, n, cli->arena, &out);
	}
	return print_str(&out, e);
}

const struct cli_command pod_cmd_ps = {
	.name = "ps",
	.operands = "",
	.help = "list pods with their containers",
	.options = ps_options,
	.size = sizeof(struct ps_options),
	.min = 0,
	.max = 0,
	.run = run_ps,
};

/* ---- logs ---- */

struct logs_options {
	bool help, follow;
};
static const struct opt logs_options[] = {
	CLI_HELP_ROW(struct logs_options),
	{ "follow", 'f', OPT_FLAG, offsetof(struct logs_options, follow), NULL,
	  "go on until the pod has ended", NULL },
	{ 0 },
};

static int run_logs(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct logs_options *o = options;
	const struct pod_env env = { .engine = &cli->engine };
	const char *member = argc > 1 ? argv[1] : NULL;

	return pod_logs(&env, argv[0], member, o->follow, !member, STDOUT_FILENO, e);
}

const struct cli_command pod_cmd_logs = {
	.name = "logs",
	.operands = "POD [CONTAINER]",
	.help = "print what the containers of a pod have written",
	.options = logs_options,
	.size = sizeof(struct logs_options),
	.min = 1,
	.max = 2,
	.run = run_logs,
};
