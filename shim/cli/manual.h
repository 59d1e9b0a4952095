/* SPDX-License-Identifier: Apache-2.0 */
/* manual: a page of the manual out of a command's row and notes written by hand; pure. */
#ifndef SHIM_CLI_MANUAL_H
#define SHIM_CLI_MANUAL_H

#include "shim/cli/cli.h"

struct manual {
	const char *name;     /* of the page: "peapod-exec" */
	const char *command;  /* what is typed behind "peapod": "exec"; NULL: the program itself */
	const char *help;     /* one line */
	const char *operands; /* or NULL */
	const struct opt *options;		   /* or NULL */
	const struct cli_command *const *commands; /* an overview's list, ends with NULL; or NULL */
	int failed;				   /* exit code of a failure */
};

/*
 * Names, types and one line about each option come from the tables. The notes
 * are mdoc(7) text for DESCRIPTION up to a line "@option NAME", behind which
 * is more about that option, or "@section TITLE", a section behind those that
 * are made. Notes about an option that is not in the table are an error.
 */
int manual_page(const struct manual *m, const char *text, struct arena *a, struct str *out,
		struct err *e);

#endif
