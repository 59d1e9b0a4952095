/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_doctor: doctor. */
#include <unistd.h>

#include "shim/cli/cli.h"
#include "shim/cli/doctor.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"

struct doctor_options {
	bool help, json;
};

static const struct opt doctor_options[] = {
	CLI_HELP_ROW(struct doctor_options),
	{ "json", 0, OPT_FLAG, offsetof(struct doctor_options, json), NULL,
	  "print one JSON document", NULL },
	{ 0 },
};

static int run_doctor(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct doctor_options *o = options;
	const struct doctor_facts *facts = doctor_gather(&cli->engine, cli->arena);
	const struct doctor_report *report = doctor_judge(facts, cli->arena);
	auto_str struct str out = { 0 };

	(void)argc;
	(void)argv;
	if (o->json)
		doctor_json(report, &out);
	else
		doctor_text(report, &out);
	if (write_all(STDOUT_FILENO, out.s, out.len))
		return err_sys(e, "write to standard output");
	return report->passed ? 0 : CLI_FAILED;
}

const struct cli_command cmd_doctor = {
	.name = "doctor",
	.help = "check whether this host can run containers and pods",
	.options = doctor_options,
	.size = sizeof(struct doctor_options),
	.plans = true, /* nothing, but the facts are what it judges */
	.run = run_doctor,
};
