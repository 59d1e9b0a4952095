/* SPDX-License-Identifier: Apache-2.0 */
/* What `exec` makes of the container's process and its options. */
#include "shim/cli/exec_process.h"
#include "tests/unit/test.h"

#include <stdint.h>
#include <stdlib.h>

static void check_user(const char *text, uint32_t want_uid, uint32_t want_gid)
{
	uint32_t uid = 7, gid = 8;
	struct err e = { 0 };

	CHECK(!exec_parse_user(text, &uid, &gid, &e));
	CHECK(uid == want_uid && gid == want_gid);
}

TEST(user_is_a_number_or_two)
{
	check_user("1", 1, 8);
	check_user("0:0", 0, 0);
	check_user("1000:100", 1000, 100);
	check_user("4294967294:4294967294", 4294967294, 4294967294);
}

/* A text that is no number must not become root. */
TEST(user_refuses_all_else)
{
	static const char *const bad[] = {
		"",	"root",	 ":",	       "1:",	       "1:root",     ":1",
		"-1",	"+1",	 " 1",	       "1 ",	       "1x",	     "0x1",
		"1:-1", "1:2:3", "4294967295", "1:4294967295", "4294967296", "18446744073709551616",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t uid = 7, gid = 8;
		struct err e = { 0 };

		if (!exec_parse_user(bad[i], &uid, &gid, &e))
			test_failed(__FILE__, __LINE__, bad[i]);
		CHECK(uid == 7 && gid == 8);
		CHECK_HAS(e.msg, "expected a number");
	}
}

static char *strings[] = { "A=1", "CAP_CHOWN", "CAP_KILL", "12", "x", "/work", "profile", "label" };
static char *args[] = { "/bin/echo", "hi", NULL };

static struct oci_process base_process(void)
{
	return (struct oci_process){
		.terminal = true,
		.cwd = strings[4],
		.env = { 1, &strings[4] },
		.user = { .uid = 5, .gid = 6 },
	};
}

TEST(without_options_all_but_terminal_and_args_stays)
{
	auto_arena struct arena a = { 0 };
	struct oci_process base = base_process();
	struct exec_overrides o = { 0 };
	struct err e = { 0 };
	struct oci_process *p = exec_process_make(&base, &o, args, 2, &a, &e);

	ASSERT(p);
	CHECK(!p->terminal && base.terminal);
	CHECK(p->args.n == 2 && p->args.v == args);
	CHECK(p->env.n == 1 && p->user.uid == 5 && p->user.gid == 6 && !p->capabilities);
	CHECK_TEXT(p->cwd, "x");
	CHECK(!p->no_new_privileges);
}

TEST(options_replace_or_add)
{
	auto_arena struct arena a = { 0 };
	struct oci_process base = base_process();
	struct exec_overrides o = {
		.cwd = strings[5],
		.apparmor = strings[6],
		.process_label = strings[7],
		.user = strings[3],
		.env = { 1, &strings[0] },
		.additional_gids = { 1, &strings[3] },
		.tty = true,
		.no_new_privs = true,
	};
	struct err e = { 0 };
	struct oci_process *p = exec_process_make(&base, &o, args, 2, &a, &e);

	ASSERT(p);
	CHECK(p->terminal && p->no_new_privileges);
	CHECK_TEXT(p->cwd, "/work");
	CHECK_TEXT(p->apparmor_profile, "profile");
	CHECK_TEXT(p->selinux_label, "label");
	CHECK(p->user.uid == 12 && p->user.gid == 6);
	ASSERT(p->env.n == 2 && p->user.additional_gids.n == 1);
	CHECK_TEXT(p->env.v[0], "x");
	CHECK_TEXT(p->env.v[1], "A=1");
	CHECK(!p->env.v[2]);
	CHECK(p->user.additional_gids.v[0] == 12);
	CHECK(base.env.n == 1); /* the container's own is not touched */
}

TEST(caps_are_never_inheritable)
{
	auto_arena struct arena a = { 0 };
	struct oci_process base = base_process();
	struct oci_caps caps = { .bounding = { 1, &strings[1] } };
	struct exec_overrides o = { .caps = { 1, &strings[2] } };
	struct err e = { 0 };
	struct oci_process *p;

	base.capabilities = &caps;
	p = exec_process_make(&base, &o, args, 2, &a, &e);
	ASSERT(p && p->capabilities);
	ASSERT(p->capabilities->bounding.n == 2);
	CHECK_TEXT(p->capabilities->bounding.v[1], "CAP_KILL");
	CHECK(p->capabilities->effective.n == 1 && p->capabilities->permitted.n == 1);
	CHECK(!p->capabilities->inheritable.n && !p->capabilities->ambient.n);
	CHECK(caps.bounding.n == 1);
}

TEST(caps_are_ambient_where_the_container_has_inheritable_ones)
{
	auto_arena struct arena a = { 0 };
	struct oci_process base = base_process();
	struct oci_caps caps = { .inheritable = { 1, &strings[1] } };
	struct exec_overrides o = { .caps = { 1, &strings[2] } };
	struct err e = { 0 };
	struct oci_process *p;

	base.capabilities = &caps;
	p = exec_process_make(&base, &o, args, 2, &a, &e);
	ASSERT(p && p->capabilities);
	CHECK(p->capabilities->inheritable.n == 1);
	ASSERT(p->capabilities->ambient.n == 1);
	CHECK_TEXT(p->capabilities->ambient.v[0], "CAP_KILL");
}

TEST(additional_gids_are_numbers)
{
	auto_arena struct arena a = { 0 };
	struct oci_process base = base_process();
	struct exec_overrides o = { .additional_gids = { 1, &strings[4] } };
	struct err e = { 0 };

	CHECK(!exec_process_make(&base, &o, args, 2, &a, &e));
	CHECK_HAS(e.msg, "--additional-gids 'x'");
}
