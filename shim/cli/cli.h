/* SPDX-License-Identifier: Apache-2.0 */
/* cli: what the commands of peapod share: their table rows and the global options. */
#ifndef SHIM_CLI_CLI_H
#define SHIM_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "shim/engine/engine.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/opt.h"

#define CLI_NAME     "peapod"
#define CLI_ROOT_DIR "/run/peapod" /* default state root of the administrator */

/* Exit codes beside 0 and those of a process in the foreground. */
enum {
	CLI_FAILED = 1,
	CLI_UNKNOWN_COMMAND = 3,
	CLI_EXEC_FAILED = 255, /* `exec`: told apart from a code of the process */
};

enum cli_rootless {
	CLI_ROOTLESS_AUTO,
	CLI_ROOTLESS_TRUE,
	CLI_ROOTLESS_FALSE
};

/* The global options as given; each command's option struct starts with `help`, too. */
struct cli_globals {
	bool help, version;
	char *root, *log, *criu;
	int log_format, log_level; /* log_level -1: not given */
	bool debug, systemd_cgroup;
	int cgroup_manager; /* enum engine_cgroups */
	int rootless;	    /* enum cli_rootless */
};

struct cli {
	struct cli_globals globals;
	struct engine engine;	/* ready for use; host facts only for a command that plans */
	struct arena *arena;	/* lives as long as the program */
	unsigned int inherited; /* fds 3, 4, ... that the caller left open, without a gap */
};

/*
 * A command: one row that parses it, documents it and runs it. run() returns
 * the exit code, or -1 with *e filled, which main() prints before it exits with
 * `failed`. `options` points at a zeroed struct of `size` bytes filled by the
 * table; its first member is `bool help`.
 */
struct cli_command {
	const char *name;
	const char *operands; /* "ID [SIGNAL]" */
	const char *help;     /* one line */
	const struct opt *options;
	size_t size;
	unsigned int parse; /* OPT_STOP_AT_FIRST */
	int min, max;	    /* number of operands; max -1: any */
	bool plans;	    /* needs the facts of the host: engine.host */
	int failed;	    /* exit code of a failure; 0: CLI_FAILED */
	bool plain;	    /* needs no engine: run() gets an empty one */
	bool stateless;	    /* needs no state root: engine.root may be NULL */
	/* asked before anything else, also before --help: can it work on this host? or NULL */
	int (*usable)(const struct cli *cli, struct err *e);
	int (*run)(struct cli *cli, const void *options, int argc, char **argv, struct err *e);
};

/* The row every option table starts with. */
#define CLI_HELP_ROW(st)                                                                           \
	{                                                                                          \
		.name = "help", .letter = 'h', .type = OPT_FLAG, .offset = offsetof(st, help),     \
		.help = "show this text"                                                           \
	}

/* A command without options of its own. */
struct cli_no_options {
	bool help;
};
extern const struct opt cli_no_options[];

/* All of them, in the order of the help; ends with NULL. commands.c */
#define CLI_COMMANDS 20
extern const struct cli_command *const cli_commands[CLI_COMMANDS + 1];

/* cmd_life.c */
extern const struct cli_command cmd_create, cmd_run, cmd_start, cmd_delete;
/* cmd_exec.c */
extern const struct cli_command cmd_exec;
/* cmd_control.c */
extern const struct cli_command cmd_kill, cmd_pause, cmd_resume;
/* cmd_update.c, cmd_events.c */
extern const struct cli_command cmd_update, cmd_events;
/* cmd_checkpoint.c */
extern const struct cli_command cmd_checkpoint, cmd_restore;
/* cmd_query.c */
extern const struct cli_command cmd_state, cmd_list, cmd_ps;
/* cmd_spec.c */
extern const struct cli_command cmd_spec, cmd_features;
/* cmd_doctor.c */
extern const struct cli_command cmd_doctor;

#endif
