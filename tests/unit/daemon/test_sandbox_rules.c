/* SPDX-License-Identifier: Apache-2.0 */
/* test_sandbox_rules: any order of calls, any number of times. */
#include "shim/daemon/sandbox_rules.h"

#include <errno.h>

#include "tests/unit/test.h"

static enum sandbox_action ask(enum sandbox_verb verb, enum sandbox_state state, int *num)
{
	struct err e = { 0 };
	enum sandbox_action action = sandbox_rule(verb, state, &e);

	*num = e.num;
	return action;
}

TEST(sandbox_every_cell_is_an_action_or_says_why)
{
	for (int v = 0; v < SANDBOX_VERBS; v++) {
		for (int s = 0; s < SANDBOX_STATES; s++) {
			int num;
			enum sandbox_action action = ask(v, s, &num);

			CHECK((action == SANDBOX_REFUSE) == (num != 0));
		}
	}
}

TEST(sandbox_shutdown_is_never_refused)
{
	int num;

	for (int s = 0; s < SANDBOX_STATES; s++)
		CHECK(ask(SANDBOX_SHUTDOWN, s, &num) != SANDBOX_REFUSE);
	CHECK(ask(SANDBOX_SHUTDOWN, SANDBOX_NONE, &num) == SANDBOX_DONE);
	CHECK(ask(SANDBOX_SHUTDOWN, SANDBOX_CREATING, &num) == SANDBOX_LATER);
	CHECK(ask(SANDBOX_SHUTDOWN, SANDBOX_STOPPED, &num) == SANDBOX_DO);
	CHECK(ask(SANDBOX_SHUTDOWN, SANDBOX_CLOSED, &num) == SANDBOX_DONE);
}

TEST(sandbox_stop_twice_is_once)
{
	int num;

	CHECK(ask(SANDBOX_STOP, SANDBOX_READY, &num) == SANDBOX_DO);
	CHECK(ask(SANDBOX_STOP, SANDBOX_STOPPING, &num) == SANDBOX_LATER);
	CHECK(ask(SANDBOX_STOP, SANDBOX_STOPPED, &num) == SANDBOX_DONE);
	CHECK(ask(SANDBOX_STOP, SANDBOX_CREATING, &num) == SANDBOX_LATER);
	CHECK(ask(SANDBOX_STOP, SANDBOX_NONE, &num) == SANDBOX_REFUSE && num == ENOENT);
}

TEST(sandbox_never_missing_once_it_is_there)
{
	int num;

	/* containerd forgets a pod of which it hears NotFound, and keeps its shim */
	for (int v = 0; v < SANDBOX_VERBS; v++) {
		for (int s = SANDBOX_CREATING; s < SANDBOX_STATES; s++) {
			ask(v, s, &num);
			CHECK(num != ENOENT);
		}
	}
}

TEST(sandbox_runs_containers_only_while_it_is_ready)
{
	int num;

	CHECK(ask(SANDBOX_RUN, SANDBOX_NONE, &num) == SANDBOX_DO); /* a pod with a pause task */
	for (int s = SANDBOX_CREATING; s < SANDBOX_STATES; s++)
		CHECK((ask(SANDBOX_RUN, s, &num) == SANDBOX_DO) == (s == SANDBOX_READY));
}

TEST(sandbox_wait_ends_with_the_pod)
{
	int num;

	for (int s = SANDBOX_CREATING; s < SANDBOX_STATES; s++)
		CHECK(ask(SANDBOX_WAIT, s, &num) ==
		      (s < SANDBOX_STOPPED ? SANDBOX_LATER : SANDBOX_DONE));
}
