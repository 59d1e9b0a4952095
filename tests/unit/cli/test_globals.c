/* SPDX-License-Identifier: Apache-2.0 */
/* Global options: the state root, and who counts as unprivileged. */
#include "shim/cli/globals.h"
#include "tests/unit/test.h"

static const struct globals_facts root = { .euid = 0 };
static const struct globals_facts user = { .euid = 1000, .runtime_dir = "/run/user/1000" };

TEST(root_dir_of_the_administrator)
{
	auto_arena struct arena a = { 0 };
	struct cli_globals g = { 0 };
	struct err e = { 0 };

	CHECK_TEXT(globals_root(&g, &root, &a, &e), "/run/peapod");
}

TEST(root_dir_of_a_user_is_below_the_runtime_dir)
{
	auto_arena struct arena a = { 0 };
	const struct globals_facts homeless = { .euid = 1000 };
	struct cli_globals g = { 0 };
	struct err e = { 0 };

	CHECK_TEXT(globals_root(&g, &user, &a, &e), "/run/user/1000/peapod");
	CHECK(!globals_root(&g, &homeless, &a, &e));
	CHECK_HAS(e.msg, "XDG_RUNTIME_DIR");
}

TEST(root_dir_must_be_a_place_of_its_own)
{
	static char empty[] = "", slash[] = "/", slashes[] = "//./";
	char *const bad[] = { empty, slash, slashes };
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cli_globals g = { .root = bad[i] };

		CHECK(!globals_root(&g, &root, &a, &e));
		CHECK_HAS(e.msg, "--root must not be");
	}
}

TEST(relative_root_dir_becomes_absolute)
{
	static char relative[] = "state";
	auto_arena struct arena a = { 0 };
	struct cli_globals g = { .root = relative };
	struct err e = { 0 };
	const char *got = globals_root(&g, &root, &a, &e);

	ASSERT(got);
	CHECK(got[0] == '/');
	CHECK_HAS(got, "/state");
}

TEST(rootless_by_option_or_by_the_process)
{
	const struct globals_facts nested = { .in_userns = true, .user = "builder" };
	const struct globals_facts nested_root = { .in_userns = true, .user = "root" };
	struct cli_globals g = { 0 };

	CHECK(!globals_rootless(&g, &root));
	CHECK(globals_rootless(&g, &user));
	CHECK(globals_rootless(&g, &nested));
	CHECK(!globals_rootless(&g, &nested_root));
	g.rootless = CLI_ROOTLESS_TRUE;
	CHECK(globals_rootless(&g, &root));
	g.rootless = CLI_ROOTLESS_FALSE;
	CHECK(!globals_rootless(&g, &user));
}

static int parse(char *const *args, int n, struct cli_globals *g, struct arena *a, struct err *e)
{
	char *argv[8];

	for (int i = 0; i < n; i++)
		argv[i] = args[i];
	return opt_parse(cli_global_options, n, argv, OPT_STOP_AT_FIRST, g, a, e);
}

TEST(options_come_in_every_form)
{
	char *const forms[][4] = {
		{ "--root", "/x", "state", "--root" }, /* behind the command nothing is ours */
		{ "--root=/x", "state", "id", "--log" },
		{ "-root", "/x", "state", "-v" },
		{ "-root=/x", "state", "id", "-h" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		auto_arena struct arena a = { 0 };
		struct cli_globals g = { 0 };
		struct err e = { 0 };

		CHECK(parse(forms[i], 4, &g, &a, &e) >= 2);
		CHECK_TEXT(g.root, "/x");
		CHECK(!g.version && !g.help && !g.log);
	}
}

TEST(values_of_global_options_are_checked)
{
	char *const bad[][2] = {
		{ "--log-format", "xml" },
		{ "--cgroup-manager", "cgroups" },
		{ "--rootless", "maybe" },
		{ "--log-level", "loud" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		auto_arena struct arena a = { 0 };
		struct cli_globals g = { 0 };
		struct err e = { 0 };

		CHECK(parse(bad[i], 2, &g, &a, &e) < 0);
		CHECK_HAS(e.msg, "unknown value");
	}
}

TEST(log_must_be_there)
{
	static char journal[] = "journald:x\nPRIORITY=0", sys[] = "syslog:x y",
		    nowhere[] = "file:/no/such/dir/log";
	char *const bad[] = { journal, sys, nowhere };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cli_globals g = { .log = bad[i], .log_level = -1 };
		struct err e = { 0 };

		CHECK(globals_log(&g, &e));
	}
}

TEST(the_host_is_asked_only_for_a_command_that_plans)
{
	auto_arena struct arena a = { 0 };
	struct cli cli = { .arena = &a };
	struct err e;

	CHECK(!globals_host(&cli, &cmd_state, &e) && !cli.engine.host);
	CHECK(!globals_host(&cli, &cmd_start, &e) && !cli.engine.host);
	CHECK(!globals_host(&cli, &cmd_create, &e) && cli.engine.host);
}
