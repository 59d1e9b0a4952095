/* SPDX-License-Identifier: Apache-2.0 */
/* pod: the commands `peapod pod ...`. */
#ifndef SHIM_CLI_POD_H
#define SHIM_CLI_POD_H

#include "shim/cli/cli.h"

/*
 * argv[0..argc) is what stands behind "pod" on the command line; argc may be 0
 * (help). Prints to stdout. Returns the exit code, or -1 with *e for main() to
 * print (exit 1).
 */
int pod_command(struct cli *cli, int argc, char **argv, struct err *e);

/* All of them; ends with NULL. */
extern const struct cli_command *const pod_commands[];

/* pod_run.c */
extern const struct cli_command pod_cmd_run;
/* pod_control.c */
extern const struct cli_command pod_cmd_add, pod_cmd_exec, pod_cmd_stop, pod_cmd_rm;
/* pod_query.c */
extern const struct cli_command pod_cmd_ps, pod_cmd_inspect, pod_cmd_logs;

#endif
