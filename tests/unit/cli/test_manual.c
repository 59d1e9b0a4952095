/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of the manual. */
#include "shim/cli/manual.h"
#include "tests/unit/test.h"

#include <errno.h>

static const struct name sizes[] = { { "small", 1 }, { "big", 2 }, { 0 } };
static const struct opt options[] = {
	{ "size", 's', OPT_ENUM, 0, "SIZE", "how large", sizes },
	{ "user", 'u', OPT_STRS, 0, "UID[:GID]", "who; '\\' is none", NULL },
	{ "old", 0, OPT_FLAG, 0, NULL, NULL, NULL },
	{ "mode", 0, OPT_ENUM, 0, "small|big", ".5 is not a mode", sizes },
	{ 0 },
};
static const struct manual page = {
	.name = "peapod-pod-eat",
	.command = "pod eat",
	.help = "eat peas",
	.operands = "[NAME=]BUNDLE... [MORE [STILL]]",
	.options = options,
	.failed = 7,
};

TEST(manual_page_comes_from_table_and_notes)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str out = { 0 };
	struct err e = { 0 };

	CHECK(!manual_page(&page,
			   ".\\\" licence\nPeas.\n@option user\nA number.\n@section EXAMPLES\nx\n"
			   "@section SEE ALSO\n.Xr peapod 8\n",
			   &a, &out, &e));
	CHECK_HAS(str_text(&out), ".Dt PEAPOD-POD-EAT 8\n.Os\n.Sh NAME\n.Nm peapod-pod-eat\n"
				  ".Nd eat peas\n.Sh SYNOPSIS\n.Nm peapod\n.Op Ar global-options\n"
				  ".Cm pod eat\n.Op Ar options\n"
				  ".Oo Ar NAME= Oc Ns Ar BUNDLE... Oo Ar MORE Oo Ar STILL Oc Oc\n"
				  ".Sh DESCRIPTION\nPeas.\n.Sh OPTIONS\n.Bl -tag -width indent\n"
				  ".It Fl s , -size Ar SIZE\nHow large.\nOne of small, big.\n"
				  ".It Fl u , -user Ar UID Ns Oo Ar :GID Oc\nWho; '\\e' is none.\n"
				  "May be given more than once.\nA number.\n"
				  ".It Fl -mode Ar small | Ar big\n\\&.5 is not a mode.\n.El\n"
				  ".Sh EXIT STATUS\n0, or 7 for any failure.\n"
				  ".Sh EXAMPLES\nx\n.Sh SEE ALSO\n.Xr peapod 8\n");
}

TEST(manual_notes_are_about_what_is_there)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str out = { 0 };
	struct err e = { 0 };

	CHECK(manual_page(&page, "Peas.\n@option sise\nNo.\n", &a, &out, &e));
	CHECK_TEXT(e.msg, "@option sise: there is no such option");
	CHECK(manual_page(&page, ".\\\" licence\n@section EXAMPLES\nx\n", &a, &out, &e));
	CHECK_TEXT(e.msg, "no description");
}

TEST(manual_notes_may_say_the_exit_status_themselves)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str out = { 0 };
	struct err e = { 0 };

	CHECK(!manual_page(&page, "Peas.\n@section EXIT STATUS\nMine.\n@section EXAMPLES\nx\n", &a,
			   &out, &e));
	CHECK_HAS(str_text(&out), ".El\n.Sh EXIT STATUS\nMine.\n.Sh EXAMPLES\n");
}
