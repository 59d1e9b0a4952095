/* SPDX-License-Identifier: Apache-2.0 */
/* main: the command table, the texts made from it, and the one place that prints an error. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/cli/cli.h"
#include "shim/cli/globals.h"
#include "shim/engine/sealed.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"

#define SPEC_VERSION "1.3.0" /* of runtime-spec, newest that is understood */

static const struct cli_command *find_command(const char *name)
{
	for (size_t i = 0; cli_commands[i]; i++) {
		if (!strcmp(cli_commands[i]->name, name))
			return cli_commands[i];
	}
	return NULL;
}

static int unknown_command(const char *name, struct err *e)
{
	struct name names[CLI_COMMANDS + 1] = { 0 };
	const char *near;

	for (size_t i = 0; cli_commands[i]; i++)
		names[i].name = cli_commands[i]->name;
	near = names_nearest(names, name);
	if (near)
		return err_set(e, EINVAL, "unknown command '%s', did you mean '%s'?", name, near);
	return err_set(e, EINVAL, "unknown command '%s'; see '" CLI_NAME " --help'", name);
}

static void print_text(const struct str *text)
{
	(void)write_all(STDOUT_FILENO, text->s, text->len); /* a closed stdout is the caller's */
}

static void show_usage(void)
{
	auto_str struct str s = { 0 };

	str_add(&s, "Usage: " CLI_NAME " [OPTIONS] COMMAND [ARGUMENTS]\n\n"
		    "Runs containers from OCI bundles, and pods.\n\nCommands:\n");
	for (size_t i = 0; cli_commands[i]; i++) {
		if (cli_commands[i]->help)
			str_addf(&s, "  %-12s %s\n", cli_commands[i]->name, cli_commands[i]->help);
	}
	str_add(&s, "\nOptions:\n");
	opt_usage(cli_global_options, &s);
	str_add(&s, "\n'" CLI_NAME " COMMAND --help' tells more; so do " CLI_NAME
		    "(8) and\n" CLI_NAME "-COMMAND(8).\n");
	print_text(&s);
}

static void show_command(const struct cli_command *c)
{
	auto_str struct str s = { 0 };

	str_addf(&s, "Usage: " CLI_NAME " %s [OPTIONS]%s%s\n\n%s\n\nOptions:\n", c->name,
		 c->operands ? " " : "", c->operands ? c->operands : "", c->help);
	opt_usage(c->options, &s);
	print_text(&s);
}

static void show_version(void)
{
	auto_str struct str s = { 0 };

	str_addf(&s,
		 CLI_NAME " version " VERSION "\ncommit: " COMMIT "\nspec: " SPEC_VERSION "\n"
			  "libseccomp: %d.%d.%d\n",
		 SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO);
	print_text(&s);
}

static int check_operands(const struct cli_command *c, int n, struct err *e)
{
	if (n >= c->min && (c->max < 0 || n <= c->max))
		return 0;
	return err_set(e, EINVAL, "expected %s, got %d argument%s; see '" CLI_NAME " %s --help'",
		       c->operands ? c->operands : "no argument", n, n == 1 ? "" : "s", c->name);
}

/* The exit code, or -1; the command's own code of failure counts once it is understood. */
static int run_command(struct cli *cli, const struct cli_command *c, int argc, char **argv,
		       int *failed, struct err *e)
{
	void *options = arena_alloc(cli->arena, c->size);

	if (c->usable && c->usable(cli, e))
		return -1;
	if (c->options) {
		argc = opt_parse(c->options, argc, argv, c->parse, options, cli->arena, e);
		if (argc < 0)
			return -1;
		argv[argc] = NULL;	      /* main()'s ended so, but operands were moved */
		if (*(const bool *)options) { /* the first member is `help` */
			show_command(c);
			return 0;
		}
		if (check_operands(c, argc, e))
			return -1;
	}
	if (c->failed)
		*failed = c->failed;
	if (!c->plain && (globals_engine(cli, c, e) || globals_host(cli, c, e)))
		return -1;
	return c->run(cli, options, argc, argv, e);
}

/* `help` and `help COMMAND`, and what is asked by global options. */
static bool only_texts(const struct cli *cli, int argc, char **argv)
{
	const struct cli_command *c = NULL;

	if (cli->globals.version) {
		show_version();
		return true;
	}
	if (argc > 1 && !strcmp(argv[0], "help"))
		c = find_command(argv[1]);
	if (c && c->options) {
		show_command(c);
		return true;
	}
	if (cli->globals.help || !argc || !strcmp(argv[0], "help")) {
		show_usage();
		return true;
	}
	return false;
}

/* The commands that fork processes into containers; see sealed.h. */
const char sealed_words[][SEALED_WORD_MAX] = { "create", "run", "exec", "restore", "pod", "" };

/* 0 or -1, and *code to exit with in both cases. */
static int cli_main(struct cli *cli, int argc, char **argv, int *code, struct err *e)
{
	const struct cli_command *c;
	int n = opt_parse(cli_global_options, argc, argv, OPT_STOP_AT_FIRST, &cli->globals,
			  cli->arena, e);
	int ret;

	*code = CLI_FAILED;
	if (n < 0 || globals_log(&cli->globals, e))
		return -1;
	if (only_texts(cli, n, argv)) {
		*code = 0;
		return 0;
	}
	c = find_command(argv[0]);
	if (!c) {
		*code = CLI_UNKNOWN_COMMAND;
		return unknown_command(argv[0], e);
	}
	ret = run_command(cli, c, n - 1, argv + 1, code, e);
	if (ret < 0)
		return err_ctx(e, "%s", c->name);
	*code = ret;
	return 0;
}

/* A caller may have closed stdin, stdout or stderr: nothing of ours may take their place. */
static void fill_stdio(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR); /* kept ones shall survive an exec */
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static unsigned int count_inherited(void)
{
	int fd = STDERR_FILENO + 1;

	while (fd_is_open(fd))
		fd++;
	return (unsigned int)(fd - STDERR_FILENO - 1);
}

static void print_error(const struct err *e)
{
	if (log_to.fd == STDERR_FILENO) {
		log_line(STDERR_FILENO, log_to.format, LOG_ERROR, e->msg);
		return;
	}
	log_line(log_to.fd, log_to.format, LOG_ERROR, e->msg);
	log_line(STDERR_FILENO, LOG_TEXT, LOG_ERROR, e->msg);
}

int main(int argc, char **argv)
{
	auto_arena struct arena arena = { 0 };
	struct cli cli = { .arena = &arena, .globals.log_level = -1 };
	struct err e = { 0 };
	int code;

	sealed_begin(CLI_NAME);
	fill_stdio();
	cli.inherited = count_inherited();
	if (cli_main(&cli, argc ? argc - 1 : 0, argv + 1, &code, &e))
		print_error(&e);
	return code;
}
