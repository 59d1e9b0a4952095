/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_checkpoint: checkpoint and restore, by CRIU. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "shim/cli/cli.h"
#include "shim/cli/foreground.h"
#include "shim/cli/process.h"
#include "shim/engine/criu.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"

#define DEFAULT_IMAGE "checkpoint" /* in the current directory */
#define PORT_MAX      65535

struct criu_flags {
	bool help;
	char *image, *work;
	bool tcp_established, ext_unix_sk, shell_job, file_locks, auto_dedup, lazy_pages;
	int cgroups;
	struct json_strs empty_ns;
	/* checkpoint */
	char *parent, *page_server;
	bool leave_running, pre_dump, link_remap, tcp_skip_in_flight;
	int32_t status_fd;
	bool has_status_fd;
	/* restore */
	char *bundle, *pid_file, *console_socket, *lsm_profile, *lsm_mount_context;
	bool detach, no_subreaper, no_pivot;
};

static const struct name mode_names[] = {
	{ "soft", CRIU_CGROUPS_SOFT },
	{ "full", CRIU_CGROUPS_FULL },
	{ "strict", CRIU_CGROUPS_STRICT },
	/* 0 is "not given" to the table */
	{ "ignore", -1 },
	{ 0 },
};

#define AT(member) offsetof(struct criu_flags, member)
#define COMMON_ROWS                                                                                     \
	CLI_HELP_ROW(struct criu_flags),                                                                \
		{ "image-path", 0,     OPT_STR,                                                         \
		  AT(image),	"DIR", "the image; default: ./" DEFAULT_IMAGE,                          \
		  NULL },                                                                               \
		{ "work-path", 0, OPT_STR, AT(work), "DIR", "logs of CRIU; default: the image", NULL }, \
		{ "tcp-established",	       0,   OPT_FLAG, AT(tcp_established), NULL,                \
		  "with open TCP connections", NULL },                                                  \
		{ "ext-unix-sk", 0,                                                                     \
		  OPT_FLAG,	 AT(ext_unix_sk),                                                       \
		  NULL,		 "with unix sockets to the outside",                                    \
		  NULL },                                                                               \
		{ "shell-job", 0, OPT_FLAG, AT(shell_job), NULL, "with a terminal from outside",        \
		  NULL },                                                                               \
		{ "file-locks", 0, OPT_FLAG, AT(file_locks), NULL, "with file locks", NULL },           \
		{ "auto-dedup", 0,                                                                      \
		  OPT_FLAG,	AT(auto_dedup),                                                         \
		  NULL,		"free pages that are in a newer image",                                 \
		  NULL },                                                                               \
		{ "lazy-pages", 0,                                                                      \
		  OPT_FLAG,	AT(lazy_pages),                                                         \
		  NULL,		"memory is sent when it is needed",                                     \
		  NULL },                                                                               \
		{ "manage-cgroups-mode",	  0,	     OPT_ENUM, AT(cgroups), "MODE",             \
		  "soft, full, strict or ignore", mode_names },                                         \
	{                                                                                               \
		"empty-ns", 0, OPT_STRS, AT(empty_ns), "NAMESPACE",                                     \
			"without what is in it; 'network', as always", NULL                             \
	}

static const struct opt checkpoint_options[] = {
	COMMON_ROWS,
	{ "parent-path", 0, OPT_STR, AT(parent), "DIR", "an earlier image, relative to the new one",
	  NULL },
	{ "page-server", 0, OPT_STR, AT(page_server), "ADDRESS:PORT", "send the memory there",
	  NULL },
	{ "status-fd", 0, OPT_I32, AT(status_fd), "FD", "gets a '\\0' when lazy pages are ready",
	  NULL },
	{ "leave-running", 0, OPT_FLAG, AT(leave_running), NULL, "let the container go on", NULL },
	{ "pre-dump", 0, OPT_FLAG, AT(pre_dump), NULL, "only its memory, and let it go on", NULL },
	{ "link-remap", 0, OPT_FLAG, AT(link_remap), NULL, "with files that were unlinked", NULL },
	{ "tcp-skip-in-flight", 0, OPT_FLAG, AT(tcp_skip_in_flight), NULL,
	  "without TCP connections that are being made", NULL },
	{ 0 },
};

static const struct opt restore_options[] = {
	COMMON_ROWS,
	{ "bundle", 'b', OPT_STR, AT(bundle), "DIR", "the bundle; default: the current directory",
	  NULL },
	{ "detach", 'd', OPT_FLAG, AT(detach), NULL, "do not wait for the process", NULL },
	{ "pid-file", 0, OPT_STR, AT(pid_file), "FILE", "write the process's pid to it", NULL },
	{ "console-socket", 0, OPT_STR, AT(console_socket), "PATH",
	  "unix socket that receives the terminal", NULL },
	{ "lsm-profile", 0, OPT_STR, AT(lsm_profile), "TYPE:NAME",
	  "another AppArmor profile or SELinux label", NULL },
	{ "lsm-mount-context", 0, OPT_STR, AT(lsm_mount_context), "CONTEXT",
	  "another SELinux context of mounts", NULL },
	{ "no-subreaper", 0, OPT_FLAG, AT(no_subreaper), NULL,
	  "do not adopt the container's orphans", NULL },
	{ "no-pivot", 0, OPT_FLAG, AT(no_pivot), NULL, "no effect: CRIU does the mounts", NULL },
	{ 0 },
};

/* "10.0.0.1:27", "[::1]:27". */
static int parse_server(const struct cli *cli, const char *text, struct criu_options *o,
			struct err *e)
{
	char *address = arena_strdup(cli->arena, text);
	char *colon = strrchr(address, ':');
	uint64_t port;

	if (!colon || colon == address || parse_u64(colon + 1, 10, PORT_MAX, &port) || !port)
		return err_set(e, EINVAL, "--page-server '%s': expected ADDRESS:PORT", text);
	*colon = '\0';
	if (*address == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		address++;
	}
	o->page_server = address;
	o->page_port = (int32_t)port;
	return 0;
}

static int check_empty(const struct json_strs *names, struct err *e)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->v[i], "network") != 0)
			return err_set(e, ENOTSUP, "--empty-ns '%s': only 'network' is possible",
				       names->v[i]);
	}
	return 0;
}

static int make_options(const struct cli *cli, const struct criu_flags *f, struct criu_options *o,
			struct err *e)
{
	char *image = f->image ? f->image : arena_strdup(cli->arena, DEFAULT_IMAGE);
	char *work = f->work;

	if (process_abs(cli->arena, &image, e) || process_abs(cli->arena, &work, e) ||
	    check_empty(&f->empty_ns, e))
		return -1;
	if (f->page_server && parse_server(cli, f->page_server, o, e))
		return -1;
	o->program = cli->globals.criu;
	o->image_dir = image;
	o->work_dir = work;
	o->parent = f->parent;
	o->tcp_established = f->tcp_established;
	o->ext_unix_sk = f->ext_unix_sk;
	o->shell_job = f->shell_job;
	o->file_locks = f->file_locks;
	o->auto_dedup = f->auto_dedup;
	o->lazy_pages = f->lazy_pages;
	o->link_remap = f->link_remap;
	o->tcp_skip_in_flight = f->tcp_skip_in_flight;
	o->leave_running = f->leave_running;
	o->pre_dump = f->pre_dump;
	o->lsm_profile = f->lsm_profile;
	o->lsm_mount_context = f->lsm_mount_context;
	if (f->status_fd)
		o->status_fd = f->status_fd;
	if (f->cgroups)
		o->cgroups = f->cgroups < 0 ? CRIU_CGROUPS_IGNORE : (enum criu_cgroups)f->cgroups;
	return 0;
}

/* Callers take a `checkpoint --help` that succeeds for the promise that it works (podman). */
static int needs_criu(const struct cli *cli, struct err *e)
{
	return criu_find(cli->globals.criu, cli->arena, e) ? 0 : -1;
}

static int run_checkpoint(struct cli *cli, const void *options, int argc, char **argv,
			  struct err *e)
{
	struct criu_options o = CRIU_OPTIONS_INIT;

	(void)argc;
	if (make_options(cli, options, &o, e))
		return -1;
	return engine_checkpoint(&cli->engine, argv[0], &o, e);
}

static int make_request(const struct cli *cli, const struct criu_flags *f, const char *id,
			struct engine_create *req, struct err *e)
{
	char *bundle = f->bundle ? f->bundle : arena_strdup(cli->arena, ".");
	char *console = f->console_socket;
	auto_fd int dir = -1;

	if (process_abs(cli->arena, &bundle, e) || process_abs(cli->arena, &console, e))
		return -1;
	dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open bundle '%s'", bundle);
	req->config = oci_config_read(dir, cli->arena, e);
	if (!req->config)
		return -1;
	if (!req->config->process)
		return err_set(e, EINVAL, "config.json: process: required to restore a container");
	req->id = id;
	req->bundle = bundle;
	req->console_socket = console;
	return process_terminal(req->config->process->terminal, f->detach, console, e);
}

static void undo(const struct cli *cli, const char *id, const char *pid_file)
{
	struct err ignored;

	pidfile_remove(pid_file);
	(void)engine_destroy(&cli->engine, id, true, &ignored);
}

/* Wait for it, and remove what is left, as `run` does. */
static int stay(const struct cli *cli, struct foreground *fg, const char *id, pid_t pid,
		const char *pid_file, struct err *e)
{
	struct err left;
	int code = foreground_console(fg, e) ? -1 : foreground_wait(fg, pid, NULL, e);

	if (code < 0) {
		undo(cli, id, pid_file);
		return -1;
	}
	if (engine_destroy(&cli->engine, id, true, &left))
		log_msg(LOG_WARN, "%s: left as it is", left.msg);
	return code;
}

static int run_restore(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	__attribute__((cleanup(foreground_done))) struct foreground fg = FOREGROUND_INIT;
	const struct criu_flags *f = options;
	struct criu_options o = CRIU_OPTIONS_INIT;
	struct engine_create req = ENGINE_CREATE_INIT;
	char *pid_file = f->pid_file;
	pid_t pid;

	(void)argc;
	if (make_options(cli, f, &o, e) || process_abs(cli->arena, &pid_file, e) ||
	    make_request(cli, f, argv[0], &req, e))
		return -1;
	if (!f->detach && foreground_begin(&fg, req.config->process->terminal, !f->no_subreaper, e))
		return -1;
	req.console_fd = fg.console[1];
	if (engine_restore(&cli->engine, &req, &o, &pid, NULL, e))
		return -1;
	if (pidfile_write(pid_file, pid, e)) {
		undo(cli, argv[0], NULL);
		return -1;
	}
	return f->detach ? 0 : stay(cli, &fg, argv[0], pid, pid_file, e);
}

const struct cli_command cmd_checkpoint = {
	.name = "checkpoint",
	.operands = "ID",
	.help = "write a running container to an image",
	.options = checkpoint_options,
	.size = sizeof(struct criu_flags),
	.min = 1,
	.max = 1,
	.plans = true,
	.usable = needs_criu,
	.run = run_checkpoint,
};

const struct cli_command cmd_restore = {
	.name = "restore",
	.operands = "ID",
	.help = "make a container of an image",
	.options = restore_options,
	.size = sizeof(struct criu_flags),
	.min = 1,
	.max = 1,
	.plans = true,
	.usable = needs_criu,
	.run = run_restore,
};
