/* SPDX-License-Identifier: Apache-2.0 */
/* pod_run: the command line of `pod run` becomes a pod's spec. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "shim/cli/pod.h"
#include "shim/pod/pod.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#define CNI_PATH_DEFAULT "/opt/cni/bin:/usr/lib/cni"

struct run_options {
	bool help, detach, remove, share_pid;
	char *name, *cni, *cni_path, *hostname, *pause, *cgroup_parent;
	int net, restart; /* 0: not given */
	struct json_strs volumes, ports, inits;
};

/* --net has no row for a CNI network: --cni says which. */
static const struct name net_names[] = {
	{ "none", POD_NET_NONE },
	{ "host", POD_NET_HOST },
	{ 0 },
};

#define AT(member) offsetof(struct run_options, member)

static const struct opt run_options[] = {
	CLI_HELP_ROW(struct run_options),
	{ "name", 'n', OPT_STR, AT(name), "NAME", "name of the pod; default: its first container's",
	  NULL },
	{ "detach", 'd', OPT_FLAG, AT(detach), NULL, "return when all containers have been started",
	  NULL },
	{ "rm", 0, OPT_FLAG, AT(remove), NULL, "remove the pod when it ends", NULL },
	{ "cni", 0, OPT_STR, AT(cni), "FILE", "network: a CNI config list (or a plugin's config)",
	  NULL },
	{ "cni-path", 0, OPT_STR, AT(cni_path), "DIRS",
	  "where the plugins are; default " CNI_PATH_DEFAULT, NULL },
	{ "net", 0, OPT_ENUM, AT(net), "none|host",
	  "no network but lo (the default), or the host's", net_names },
	{ "publish", 'p', OPT_STRS, AT(ports), "[IP:]HOST:PORT[/PROTO]",
	  "forward a port of the host (needs a portmap plugin)", NULL },
	{ "volume", 'v', OPT_STRS, AT(volumes), "NAME[=DIR][:/PATH[:ro]]",
	  "a directory in all containers, at /NAME or PATH; DIR: of the host", NULL },
	{ "share-pid", 0, OPT_FLAG, AT(share_pid), NULL, "one pid namespace for all containers",
	  NULL },
	{ "hostname", 0, OPT_STR, AT(hostname), "NAME", "host name; default: the pod's name",
	  NULL },
	{ "restart", 0, OPT_ENUM, AT(restart), "never|on-failure|always",
	  "when a container that ended is started again; default never", pod_restart_names },
	{ "init", 0, OPT_STRS, AT(inits), "[NAME=]BUNDLE",
	  "run to completion before the others; more than one run in order", NULL },
	{ "cgroup-parent", 0, OPT_STR, AT(cgroup_parent), "PATH",
	  "cgroup above those of containers without a cgroupsPath", NULL },
	{ "pause", 0, OPT_STR, AT(pause), "FILE", "program of the infra container", NULL },
	{ 0 },
};

static int parse_members(const struct run_options *o, int argc, char **argv, struct arena *a,
			 struct pod_spec *s, struct err *e)
{
	size_t n = o->inits.n + (size_t)argc;
	struct pod_member *v = arena_array(a, n, sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		bool init = i < o->inits.n;
		const char *text = init ? o->inits.v[i] : argv[i - o->inits.n];

		if (pod_parse_member(text, init, a, &v[i], e))
			return -1;
	}
	s->members.v = v;
	s->members.n = n;
	return 0;
}

static int parse_lists(const struct run_options *o, struct arena *a, struct pod_spec *s,
		       struct err *e)
{
	s->volumes.v = arena_array(a, o->volumes.n, sizeof(*s->volumes.v));
	s->volumes.n = o->volumes.n;
	for (size_t i = 0; i < o->volumes.n; i++) {
		if (pod_parse_volume(o->volumes.v[i], a, &s->volumes.v[i], e))
			return -1;
	}
	s->ports.v = arena_array(a, o->ports.n, sizeof(*s->ports.v));
	s->ports.n = o->ports.n;
	for (size_t i = 0; i < o->ports.n; i++) {
		if (pod_parse_port(o->ports.v[i], a, &s->ports.v[i], e))
			return -1;
	}
	return 0;
}

static int make_spec(const struct run_options *o, int argc, char **argv, struct arena *a,
		     struct pod_spec *s, struct err *e)
{
	if (o->cni && o->net)
		return err_set(e, EINVAL, "--cni and --net exclude each other");
	if (parse_members(o, argc, argv, a, s, e) || parse_lists(o, a, s, e))
		return -1;
	s->name = o->name ? o->name : s->members.v[o->inits.n].name;
	s->net = o->cni ? POD_NET_CNI : o->net ? o->net : POD_NET_NONE;
	s->restart = o->restart ? o->restart : POD_RESTART_NEVER;
	s->share_pid = o->share_pid;
	s->hostname = o->hostname;
	if (!s->hostname && s->net != POD_NET_HOST)
		s->hostname = s->name;
	if (s->net == POD_NET_CNI)
		s->cni_path = o->cni_path ? o->cni_path : (char *)CNI_PATH_DEFAULT;
	s->cgroup_parent = o->cgroup_parent ? path_clean(a, o->cgroup_parent) : NULL;
	return pod_check_spec(s, e);
}

/* PATH entries that are relative would change their meaning in the supervisor. */
static int absolute_path_list(char **list, struct arena *a, struct err *e)
{
	auto_str struct str s = { 0 };
	char **dirs = str_split(a, *list, ':', NULL);

	for (char **d = dirs; *d; d++) {
		const char *abs = **d ? path_abs(a, *d, e) : "";

		if (!abs)
			return -1;
		str_addf(&s, "%s%s", d == dirs ? "" : ":", abs);
	}
	*list = arena_strdup(a, str_text(&s));
	return 0;
}

static int run_run(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct run_options *o = options;
	struct pod_env env = { .engine = &cli->engine, .pause = o->pause };
	struct pod_spec spec = { 0 };
	struct pod_run run = {
		.spec = &spec, .detach = o->detach, .remove = o->remove, .log_fd = STDOUT_FILENO
	};
	int code;

	if (make_spec(o, argc, argv, cli->arena, &spec, e))
		return -1;
	if (o->cni) {
		run.cni_conf = read_file(AT_FDCWD, o->cni, JSON_TEXT_MAX, cli->arena, NULL, e);
		if (!run.cni_conf || absolute_path_list(&spec.cni_path, cli->arena, e))
			return -1;
	}
	run.log_names = spec.members.n > 1;
	if (o->detach)
		run.log_fd = STDERR_FILENO;
	code = pod_run(&env, &run, e);
	if (code == 0 && o->detach)
		printf("%s\n", spec.name);
	return code;
}

const struct cli_command pod_cmd_run = {
	.name = "run",
	.operands = "[NAME=]BUNDLE...",
	.help = "make a pod and start its containers",
	.options = run_options,
	.size = sizeof(struct run_options),
	.min = 1,
	.max = POD_MEMBER_MAX,
	.plans = true,
	.run = run_run,
};
