/* SPDX-License-Identifier: Apache-2.0 */
/* commands: the table of commands, and the two that are about the tables. */
#include <errno.h>
#include <unistd.h>

#include "shim/cli/cli.h"
#include "shim/cli/completion.h"
#include "shim/cli/globals.h"
#include "shim/cli/pod.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"

static int run_pod(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	(void)options;
	return pod_command(cli, argc, argv, e);
}

/* Rows without options get all their arguments as they are. */
static const struct cli_command cmd_pod = {
	.name = "pod", .operands = "COMMAND ...", .help = "pods without a cluster", .run = run_pod
};
static int run_completion(struct cli *cli, const void *options, int argc, char **argv,
			  struct err *e)
{
	const struct completion c = { cli_global_options, cli_commands, pod_commands };
	const struct name *shell = names_find(completion_shells, argv[0]);
	auto_str struct str s = { 0 };

	(void)cli;
	(void)options;
	(void)argc;
	if (!shell)
		return err_set(e, EINVAL, "unknown shell '%s', expected bash or zsh", argv[0]);
	completion_script(&c, (enum completion_shell)shell->value, &s);
	if (write_all(STDOUT_FILENO, s.s, s.len))
		return err_sys(e, "write to standard output");
	return 0;
}

static const struct cli_command cmd_completion = {
	.name = "completion",
	.operands = "bash|zsh",
	.help = "print a script that completes command lines in a shell",
	.options = cli_no_options,
	.size = sizeof(struct cli_no_options),
	.min = 1,
	.max = 1,
	.plain = true,
	.run = run_completion,
};

/* Rows without a help text are not listed. */
const struct cli_command *const cli_commands[CLI_COMMANDS + 1] = {
	&cmd_create,	 &cmd_start,   &cmd_run,    &cmd_exec,	 &cmd_kill,   &cmd_pause,
	&cmd_resume,	 &cmd_delete,  &cmd_state,  &cmd_list,	 &cmd_ps,     &cmd_spec,
	&cmd_features,	 &cmd_pod,     &cmd_update, &cmd_events, &cmd_doctor, &cmd_completion,
	&cmd_checkpoint, &cmd_restore, NULL,
};
