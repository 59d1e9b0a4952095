/* SPDX-License-Identifier: Apache-2.0 */
/* completion: two generated `case` statements (the vocabulary), and a fixed part that walks the
 * line. */
#include "shim/cli/completion.h"

#include <string.h>

#include "spec/base/auto.h"

const struct name completion_shells[] = {
	{ "bash", COMPLETION_BASH },
	{ "zsh", COMPLETION_ZSH },
	{ 0 },
};

/* What the help calls a value or an operand -> what the script offers for it. */
static const struct kind {
	const char *word, *offer;
} kinds[] = {
	{ "ID", "@id" },
	{ "POD", "@pod" },
	{ "POD...", "@pod" },
	{ "SIGNAL", "@signal" },
	{ "[SIGNAL]", "@signal" },
	{ "[NAME=]BUNDLE", "@dir" },
	{ "[NAME=]BUNDLE...", "@dir" },
	{ "DIR", "@dir" },
	{ "DIRS", "@dir" },
	{ "FILE", "@file" },
	{ "PATH", "@file" },
	{ "bash|zsh", "@shell" },
};

/* Their ID is one that nobody has yet. */
static const char *const makers[] = { "create", "run" };

/* What does not depend on the tables, for bash and zsh. "--x=y" is three words in bash, one in zsh.
 */
static const char walker[] =
	"_peapod_offer() {\n"
	"\tlocal kind=$1 cur=$2 words= IFS=$' \\t\\n'\n"
	"\tcase $kind in\n"
	"\t'' | @none) return ;;\n"
	"\t@file) words=-f ;;\n"
	"\t@dir) words=-d ;;\n"
	"\t@signal) words='HUP INT QUIT KILL USR1 USR2 TERM CONT STOP WINCH' ;;\n"
	"\t@shell) words='bash zsh' ;;\n"
	"\t@id) words=$(\"${program[@]}\" list -q 2>/dev/null) ;;\n"
	"\t@pod) words=$(\"${program[@]}\" pod ps -q 2>/dev/null) ;;\n"
	"\t*) words=$kind ;;\n"
	"\tesac\n"
	"\tIFS=$'\\n'\n"
	"\tif [[ $words == -? ]]; then\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tCOMPREPLY=($(compgen \"$words\" -- \"$cur\"))\n"
	"\t\treturn\n"
	"\tfi\n"
	"\twords=${words//$'\\n'/ }\n"
	"\tIFS=$' \\t\\n'\n"
	"\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	"}\n"
	"\n"
	"# One word in front of the cursor: an option, its value, a command or an operand.\n"
	"_peapod_take() {\n"
	"\tlocal word=$1\n"
	"\tif [[ $word == '=' ]]; then\n"
	"\t\treturn\n"
	"\telif [[ -n $option ]]; then\n"
	"\t\t[[ $command$option != --root && $command$option != -root ]] || program+=(--root "
	"\"$word\")\n"
	"\t\toption=\n"
	"\telif [[ -z $ended && $word == -- ]]; then\n"
	"\t\tended=1\n"
	"\telif [[ -z $ended && $word == -*=* ]]; then\n"
	"\t\t[[ -n $command || $word != *-root=* ]] || program+=(--root \"${word#*=}\")\n"
	"\telif [[ -z $ended && $word == -?* ]]; then\n"
	"\t\tif _peapod_value \"$command $word\"; then\n"
	"\t\t\toption=$word\n"
	"\t\tfi\n"
	"\telif [[ -z $command || $command == pod ]]; then\n"
	"\t\tcommand=${command:+$command }$word\n"
	"\telse\n"
	"\t\toperand=$((operand + 1))\n"
	"\t\t_peapod_words \"$command\"\n"
	"\t\tended=$ended$stops\n"
	"\tfi\n"
	"}\n"
	"\n"
	"_peapod() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} program command= option= ended= operand=0\n"
	"\tlocal options= operands= stops= more= value= prefix= i\n"
	"\tprogram=(\"${COMP_WORDS[0]}\")\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\t_peapod_take \"${COMP_WORDS[i]}\"\n"
	"\tdone\n"
	"\t[[ $cur != '=' ]] || cur=\n"
	"\tif [[ -z $ended && -z $option && $cur == -*=* ]]; then\n"
	"\t\tprefix=${cur%%=*}= cur=${cur#*=}\n"
	"\t\toption=${prefix%=}\n"
	"\tfi\n"
	"\tif [[ -n $option ]]; then\n"
	"\t\t_peapod_value \"$command $option\"\n"
	"\t\t_peapod_offer \"$value\" \"$cur\"\n"
	"\t\tCOMPREPLY=(\"${COMPREPLY[@]/#/$prefix}\")\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t_peapod_words \"$command\"\n"
	"\tif [[ -z $ended && $cur == -* ]]; then\n"
	"\t\t_peapod_offer \"$options\" \"$cur\"\n"
	"\t\treturn\n"
	"\telif [[ -n $command && $command != pod ]]; then\n"
	"\t\tset -- $operands\n"
	"\t\toperands=$more\n"
	"\t\tif ((operand < $#)); then\n"
	"\t\t\tshift \"$operand\"\n"
	"\t\t\toperands=$1\n"
	"\t\tfi\n"
	"\tfi\n"
	"\t_peapod_offer \"$operands\" \"$cur\"\n"
	"}\n";

static const char *offer_of(const char *word, size_t len)
{
	for (size_t i = 0; i < countof(kinds); i++) {
		if (strlen(kinds[i].word) == len && !strncmp(kinds[i].word, word, len))
			return kinds[i].offer;
	}
	return "@none";
}

static void add_options(const struct opt *o, struct str *out)
{
	for (; o && o->name; o++) {
		if (o->help)
			str_addf(out, " --%s", o->name);
	}
}

/* "ID [SIGNAL]" -> "@id @signal" */
static void add_operands(const struct cli_command *c, struct str *out)
{
	const char *word = c->operands ? c->operands : "";
	bool maker = false;

	for (size_t i = 0; i < countof(makers); i++)
		maker |= !strcmp(c->name, makers[i]);
	while (*word) {
		size_t n = strcspn(word, " ");
		const char *offer = offer_of(word, n);

		str_addf(out, " %s", maker && !strcmp(offer, "@id") ? "@none" : offer);
		word += n + strspn(word + n, " ");
	}
}

static void add_names(const struct cli_command *const *list, struct str *out)
{
	for (; *list; list++) {
		if ((*list)->help)
			str_addf(out, " %s", (*list)->name);
	}
}

static void add_words(const struct cli_command *c, const char *parent, struct str *out)
{
	size_t n = strlen(c->operands ? c->operands : "");
	bool many = n > strlen("...") && !strcmp(c->operands + n - strlen("..."), "...");
	const char *last = many ? strrchr(c->operands, ' ') : NULL;

	if (many)
		last = offer_of(last ? last + 1 : c->operands,
				strlen(last ? last + 1 : c->operands));
	str_addf(out, "\t'%s%s') options='", parent, c->name);
	add_options(c->options, out);
	str_add(out, "' operands='");
	add_operands(c, out);
	str_addf(out, "' stops=%s more=%s ;;\n", c->parse & OPT_STOP_AT_FIRST ? "1" : "",
		 many ? last : "");
}

/* Sets $options, $operands, $more and $stops (its first operand ends the options). */
static void add_vocabulary(const struct completion *c, struct str *out)
{
	str_add(out, "_peapod_words() {\n\toptions= operands= stops= more=\n\tcase $1 in\n");
	str_add(out, "\t'') options='");
	add_options(c->globals, out);
	str_add(out, "' operands='help");
	add_names(c->commands, out);
	str_add(out, "' ;;\n\tpod) options=--help operands='help");
	add_names(c->pod_commands, out);
	str_add(out, "' ;;\n");
	for (const struct cli_command *const *list = c->commands; *list; list++) {
		if ((*list)->options && (*list)->help)
			add_words(*list, "", out);
	}
	for (const struct cli_command *const *list = c->pod_commands; *list; list++)
		add_words(*list, "pod ", out);
	str_add(out, "\tesac\n}\n\n");
}

static void add_value(const char *command, const struct opt *o, struct str *out)
{
	if (!o->arg || !o->help)
		return;
	str_addf(out, "\t'%s --%s'|'%s -%s'", command, o->name, command, o->name);
	if (o->letter)
		str_addf(out, "|'%s -%c'", command, o->letter);
	str_add(out, ") value='");
	for (const struct name *n = o->names; n && n->name; n++)
		str_addf(out, "%s%s", n == o->names ? "" : " ", n->name);
	if (!o->names)
		str_add(out, offer_of(o->arg, strlen(o->arg)));
	str_add(out, "' ;;\n");
}

static void add_values(const char *parent, const struct cli_command *const *list, struct str *out)
{
	for (; *list; list++) {
		auto_str struct str name = { 0 };

		str_addf(&name, "%s%s", parent, (*list)->name);
		for (const struct opt *o = (*list)->options; o && o->name; o++)
			add_value(str_text(&name), o, out);
	}
}

/* "COMMAND OPTION" -> what its value is in $value; fails for one that takes none. */
static void add_value_table(const struct completion *c, struct str *out)
{
	str_add(out, "_peapod_value() {\n\tvalue=\n\tcase $1 in\n");
	for (const struct opt *o = c->globals; o->name; o++)
		add_value("", o, out);
	add_values("", c->commands, out);
	add_values("pod ", c->pod_commands, out);
	str_add(out, "\t*) return 1 ;;\n\tesac\n}\n\n");
}

void completion_script(const struct completion *c, enum completion_shell shell, struct str *out)
{
	if (shell == COMPLETION_ZSH)
		str_add(out, "#compdef " CLI_NAME "\n");
	str_addf(out,
		 "# Completion of " CLI_NAME " for %s; made by `" CLI_NAME " completion %s`.\n",
		 names_of(completion_shells, shell), names_of(completion_shells, shell));
	if (shell == COMPLETION_ZSH)
		str_add(out, "autoload -U +X bashcompinit && bashcompinit\n");
	str_add(out, "\n");
	add_vocabulary(c, out);
	add_value_table(c, out);
	str_add(out, walker);
	str_add(out, "\ncomplete -F _peapod " CLI_NAME "\n");
	/* zsh loads the file, a function of the same name, at the first use: complete that one, too
	 */
	if (shell == COMPLETION_ZSH)
		str_add(out, "(( ! ${+compstate} )) || _bash_complete -F _peapod\n");
}
