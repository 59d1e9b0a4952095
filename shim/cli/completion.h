/* SPDX-License-Identifier: Apache-2.0 */
/* completion: shell scripts out of the tables of commands and options; pure. */
#ifndef SHIM_CLI_COMPLETION_H
#define SHIM_CLI_COMPLETION_H

#include "shim/cli/cli.h"

enum completion_shell {
	COMPLETION_BASH = 1,
	COMPLETION_ZSH, /* the same, through zsh's bashcompinit */
};
extern const struct name completion_shells[];

/* What a script is made from. Lists of commands end with NULL. */
struct completion {
	const struct opt *globals;
	const struct cli_command *const *commands;     /* those without a help text are left out */
	const struct cli_command *const *pod_commands; /* below the command "pod" */
};

/*
 * The script completes commands, options, the values of those options that are
 * words, files or directories, container ids (`list -q`, with the --root on
 * the line) and pod names (`pod ps -q`).
 */
void completion_script(const struct completion *c, enum completion_shell shell, struct str *out);

#endif
