/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of `ps` and `list`. */
#include "shim/cli/list_table.h"
#include "shim/cli/ps_table.h"
#include "tests/unit/test.h"

#include <errno.h>

#define PS                                                                                         \
	"UID          PID    PPID  C STIME TTY          TIME CMD\n"                                \
	"root           1       0  0 14:00 ?        00:00:01 init 12\n"                            \
	"root          12       1  0 14:00 ?        00:00:00 sh -c 1\n"                            \
	"root         121       1  0 14:00 ?        00:00:00 sleep\n"

TEST(ps_keeps_the_heading_and_the_pids)
{
	auto_str struct str out = { 0 };
	const pid_t pids[] = { 12 };
	struct err e = { 0 };

	CHECK(!ps_table_filter(PS, pids, 1, &out, &e));
	CHECK_TEXT(str_text(&out), "UID          PID    PPID  C STIME TTY          TIME CMD\n"
				   "root          12       1  0 14:00 ?        00:00:00 sh -c 1\n");
}

TEST(ps_finds_the_column_wherever_it_is)
{
	auto_str struct str out = { 0 };
	const pid_t pids[] = { 7, 12 };
	struct err e = { 0 };

	CHECK(!ps_table_filter("  PID CMD\n    7 a\n   12 b\n   70 c\n\nodd", pids, 2, &out, &e));
	CHECK_TEXT(str_text(&out), "  PID CMD\n    7 a\n   12 b\n");
	str_clear(&out);
	CHECK(!ps_table_filter("CMD\tPID", pids, 2, &out, &e));
	CHECK_TEXT(str_text(&out), "CMD\tPID\n");
}

TEST(ps_without_a_pid_column_is_an_error)
{
	auto_str struct str out = { 0 };
	struct err e = { 0 };

	CHECK(ps_table_filter("PPID CMD\n1 a\n", NULL, 0, &out, &e));
	CHECK(e.num == EINVAL);
	CHECK(ps_table_filter("", NULL, 0, &out, &e));
}

TEST(ps_is_run_with_arguments_and_its_failure_is_told)
{
	char o[] = "-o", fields[] = "pid=X,args", bad[] = "--no-such-option";
	char *args[] = { o, fields, NULL }, *wrong[] = { bad, NULL };
	auto_str struct str out = { 0 };
	struct err e = { 0 };

	CHECK(!ps_table_run(args, &out, &e));
	CHECK_HAS(str_text(&out), "pid=X,args");
	CHECK(ps_table_run(wrong, &out, &e));
	CHECK_HAS(e.msg, "ps failed");
}

static char id[] = "a", long_id[] = "a-very-long-name", bundle[] = "/b", owner[] = "root",
	    created[] = "2026-01-02T03:04:05.000000006Z";

TEST(list_aligns_columns_to_the_widest)
{
	struct oci_state s = { .id = id, .bundle = bundle, .created = created, .owner = owner };
	struct oci_state t = { .id = long_id, .bundle = bundle };
	struct engine_info infos[] = { { &s, OCI_RUNNING, 12345 }, { &t, OCI_STOPPED, 0 } };
	auto_str struct str out = { 0 };

	list_table(infos, 2, &out);
	CHECK_TEXT(str_text(&out), "ID                 PID         STATUS      BUNDLE      "
				   "CREATED                          OWNER\n"
				   "a                  12345       running     /b          "
				   "2026-01-02T03:04:05.000000006Z   root\n"
				   "a-very-long-name   0           stopped     /b          "
				   "                                 \n");
}

TEST(list_json_is_an_array_even_when_empty)
{
	struct oci_state s = { .id = id, .bundle = bundle, .created = created, .owner = owner };
	struct engine_info infos[] = { { &s, OCI_RUNNING, 12 }, { &s, OCI_STOPPED, 0 } };
	auto_arena struct arena a = { 0 };
	auto_str struct str out = { 0 };
	struct json_object *doc;
	struct err e = { 0 };

	list_json(infos, 0, &a, &out);
	CHECK_TEXT(str_text(&out), "[]\n");
	str_clear(&out);
	list_json(infos, 2, &a, &out);
	doc = json_parse(str_text(&out), out.len, &e);
	ASSERT(doc);
	CHECK(json_object_array_length(doc) == 2);
	CHECK_HAS(str_text(&out), "\"status\":\"stopped\"");
	json_object_put(doc);
}
