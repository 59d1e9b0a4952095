/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_life: create, run, start, delete. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "shim/cli/cli.h"
#include "shim/cli/foreground.h"
#include "shim/cli/notify.h"
#include "shim/cli/process.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"

struct life_options {
	bool help;
	char *bundle, *console_socket, *pidfd_socket, *pid_file;
	bool no_pivot, no_new_keyring;
	uint32_t preserve_fds;
	bool detach, keep, no_subreaper; /* run only */
};

#define AT(member) offsetof(struct life_options, member)
#define COMMON_ROWS                                                                                \
	CLI_HELP_ROW(struct life_options),                                                         \
		{ "bundle",   'b',   OPT_STR,                                                      \
		  AT(bundle), "DIR", "the bundle; default: the current directory",                 \
		  NULL },                                                                          \
		{ "pid-file", 0, OPT_STR, AT(pid_file), "FILE", "write the process's pid to it",   \
		  NULL },                                                                          \
		{ "console-socket",                                                                \
		  0,                                                                               \
		  OPT_STR,                                                                         \
		  AT(console_socket),                                                              \
		  "PATH",                                                                          \
		  "unix socket that receives the terminal",                                        \
		  NULL },                                                                          \
		{ "pidfd-socket",                                                                  \
		  0,                                                                               \
		  OPT_STR,                                                                         \
		  AT(pidfd_socket),                                                                \
		  "PATH",                                                                          \
		  "unix socket that receives a pidfd of the process",                              \
		  NULL },                                                                          \
		{ "preserve-fds",                                                                  \
		  0,                                                                               \
		  OPT_U32,                                                                         \
		  AT(preserve_fds),                                                                \
		  "N",                                                                             \
		  "leave N more fds from 3 on open",                                               \
		  NULL },                                                                          \
		{ "no-pivot",	0,    OPT_FLAG,                                                    \
		  AT(no_pivot), NULL, "for a root on a ramdisk: move it instead of pivot_root",    \
		  NULL },                                                                          \
	{                                                                                          \
		"no-new-keyring", 0, OPT_FLAG, AT(no_new_keyring), NULL,                           \
			"keep the caller's session keyring", NULL                                  \
	}

static const struct opt create_options[] = { COMMON_ROWS, { 0 } };

static const struct opt run_options[] = {
	COMMON_ROWS,
	{ "detach", 'd', OPT_FLAG, AT(detach), NULL, "do not wait for the process", NULL },
	{ "keep", 0, OPT_FLAG, AT(keep), NULL, "do not delete the container at its end", NULL },
	{ "no-subreaper", 0, OPT_FLAG, AT(no_subreaper), NULL,
	  "do not adopt the container's orphans", NULL },
	{ 0 },
};

/* What the command line says, as the engine wants it. */
static int make_request(const struct cli *cli, const struct life_options *o, bool detached,
			const char *id, struct engine_create *req, struct err *e)
{
	char *bundle = o->bundle, *console = o->console_socket, *pidfd = o->pidfd_socket;
	const char *notify = getenv("NOTIFY_SOCKET");
	struct oci_config *config;
	auto_fd int dir = -1;

	if (!bundle)
		bundle = arena_strdup(cli->arena, ".");
	if (process_abs(cli->arena, &bundle, e) || process_abs(cli->arena, &console, e) ||
	    process_abs(cli->arena, &pidfd, e) ||
	    process_fds(cli, o->preserve_fds, &req->listen_fds, e))
		return -1;
	dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open bundle '%s'", bundle);
	config = oci_config_read(dir, cli->arena, e);
	if (!config)
		return -1;
	if (!config->process)
		return err_set(e, EINVAL, "config.json: process: required to create a container");
	if (!detached)
		foreground_size(config->process);
	req->config = config;
	req->id = id;
	req->bundle = bundle;
	req->console_socket = console;
	req->pidfd_socket = pidfd;
	req->preserve_fds = o->preserve_fds;
	req->no_pivot = o->no_pivot;
	req->no_new_keyring = o->no_new_keyring;
	req->notify = notify && *notify;
	return process_terminal(config->process->terminal, detached, console, e);
}

/* A failure after create: nothing shall be left; the first error is the one to tell. */
static void undo_create(const struct cli *cli, const char *id, const char *pid_file)
{
	struct err ignored;

	pidfile_remove(pid_file);
	(void)engine_destroy(&cli->engine, id, true, &ignored);
}

static int create(const struct cli *cli, const struct engine_create *req, const char *pid_file,
		  pid_t *pid, struct err *e)
{
	if (engine_create(&cli->engine, req, pid, NULL, e))
		return -1;
	if (pidfile_write(pid_file, *pid, e)) {
		undo_create(cli, req->id, NULL);
		return -1;
	}
	return 0;
}

static int run_create(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct life_options *o = options;
	struct engine_create req = ENGINE_CREATE_INIT;
	char *pid_file = o->pid_file;
	pid_t pid;

	(void)argc;
	if (process_abs(cli->arena, &pid_file, e) || make_request(cli, o, true, argv[0], &req, e))
		return -1;
	return create(cli, &req, pid_file, &pid, e);
}

/* What `run` has to do between create and start. */
struct between {
	const struct cli *cli;
	struct foreground *fg;
	struct notify *notify;
	const char *id, *pid_file;
	bool wrote; /* the pid file is ours to remove */
};

static int do_between(void *caller, pid_t pid, struct err *e)
{
	struct between *b = caller;

	if (pidfile_write(b->pid_file, pid, e))
		return -1;
	b->wrote = true;
	return foreground_console(b->fg, e) || notify_open(b->notify, &b->cli->engine, b->id, e)
		       ? -1
		       : 0;
}

static int create_and_start(struct between *b, struct engine_create *req, pid_t *pid, struct err *e)
{
	req->start = true;
	req->caller = b;
	if (b->pid_file || b->fg->console[0] >= 0 || req->notify)
		req->created = do_between;
	if (!engine_create(&b->cli->engine, req, pid, NULL, e))
		return 0;
	if (b->wrote)
		pidfile_remove(b->pid_file);
	return -1;
}

/* The exit code of the process; what cannot be removed afterwards is only a warning. */
static int stay(const struct cli *cli, const struct life_options *o, struct foreground *fg,
		struct notify *notify, const char *id, pid_t pid, struct err *e)
{
	int code = foreground_wait(fg, pid, notify, e);
	struct err left;

	if (code < 0) {
		undo_create(cli, id, o->pid_file);
		return -1;
	}
	/* by force where it does not look stopped: it shared a pid namespace, or the record is odd
	 */
	if (!o->keep && engine_destroy(&cli->engine, id, false, &left) &&
	    engine_destroy(&cli->engine, id, true, &left))
		log_msg(LOG_WARN, "%s: left as it is", left.msg);
	return code;
}

static int run_run(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	__attribute__((cleanup(foreground_done))) struct foreground fg = FOREGROUND_INIT;
	const struct life_options *o = options;
	__attribute__((cleanup(notify_done))) struct notify notify = NOTIFY_INIT;
	struct engine_create req = ENGINE_CREATE_INIT;
	char *pid_file = o->pid_file;
	const char *id = argv[0];
	struct between b = { .cli = cli, .fg = &fg, .notify = &notify, .id = id };
	bool terminal;
	pid_t pid;

	(void)argc;
	if (process_abs(cli->arena, &pid_file, e) || make_request(cli, o, o->detach, id, &req, e))
		return -1;
	terminal = req.config->process->terminal;
	if (!o->detach && foreground_begin(&fg, terminal, !o->no_subreaper, e))
		return -1;
	req.console_fd = fg.console[1];
	b.pid_file = pid_file;
	if (create_and_start(&b, &req, &pid, e))
		return -1;
	/* the service's main process is the container's, or we, who pass on its signals */
	notify.main = o->detach ? pid : getpid();
	return o->detach ? notify_wait(&notify, pid, e) : stay(cli, o, &fg, &notify, id, pid, e);
}

/* Not before it is known that we start it: the socket may be that of one who did. */
static int listen_between(void *caller, pid_t pid, struct err *e)
{
	struct between *b = caller;

	(void)pid;
	return notify_open(b->notify, &b->cli->engine, b->id, e);
}

static int run_start(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	__attribute__((cleanup(notify_done))) struct notify notify = NOTIFY_INIT;
	struct between b = { .cli = cli, .notify = &notify, .id = argv[0] };
	struct engine_info info;

	(void)options;
	(void)argc;
	if (engine_start(&cli->engine, argv[0], listen_between, &b, e))
		return -1;
	if (notify.container < 0)
		return 0;
	if (engine_state(&cli->engine, argv[0], cli->arena, &info, e))
		return -1;
	notify.main = info.pid;
	return info.pid ? notify_wait(&notify, info.pid, e) : 0;
}

struct delete_options {
	bool help, force;
};

static const struct opt delete_options[] = {
	CLI_HELP_ROW(struct delete_options),
	{ "force", 'f', OPT_FLAG, offsetof(struct delete_options, force), NULL,
	  "kill a running one; a missing one is no error", NULL },
	{ 0 },
};

static int run_delete(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct delete_options *o = options;

	(void)argc;
	return engine_destroy(&cli->engine, argv[0], o->force, e);
}

const struct cli_command cmd_create = {
	.name = "create",
	.operands = "ID",
	.help = "make a container; its process waits for 'start'",
	.options = create_options,
	.size = sizeof(struct life_options),
	.min = 1,
	.max = 1,
	.plans = true,
	.run = run_create,
};

const struct cli_command cmd_run = {
	.name = "run",
	.operands = "ID",
	.help = "create and start a container, and wait for it",
	.options = run_options,
	.size = sizeof(struct life_options),
	.min = 1,
	.max = 1,
	.plans = true,
	.run = run_run,
};

const struct cli_command cmd_start = {
	.name = "start",
	.operands = "ID",
	.help = "let the process of a created container run",
	.options = cli_no_options,
	.size = sizeof(struct cli_no_options),
	.min = 1,
	.max = 1,
	.run = run_start,
};

const struct cli_command cmd_delete = {
	.name = "delete",
	.operands = "ID",
	.help = "remove a stopped or created container",
	.options = delete_options,
	.size = sizeof(struct delete_options),
	.min = 1,
	.max = 1,
	.run = run_delete,
};
