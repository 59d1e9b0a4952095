/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules: the whole table as text, and the errors containerd looks at. */
#include "shim/daemon/rules.h"

#include <errno.h>

#include "spec/base/str.h"
#include "tests/unit/test.h"

/* One line a verb, one letter a state: '.' refused, else the first letter of the next state. */
static void draw(bool exec, struct str *out)
{
	for (int v = 0; v < VERB_COUNT; v++) {
		for (int s = 0; s < ST_COUNT; s++) {
			enum state next;
			struct err e;

			if (rule_check(exec, (enum verb)v, (enum state)s, &next, &e))
				str_addc(out, '.');
			else
				str_addn(out, next == (enum state)s ? "=" : state_name(next), 1);
		}
		str_addc(out, '\n');
	}
}

TEST(rules_of_tasks)
{
	auto_str struct str s = { 0 };

	draw(false, &s);
	/* creating created starting running pausing paused resuming stopped deleting */
	CHECK_TEXT(str_text(&s), ".s.......\n"	 /* start */
				 ".======..\n"	 /* kill */
				 ".d.....d.\n"	 /* delete */
				 ".===.....\n"	 /* exec */
				 "...p.....\n"	 /* pause */
				 ".....r...\n"	 /* resume */
				 ".===.=...\n"	 /* update */
				 ".=======.\n"	 /* pids */
				 ".=======.\n"	 /* stats */
				 ".=======.\n"	 /* close io */
				 ".======..\n"); /* resize */
}

TEST(rules_of_execs)
{
	auto_str struct str s = { 0 };

	draw(true, &s);
	CHECK_TEXT(str_text(&s), ".s.......\n"
				 "...=.....\n"
				 ".d.....d.\n"
				 ".........\n"
				 ".........\n"
				 ".........\n"
				 ".........\n"
				 ".........\n"
				 ".........\n"
				 ".===...=.\n"
				 ".===.....\n");
}

TEST(rules_speak_containerds_language)
{
	enum state next;
	struct err e;

	CHECK(rule_check(false, VERB_KILL, ST_STOPPED, &next, &e) && e.num == ESRCH);
	CHECK_TEXT(e.msg, "process already finished");
	CHECK(rule_check(true, VERB_KILL, ST_CREATED, &next, &e) && e.num == EBUSY);
	CHECK(rule_check(false, VERB_PAUSE, ST_STOPPED, &next, &e) && e.num == EBUSY);
	CHECK_TEXT(e.msg, "cannot pause a stopped container");
	CHECK(rule_check(false, VERB_STATS, ST_CREATING, &next, &e) && e.num == ENOENT);
	CHECK(state_status(ST_STARTING) == 1 && state_status(ST_RUNNING) == 2);
	CHECK(state_status(ST_STOPPED) == 3 && state_status(ST_PAUSED) == 4);
}
