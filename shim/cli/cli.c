/* SPDX-License-Identifier: Apache-2.0 */
/* cli: the option table of commands that have none of their own. */
#include "shim/cli/cli.h"

const struct opt cli_no_options[] = {
	CLI_HELP_ROW(struct cli_no_options),
	{ 0 },
};
