/* SPDX-License-Identifier: Apache-2.0 */
/* globals: from the global options to a log and an engine. */
#include "shim/cli/globals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/engine/host.h"
#include "spec/base/log.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define ROOTLESS_DIR_MODE 01700 /* sticky: cleaners of $XDG_RUNTIME_DIR keep such directories */

static const struct name format_names[] = {
	{ "text", LOG_TEXT },
	{ "json", LOG_JSON },
	{ 0 },
};

static const struct name level_names[] = {
	{ "error", LOG_ERROR }, { "warning", LOG_WARN }, { "warn", LOG_WARN },
	{ "info", LOG_INFO },	{ "debug", LOG_DEBUG },	 { 0 },
};

static const struct name manager_names[] = {
	{ "cgroupfs", ENGINE_CGROUPFS },
	{ "systemd", ENGINE_SYSTEMD },
	{ "disabled", ENGINE_CGROUPS_DISABLED },
	{ 0 },
};

static const struct name rootless_names[] = {
	{ "auto", CLI_ROOTLESS_AUTO },
	{ "true", CLI_ROOTLESS_TRUE },
	{ "false", CLI_ROOTLESS_FALSE },
	{ 0 },
};

#define AT(member) offsetof(struct cli_globals, member)

const struct opt cli_global_options[] = {
	{ "root", 0, OPT_STR, AT(root), "DIR", "state of all containers", NULL },
	{ "log", 0, OPT_STR, AT(log), "FILE",
	  "append errors to the file, too; or to journald:NAME, syslog:NAME", NULL },
	{ "log-format", 0, OPT_ENUM, AT(log_format), "FORMAT", "text (the default) or json",
	  format_names },
	{ "log-level", 0, OPT_ENUM, AT(log_level), "LEVEL", "error, warning, info or debug",
	  level_names },
	{ "debug", 0, OPT_FLAG, AT(debug), NULL, "the same as --log-level debug", NULL },
	{ "cgroup-manager", 0, OPT_ENUM, AT(cgroup_manager), "NAME",
	  "cgroupfs (the default), systemd or disabled", manager_names },
	{ "systemd-cgroup", 0, OPT_FLAG, AT(systemd_cgroup), NULL,
	  "the same as --cgroup-manager systemd", NULL },
	{ "rootless", 0, OPT_ENUM, AT(rootless), "MODE", "true, false or auto (the default)",
	  rootless_names },
	{ "criu", 0, OPT_STR, AT(criu), "PATH", "CRIU's program, for checkpoint and restore",
	  NULL },
	{ "version", 'v', OPT_FLAG, AT(version), NULL, "show the version", NULL },
	{ "help", 'h', OPT_FLAG, AT(help), NULL, "show this text", NULL },
	{ 0 },
};

bool globals_rootless(const struct cli_globals *g, const struct globals_facts *facts)
{
	if (g->rootless != CLI_ROOTLESS_AUTO)
		return g->rootless == CLI_ROOTLESS_TRUE;
	if (facts->euid)
		return true;
	/* Root of a user namespace: a container manager's nested root says so by $USER. */
	return facts->in_userns && facts->user && strcmp(facts->user, "root") != 0;
}

char *globals_root(const struct cli_globals *g, const struct globals_facts *facts, struct arena *a,
		   struct err *e)
{
	char *root;

	if (!g->root) {
		if (!globals_rootless(g, facts))
			return arena_strdup(a, CLI_ROOT_DIR);
		if (facts->runtime_dir && *facts->runtime_dir == '/')
			return path_join(a, facts->runtime_dir, CLI_NAME);
		err_set(e, EINVAL,
			"XDG_RUNTIME_DIR is not set, and there is no /run/user/%u: --root must be "
			"given",
			facts->euid);
		return NULL;
	}
	if (!*g->root) {
		err_set(e, EINVAL, "--root must not be empty");
		return NULL;
	}
	root = path_abs(a, g->root, e);
	if (root && !strcmp(path_clean(a, root), "/")) {
		err_set(e, EINVAL, "--root must not be '/'");
		return NULL;
	}
	return root;
}

int globals_log(const struct cli_globals *g, struct err *e)
{
	const char *path = g->log;

	log_to.format = (enum log_format)g->log_format;
	if (path && *path) {
		if (log_open(path, e))
			return err_ctx(e, "--log");
		log_to.level = LOG_ERROR;
	}
	if (g->log_level >= 0)
		log_to.level = (enum log_level)g->log_level;
	if (g->debug)
		log_to.level = LOG_DEBUG;
	return 0;
}

/* The engine would make the default root without the sticky bit. */
static int keep_from_cleaners(const char *root, struct err *e)
{
	if (path_mkdirs(root, 0700, e))
		return -1;
	if (chmod(root, ROOTLESS_DIR_MODE))
		return err_sys(e, "protect directory '%s' from cleaners", root);
	return 0;
}

/* Where a login session has it, for who came by su or sudo and has no session's environment. */
static const char *runtime_dir(struct arena *a)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (dir && *dir)
		return dir;
	dir = arena_printf(a, "/run/user/%u", geteuid());
	return geteuid() && !stat(dir, &st) && st.st_uid == geteuid() ? dir : NULL;
}

int globals_engine(struct cli *cli, const struct cli_command *c, struct err *e)
{
	const struct cli_globals *g = &cli->globals;
	struct engine *en = &cli->engine;
	struct globals_facts facts = {
		.user = getenv("USER"),
		.runtime_dir = runtime_dir(cli->arena),
	};

	facts.euid = geteuid();
	/* costs a file, so only where it can matter: see globals_rootless() */
	facts.in_userns = !facts.euid && facts.user && host_in_userns(cli->arena);
	en->rootless = globals_rootless(g, &facts);
	en->cgroups = g->systemd_cgroup ? ENGINE_SYSTEMD : (enum engine_cgroups)g->cgroup_manager;
	en->root = globals_root(g, &facts, cli->arena, e);
	if (!en->root)
		return c->stateless ? 0 : -1;
	if (!g->root && en->rootless)
		return keep_from_cleaners(en->root, e);
	return 0;
}

int globals_host(struct cli *cli, const struct cli_command *c, struct err *e)
{
	if (c->plans && !cli->engine.host)
		cli->engine.host = host_probe(cli->arena, e);
	return c->plans && !cli->engine.host ? -1 : 0;
}
