/* SPDX-License-Identifier: Apache-2.0 */
/* pod_main: the table of pod commands. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shim/cli/globals.h"
#include "shim/cli/pod.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"

const struct cli_command *const pod_commands[] = {
	&pod_cmd_run,  &pod_cmd_add, &pod_cmd_ps, &pod_cmd_inspect, &pod_cmd_logs, &pod_cmd_exec,
	&pod_cmd_stop, &pod_cmd_rm,  NULL,
};

static const struct cli_command *find_command(const char *name, struct err *e)
{
	struct name names[countof(pod_commands)] = { 0 };
	const char *near;

	for (size_t i = 0; pod_commands[i]; i++) {
		if (!strcmp(pod_commands[i]->name, name))
			return pod_commands[i];
		names[i].name = pod_commands[i]->name;
	}
	near = names_nearest(names, name);
	err_set(e, EINVAL, "unknown command '%s'%s%s%s", name, near ? ", did you mean '" : "",
		near ? near : "; see '" CLI_NAME " pod --help'", near ? "'?" : "");
	return NULL;
}

static void print_text(const struct str *text)
{
	(void)write_all(STDOUT_FILENO, text->s, text->len); /* a closed stdout is the caller's */
}

static void show_usage(void)
{
	auto_str struct str s = { 0 };

	str_add(&s,
		"Usage: " CLI_NAME " pod COMMAND [OPTIONS] [ARGUMENTS]\n\n"
		"Runs containers that share network, ipc, host name and volumes.\n\nCommands:\n");
	for (size_t i = 0; pod_commands[i]; i++)
		str_addf(&s, "  %-8s %s\n", pod_commands[i]->name, pod_commands[i]->help);
	str_add(&s,
		"\n'" CLI_NAME " pod COMMAND --help' tells more; so does " CLI_NAME "-pod(8).\n");
	print_text(&s);
}

static void show_command(const struct cli_command *c)
{
	auto_str struct str s = { 0 };

	str_addf(&s, "Usage: " CLI_NAME " pod %s [OPTIONS] %s\n\n%s\n\nOptions:\n", c->name,
		 c->operands, c->help);
	opt_usage(c->options, &s);
	print_text(&s);
}

static int run(struct cli *cli, const struct cli_command *c, int argc, char **argv, struct err *e)
{
	void *options = arena_alloc(cli->arena, c->size);
	int n = opt_parse(c->options, argc, argv, c->parse, options, cli->arena, e);

	if (n < 0)
		return -1;
	if (*(const bool *)options) { /* the first member is `help` */
		show_command(c);
		return 0;
	}
	if (n < c->min || (c->max >= 0 && n > c->max))
		return err_set(e, EINVAL, "expected %s, got %d argument%s", c->operands, n,
			       n == 1 ? "" : "s");
	if (globals_host(cli, c, e))
		return -1;
	return c->run(cli, options, n, argv, e);
}

int pod_command(struct cli *cli, int argc, char **argv, struct err *e)
{
	const struct cli_command *c;
	int code;

	if (argc == 0 || !strcmp(argv[0], "--help") || !strcmp(argv[0], "-h") ||
	    !strcmp(argv[0], "help")) {
		show_usage();
		return 0;
	}
	c = find_command(argv[0], e);
	if (!c)
		return -1;
	code = run(cli, c, argc - 1, argv + 1, e);
	return code < 0 ? err_ctx(e, "%s", c->name) : code;
}
