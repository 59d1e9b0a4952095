/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_query: state, list, ps. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shim/cli/cli.h"
#include "shim/cli/list_table.h"
#include "shim/cli/ps_table.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"

enum query_format {
	FORMAT_TABLE,
	FORMAT_JSON
};

static const struct name format_names[] = {
	{ "table", FORMAT_TABLE },
	{ "json", FORMAT_JSON },
	{ 0 },
};

static int print(const struct str *text, struct err *e)
{
	if (write_all(STDOUT_FILENO, text->s, text->len))
		return err_sys(e, "write to standard output");
	return 0;
}

static int run_state(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	auto_str struct str out = { 0 };
	struct engine_info info = { 0 };

	(void)options;
	(void)argc;
	if (engine_state(&cli->engine, argv[0], cli->arena, &info, e))
		return -1;
	str_addf(&out, "%s\n",
		 oci_state_document(info.state, info.status, info.pid, true, true, cli->arena));
	return print(&out, e);
}

struct list_options {
	bool help, quiet;
	int format;
};

static const struct opt list_options[] = {
	CLI_HELP_ROW(struct list_options),
	{ "format", 'f', OPT_ENUM, offsetof(struct list_options, format), "FORMAT",
	  "table (the default) or json", format_names },
	{ "quiet", 'q', OPT_FLAG, offsetof(struct list_options, quiet), NULL, "only the ids",
	  NULL },
	{ 0 },
};

/* One that is being deleted is not there any more; one that cannot be read is skipped. */
static size_t read_all(const struct cli *cli, char **ids, size_t n, struct engine_info *infos)
{
	size_t got = 0;

	for (size_t i = 0; i < n; i++) {
		struct err bad;

		if (!engine_state(&cli->engine, ids[i], cli->arena, &infos[got], &bad))
			got++;
		else if (bad.num != ENOENT)
			log_msg(LOG_WARN, "list: %s: %s; skipped", ids[i], bad.msg);
	}
	return got;
}

static int run_list(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct list_options *o = options;
	auto_str struct str out = { 0 };
	struct engine_info *infos;
	char **ids = NULL;
	size_t n = 0;

	(void)argc;
	(void)argv;
	/* A mistyped root would look like a host without containers. */
	if (cli->globals.root && access(cli->engine.root, F_OK))
		return err_sys(e, "--root '%s'", cli->engine.root);
	if (engine_list(&cli->engine, cli->arena, &ids, &n, e))
		return -1;
	if (o->quiet) {
		for (size_t i = 0; i < n; i++)
			str_addf(&out, "%s\n", ids[i]);
		return print(&out, e);
	}
	infos = arena_array(cli->arena, n, sizeof(*infos));
	n = read_all(cli, ids, n, infos);
	if (o->format == FORMAT_JSON)
		list_json(infos, n, cli->arena, &out);
	else
		list_table(infos, n, &out);
	return print(&out, e);
}

struct ps_options {
	bool help;
	int format;
};

static const struct opt ps_options[] = {
	CLI_HELP_ROW(struct ps_options),
	{ "format", 'f', OPT_ENUM, offsetof(struct ps_options, format), "FORMAT",
	  "table (the default) or json", format_names },
	{ 0 },
};

static void pids_json(const pid_t *pids, size_t n, struct str *out)
{
	str_addc(out, '[');
	for (size_t i = 0; i < n; i++)
		str_addf(out, "%s%d", i ? "," : "", pids[i]);
	str_add(out, "]\n");
}

static int run_ps(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	static char all_full[] = "-ef";
	static char *const default_args[] = { all_full, NULL };
	const struct ps_options *o = options;
	auto_str struct str text = { 0 }, out = { 0 };
	pid_t *pids = NULL;
	size_t n = 0;

	if (engine_ps(&cli->engine, argv[0], cli->arena, &pids, &n, e))
		return -1;
	if (o->format == FORMAT_JSON) {
		pids_json(pids, n, &out);
		return print(&out, e);
	}
	if (ps_table_run(argc > 1 ? argv + 1 : default_args, &text, e) ||
	    ps_table_filter(str_text(&text), pids, n, &out, e))
		return -1;
	return print(&out, e);
}

const struct cli_command cmd_state = {
	.name = "state",
	.operands = "ID",
	.help = "print the state of a container as JSON",
	.options = cli_no_options,
	.size = sizeof(struct cli_no_options),
	.min = 1,
	.max = 1,
	.run = run_state,
};

const struct cli_command cmd_list = {
	.name = "list",
	.help = "list the containers below the state root",
	.options = list_options,
	.size = sizeof(struct list_options),
	.run = run_list,
};

const struct cli_command cmd_ps = {
	.name = "ps",
	.operands = "ID [PS-OPTIONS]",
	.help = "list the processes of a container",
	.options = ps_options,
	.size = sizeof(struct ps_options),
	.parse = OPT_STOP_AT_FIRST,
	.min = 1,
	.max = -1,
	.run = run_ps,
};
