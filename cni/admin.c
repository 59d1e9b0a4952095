/* SPDX-License-Identifier: Apache-2.0 */
/* admin: one table of commands; help and completion are made from it. */
#include "cni/admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni/aliases.h"
#include "cni/lease.h"
#include "cni/repair.h"
#include "cni/survey.h"
#include "cni/survey_text.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/opt.h"
#include "spec/base/str.h"

#define EXIT_USAGE    2
#define GRACE_DEFAULT 60 /* seconds; an ADD takes milliseconds */

/* All options of all commands; each command's table has its own. */
struct options {
	char *data_dir, *alias_dir, *network;
	bool json, dry_run, help;
	uint32_t grace;
	char *shell; /* an operand */
};

#define OPT_HELP                                                                                   \
	{                                                                                          \
		"help", 'h', OPT_FLAG, offsetof(struct options, help), NULL, "print this help",    \
			NULL                                                                       \
	}
#define OPT_DATA_DIR                                                                               \
	{                                                                                          \
		"data-dir", 'd', OPT_STR, offsetof(struct options, data_dir), "DIR",               \
			"where leases are kept (" LEASE_DIR_DEFAULT ")", NULL                      \
	}
#define OPT_NETWORK                                                                                \
	{                                                                                          \
		"network", 'n', OPT_STR, offsetof(struct options, network), "NAME",                \
			"only that network", NULL                                                  \
	}
#define OPT_GRACE                                                                                  \
	{                                                                                          \
		"grace", 'g', OPT_U32, offsetof(struct options, grace), "SECONDS",                 \
			"how long a lease may be without its interface (60)", NULL                 \
	}

static const struct opt leases_options[] = {
	OPT_DATA_DIR,
	OPT_NETWORK,
	OPT_GRACE,
	{ "json", 'j', OPT_FLAG, offsetof(struct options, json), NULL, "print JSON", NULL },
	OPT_HELP,
	{ 0 },
};

static const struct opt gc_options[] = {
	OPT_DATA_DIR,
	{ "alias-dir", 'a', OPT_STR, offsetof(struct options, alias_dir), "DIR",
	  "where files with names of pods are (" ALIAS_DIR ")", NULL },
	OPT_NETWORK,
	OPT_GRACE,
	{ "dry-run", 0, OPT_FLAG, offsetof(struct options, dry_run), NULL,
	  "print what would be removed", NULL },
	OPT_HELP,
	{ 0 },
};

static const struct opt completion_options[] = { OPT_HELP, { 0 } };

/* A command fills *out, also when it fails. */
typedef int command_fn(const struct options *o, struct str *out, struct err *e);

static command_fn run_leases, run_gc, run_completion;

static const struct command {
	const char *name, *operand, *help;
	const struct opt *options;
	command_fn *run;
} commands[] = {
	{ "leases", NULL, "print who holds which address", leases_options, run_leases },
	{ "gc", NULL, "remove what dead pods left", gc_options, run_gc },
	{ "completion", "bash|zsh", "print a script that completes command lines in a shell",
	  completion_options, run_completion },
};

static struct survey_place place_of(const struct options *o)
{
	return (struct survey_place){
		.data_dir = o->data_dir ? o->data_dir : LEASE_DIR_DEFAULT,
		.alias_dir = o->alias_dir ? o->alias_dir : ALIAS_DIR,
		.network = o->network,
		.grace = o->grace,
	};
}

static int run_leases(const struct options *o, struct str *out, struct err *e)
{
	const struct survey_place place = place_of(o);
	auto_arena struct arena a = { 0 };
	auto_net struct net n = NET_INIT;
	struct survey s;

	if (net_open(&n, -1, e) || survey_all(&n, &place, &a, &s, e))
		return -1;
	if (o->json)
		survey_json(&s, &a, out);
	else
		survey_table(&s, out);
	return 0;
}

static int run_gc(const struct options *o, struct str *out, struct err *e)
{
	const struct survey_place place = place_of(o);
	auto_net struct net n = NET_INIT;

	return net_open(&n, -1, e) || repair(&n, &place, o->dry_run, out, e) ? -1 : 0;
}

/* The same function in both shells: zsh has bash's way to complete as a module. */
static int run_completion(const struct options *o, struct str *out, struct err *e)
{
	bool zsh = o->shell && str_eq(o->shell, "zsh");

	if (!zsh && !(o->shell && str_eq(o->shell, "bash")))
		return err_set(e, EINVAL, "completion: the shell is bash or zsh");
	if (zsh)
		str_add(out, "#compdef peapod-cni\nautoload -U +X bashcompinit && bashcompinit\n");
	str_add(out, "_peapod_cni() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n"
		     "\tlocal before=${COMP_WORDS[COMP_CWORD-1]}\n"
		     "\tif [[ $before == --data-dir || $before == -d || $before == --alias-dir || "
		     "$before == -a ]]; then\n"
		     "\t\tCOMPREPLY=($(compgen -d -- \"$cur\"))\n\t\treturn\n\tfi\n"
		     "\tcase $COMP_CWORD:${COMP_WORDS[1]} in\n\t1:*) words='--help --version");
	for (size_t i = 0; i < countof(commands); i++)
		str_addf(out, " %s", commands[i].name);
	str_add(out, "' ;;\n");
	for (size_t i = 0; i < countof(commands); i++) {
		str_addf(out, "\t*:%s) words='%s", commands[i].name,
			 commands[i].operand ? "bash zsh" : "");
		for (const struct opt *opt = commands[i].options; opt->name; opt++)
			str_addf(out, " --%s", opt->name);
		str_add(out, "' ;;\n");
	}
	str_add(out, "\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
		     "complete -F _peapod_cni peapod-cni\n");
	return 0;
}

/* ---- usage ---- */

static void add_help(const char *program, struct str *out)
{
	str_addf(out,
		 "Usage: CNI_COMMAND=VERB ... %s < CONFIG\n"
		 "       %s COMMAND [OPTIONS]\n\n"
		 "CNI plugins that wire pods; runtimes call them. For people:\n\n",
		 program, program);
	for (size_t i = 0; i < countof(commands); i++)
		str_addf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
	str_add(out, "\n  -h, --help   print this help, or a command's\n"
		     "  --version    print the version\n");
}

static void add_command_help(const char *program, const struct command *c, struct str *out)
{
	str_addf(out, "Usage: %s %s [OPTIONS]%s%s\n\n%s\n\n", program, c->name,
		 c->operand ? " " : "", c->operand ? c->operand : "", c->help);
	opt_usage(c->options, out);
}

static int print(const struct str *out)
{
	return write_all(STDOUT_FILENO, str_text(out), out->len) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int usage(const char *program, const char *what, const char *word)
{
	fprintf(stderr, "%s: %s '%s' (try %s --help)\n", program, what, word, program);
	return EXIT_USAGE;
}

static int run(const char *program, const struct command *c, int argc, char **argv)
{
	struct options o = { .grace = GRACE_DEFAULT };
	auto_arena struct arena a = { 0 };
	auto_str struct str out = { 0 };
	struct err e = { 0 };
	int n = opt_parse(c->options, argc, argv, 0, &o, &a, &e), rc;

	if (n < 0) {
		log_msg(LOG_ERROR, "%s: %s", c->name, e.msg);
		return EXIT_USAGE;
	}
	if (o.help) {
		add_command_help(program, c, &out);
		return print(&out);
	}
	if (n > (c->operand ? 1 : 0))
		return usage(program, "unexpected operand", argv[n - 1]);
	o.shell = n ? argv[0] : NULL;
	rc = c->run(&o, &out, &e);
	if (print(&out))
		return EXIT_FAILURE;
	if (rc)
		log_msg(LOG_ERROR, "%s: %s", c->name, e.msg);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

int admin_main(const char *program, int argc, char **argv)
{
	auto_str struct str out = { 0 };

	if (str_eq(argv[1], "--version")) {
		str_addf(&out, "%s %s\ncommit: %s\n", program, VERSION, COMMIT);
		return print(&out);
	}
	if (str_eq(argv[1], "--help") || str_eq(argv[1], "-h") || str_eq(argv[1], "help")) {
		add_help(program, &out);
		return print(&out);
	}
	for (size_t i = 0; i < countof(commands); i++)
		if (str_eq(commands[i].name, argv[1]))
			return run(program, &commands[i], argc - 2, argv + 2);
	return usage(program, "unknown command", argv[1]);
}
