/* SPDX-License-Identifier: Apache-2.0 */
/* globals: the global options, and the engine they describe. */
#ifndef SHIM_CLI_GLOBALS_H
#define SHIM_CLI_GLOBALS_H

#include "shim/cli/cli.h"

extern const struct opt cli_global_options[];

/* What the defaults depend on; taken from the process by globals_facts(), made up by tests. */
struct globals_facts {
	unsigned int euid;
	bool in_userns;
	const char *user;	 /* $USER or NULL */
	const char *runtime_dir; /* $XDG_RUNTIME_DIR, or /run/user/UID where it is ours, or NULL */
};

/* Does the caller count as unprivileged? --rootless decides, else euid and user namespace. */
bool globals_rootless(const struct cli_globals *g, const struct globals_facts *facts);

/*
 * The state root: --root (absolute; neither "" nor "/"), else /run/peapod, else
 * for an unprivileged caller $XDG_RUNTIME_DIR/peapod. In the arena; NULL on failure.
 */
char *globals_root(const struct cli_globals *g, const struct globals_facts *facts, struct arena *a,
		   struct err *e);

/*
 * Set log_to from --log, --log-format, --log-level and --debug. A log file gets
 * errors only unless a level is asked for: callers parse the whole file as the
 * one error object.
 */
int globals_log(const struct cli_globals *g, struct err *e);

/* Fill cli->engine for a command, but for .host. */
int globals_engine(struct cli *cli, const struct cli_command *c, struct err *e);

/* Probe the host for a command that plans; for another nothing. */
int globals_host(struct cli *cli, const struct cli_command *c, struct err *e);

#endif
