/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_exec: one more process in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "shim/cli/cli.h"
#include "shim/cli/exec_process.h"
#include "shim/cli/foreground.h"
#include "shim/cli/process.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"
#include "spec/oci/validate.h"

struct exec_options {
	bool help, detach, ignore_paused;
	char *console_socket, *pidfd_socket, *pid_file, *process_file;
	uint32_t preserve_fds;
	struct json_strs cgroups;
	struct exec_overrides overrides;
};

#define AT(member)   offsetof(struct exec_options, member)
#define OVER(member) offsetof(struct exec_options, overrides.member)

static const struct opt exec_options[] = {
	CLI_HELP_ROW(struct exec_options),
	{ "process", 'p', OPT_STR, AT(process_file), "FILE",
	  "the process as JSON; replaces the options about it", NULL },
	{ "cwd", 0, OPT_STR, OVER(cwd), "DIR", "working directory", NULL },
	{ "env", 'e', OPT_STRS, OVER(env), "NAME=VALUE", "add an environment variable", NULL },
	{ "user", 'u', OPT_STR, OVER(user), "UID[:GID]", "user and group, by number", NULL },
	{ "additional-gids", 'g', OPT_STRS, OVER(additional_gids), "GID", "add a group", NULL },
	{ "cap", 'c', OPT_STRS, OVER(caps), "NAME", "add a capability", NULL },
	{ "no-new-privs", 0, OPT_FLAG, OVER(no_new_privs), NULL,
	  "no privileges by set-user-id programs", NULL },
	{ "process-label", 0, OPT_STR, OVER(process_label), "LABEL", "SELinux label", NULL },
	{ "apparmor", 0, OPT_STR, OVER(apparmor), "PROFILE", "AppArmor profile", NULL },
	{ "tty", 't', OPT_FLAG, OVER(tty), NULL, "give it a terminal", NULL },
	{ "console-socket", 0, OPT_STR, AT(console_socket), "PATH",
	  "unix socket that receives the terminal", NULL },
	{ "pidfd-socket", 0, OPT_STR, AT(pidfd_socket), "PATH",
	  "unix socket that receives a pidfd of the process", NULL },
	{ "detach", 'd', OPT_FLAG, AT(detach), NULL, "do not wait for it", NULL },
	{ "pid-file", 0, OPT_STR, AT(pid_file), "FILE", "write its pid to the file", NULL },
	{ "preserve-fds", 0, OPT_U32, AT(preserve_fds), "N", "leave N more fds from 3 on open",
	  NULL },
	{ "cgroup", 0, OPT_STRS, AT(cgroups), "PATH",
	  "[CONTROLLERS:]PATH of a cgroup below the container's; again for others", NULL },
	{ "ignore-paused", 0, OPT_FLAG, AT(ignore_paused), NULL, "allow it in a paused container",
	  NULL },
	{ 0 },
};

static struct oci_process *read_process(const char *path, struct arena *a, struct err *e)
{
	struct oci_process *p = NULL;
	size_t len = 0;
	char *text = read_file(AT_FDCWD, path, JSON_TEXT_MAX, a, &len, e);

	if (text)
		p = oci_process_parse(text, len, a, e);
	if (!p)
		err_ctx(e, "--process");
	return p;
}

/* The container's own process, as the config said when it was created. */
static struct oci_process *own_process(const struct cli *cli, const char *id,
				       struct engine_exec *req, struct err *e)
{
	enum oci_status status;
	struct oci_config *config = engine_config(&cli->engine, id, cli->arena, &status, e);

	if (!config)
		return NULL;
	if (status == OCI_STOPPED) {
		err_set(e, ESRCH, "cannot exec in a stopped container");
		return NULL;
	}
	if (!config->process)
		err_set(e, EINVAL, "the container has no process to take defaults from");
	req->config = config;
	return config->process;
}

static struct oci_process *make_process(const struct cli *cli, const struct exec_options *o,
					int argc, char **argv, struct engine_exec *req,
					struct err *e)
{
	struct oci_process *p;

	if (o->process_file)
		return read_process(o->process_file, cli->arena, e);
	if (argc < 2) {
		err_set(e, EINVAL, "expected a command behind the ID, or --process");
		return NULL;
	}
	p = own_process(cli, argv[0], req, e);
	if (p)
		p = exec_process_make(p, &o->overrides, argv + 1, (size_t)argc - 1, cli->arena, e);
	if (p && oci_validate_process(p, e))
		return NULL;
	return p;
}

static int make_request(const struct cli *cli, const struct exec_options *o, int argc, char **argv,
			struct engine_exec *req, struct err *e)
{
	char *console = o->console_socket, *pidfd = o->pidfd_socket;
	struct oci_process *p;

	if (process_abs(cli->arena, &console, e) || process_abs(cli->arena, &pidfd, e) ||
	    process_fds(cli, o->preserve_fds, &req->listen_fds, e))
		return -1;
	p = make_process(cli, o, argc, argv, req, e);
	if (!p)
		return -1;
	if (!o->detach)
		foreground_size(p);
	req->process = p;
	req->id = argv[0];
	req->console_socket = console;
	req->pidfd_socket = pidfd;
	req->preserve_fds = o->preserve_fds;
	req->cgroups = &o->cgroups;
	req->ignore_paused = o->ignore_paused;
	return process_terminal(p->terminal, o->detach, console, e);
}

/* It runs already when its pid cannot be written or its terminal cannot be had. */
static int end_process(pid_t pid)
{
	(void)kill(pid, SIGKILL); /* our child, not reaped yet */
	(void)proc_reap(pid);
	return -1;
}

static int run_exec(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	__attribute__((cleanup(foreground_done))) struct foreground fg = FOREGROUND_INIT;
	const struct exec_options *o = options;
	struct engine_exec req = ENGINE_EXEC_INIT;
	char *pid_file = o->pid_file;
	pid_t pid;
	int code;

	if (process_abs(cli->arena, &pid_file, e) || make_request(cli, o, argc, argv, &req, e))
		return -1;
	if (!o->detach && foreground_begin(&fg, req.process->terminal, false, e))
		return -1;
	req.console_fd = fg.console[1];
	if (engine_exec(&cli->engine, &req, &pid, NULL, e))
		return -1;
	if (foreground_console(&fg, e) || pidfile_write(pid_file, pid, e))
		return end_process(pid);
	if (o->detach)
		return 0;
	code = foreground_wait(&fg, pid, NULL, e);
	return code < 0 ? end_process(pid) : code;
}

const struct cli_command cmd_exec = {
	.name = "exec",
	.operands = "ID [COMMAND [ARGUMENTS]]",
	.help = "run one more process in a container",
	.options = exec_options,
	.size = sizeof(struct exec_options),
	.parse = OPT_STOP_AT_FIRST,
	.min = 1,
	.max = -1,
	.failed = CLI_EXEC_FAILED,
	.plans = true,
	.run = run_exec,
};
