/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_control: kill, pause, resume. */
#include <errno.h>
#include <signal.h>

#include "shim/cli/cli.h"
#include "spec/oci/tables.h"

struct kill_options {
	bool help, all;
};

static const struct opt kill_options[] = {
	CLI_HELP_ROW(struct kill_options),
	{ "all", 'a', OPT_FLAG, offsetof(struct kill_options, all), NULL,
	  "signal all processes of the container", NULL },
	{ 0 },
};

static int run_kill(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct kill_options *o = options;
	int sig = SIGTERM;

	if (argc > 1 && *argv[1]) /* runc takes none for TERM */
		sig = oci_signal_parse(argv[1]);
	if (sig < 0)
		return err_set(e, EINVAL, "unknown signal '%s'", argv[1]);
	return engine_kill(&cli->engine, argv[0], sig, o->all, e);
}

static int run_pause(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	(void)options;
	(void)argc;
	return engine_pause(&cli->engine, argv[0], e);
}

static int run_resume(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	(void)options;
	(void)argc;
	return engine_resume(&cli->engine, argv[0], e);
}

const struct cli_command cmd_kill = {
	.name = "kill",
	.operands = "ID [SIGNAL]",
	.help = "send a signal, by default TERM, to a container's first process",
	.options = kill_options,
	.size = sizeof(struct kill_options),
	.min = 1,
	.max = 2,
	.run = run_kill,
};

const struct cli_command cmd_pause = {
	.name = "pause",
	.operands = "ID",
	.help = "freeze all processes of a container",
	.options = cli_no_options,
	.size = sizeof(struct cli_no_options),
	.min = 1,
	.max = 1,
	.run = run_pause,
};

const struct cli_command cmd_resume = {
	.name = "resume",
	.operands = "ID",
	.help = "let a paused container go on",
	.options = cli_no_options,
	.size = sizeof(struct cli_no_options),
	.min = 1,
	.max = 1,
	.run = run_resume,
};
