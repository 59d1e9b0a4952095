/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_rules: one table, to be checked by eye. */
#include "shim/daemon/sandbox_rules.h"

#include <errno.h>

/* A letter a state, in the order of the enum: see the switch in sandbox_rule(). */
static const char *const rules[SANDBOX_VERBS] = {
	/*                    none
	 *                    |creating
	 *                    ||created
	 *                    |||ready
	 *                    ||||stopping
	 *                    |||||stopped
	 *                    ||||||closing
	 *                    |||||||closed */
	[SANDBOX_CREATE] = "+eeeeeee", [SANDBOX_START] = "nb+bbbbb",
	[SANDBOX_STOP] = "nl++l=l=",   [SANDBOX_WAIT] = "nllll===",
	[SANDBOX_LOOK] = "n=======",   [SANDBOX_MEASURE] = "nb++bbbb",
	[SANDBOX_RUN] = "+bb+bbbb",    [SANDBOX_SHUTDOWN] = "=l++l+l=",
};

static const char *const verbs[SANDBOX_VERBS] = {
	[SANDBOX_CREATE] = "create", [SANDBOX_START] = "start",
	[SANDBOX_STOP] = "stop",     [SANDBOX_WAIT] = "wait for",
	[SANDBOX_LOOK] = "look at",  [SANDBOX_MEASURE] = "measure",
	[SANDBOX_RUN] = "run in",    [SANDBOX_SHUTDOWN] = "shut down",
};

const char *sandbox_state_name(enum sandbox_state s)
{
	static const char *const names[SANDBOX_STATES] = {
		[SANDBOX_NONE] = "missing",	     [SANDBOX_CREATING] = "half made",
		[SANDBOX_CREATED] = "created",	     [SANDBOX_READY] = "running",
		[SANDBOX_STOPPING] = "half stopped", [SANDBOX_STOPPED] = "stopped",
		[SANDBOX_CLOSING] = "half removed",  [SANDBOX_CLOSED] = "removed",
	};

	return names[s];
}

enum sandbox_action sandbox_rule(enum sandbox_verb verb, enum sandbox_state state, struct err *e)
{
	switch (rules[verb][state]) {
	case '+':
		return SANDBOX_DO;
	case '=':
		return SANDBOX_DONE;
	case 'l':
		return SANDBOX_LATER;
	case 'n':
		err_set(e, ENOENT, "cannot %s a pod that does not exist: not found", verbs[verb]);
		return SANDBOX_REFUSE;
	case 'e':
		err_set(e, EEXIST, "the pod already exists");
		return SANDBOX_REFUSE;
	default:
		err_set(e, EBUSY, "cannot %s a %s pod", verbs[verb], sandbox_state_name(state));
		return SANDBOX_REFUSE;
	}
}
