/* SPDX-License-Identifier: Apache-2.0 */
/* rules: one table for tasks, one for execs. */
#include "shim/daemon/rules.h"

#include <errno.h>

#include "spec/base/auto.h"
#include "spec/ttrpc/task.pb-c.h"

static const struct {
	const char *name;
	int status;
} states[ST_COUNT] = {
	[ST_CREATING] = { "creating", PB__TASK_STATUS__CREATED },
	[ST_CREATED] = { "created", PB__TASK_STATUS__CREATED },
	[ST_STARTING] = { "starting", PB__TASK_STATUS__CREATED },
	[ST_RUNNING] = { "running", PB__TASK_STATUS__RUNNING },
	[ST_PAUSING] = { "pausing", PB__TASK_STATUS__PAUSING },
	[ST_PAUSED] = { "paused", PB__TASK_STATUS__PAUSED },
	[ST_RESUMING] = { "resuming", PB__TASK_STATUS__PAUSED },
	[ST_STOPPED] = { "stopped", PB__TASK_STATUS__STOPPED },
	[ST_DELETING] = { "deleted", PB__TASK_STATUS__STOPPED },
};

static const char *const verbs[VERB_COUNT] = {
	[VERB_START] = "start",
	[VERB_KILL] = "signal",
	[VERB_DELETE] = "delete",
	[VERB_EXEC] = "exec in",
	[VERB_PAUSE] = "pause",
	[VERB_RESUME] = "resume",
	[VERB_UPDATE] = "update",
	[VERB_PIDS] = "list the processes of",
	[VERB_STATS] = "measure",
	[VERB_CLOSE_IO] = "close stdin of",
	[VERB_RESIZE] = "resize the terminal of",
};

/* What is not in the table is refused. */
struct rule {
	bool allowed;
	enum state next;
};
#define STAY(s)	  [s] = { true, s }
#define TO(s, to) [s] = { true, to }

static const struct rule task_rules[VERB_COUNT][ST_COUNT] = {
	[VERB_START] = { TO(ST_CREATED, ST_STARTING) },
	[VERB_KILL] = { STAY(ST_CREATED), STAY(ST_STARTING), STAY(ST_RUNNING), STAY(ST_PAUSING),
			STAY(ST_PAUSED), STAY(ST_RESUMING) },
	[VERB_DELETE] = { TO(ST_CREATED, ST_DELETING), TO(ST_STOPPED, ST_DELETING) },
	[VERB_EXEC] = { STAY(ST_CREATED), STAY(ST_STARTING), STAY(ST_RUNNING) },
	[VERB_PAUSE] = { TO(ST_RUNNING, ST_PAUSING) },
	[VERB_RESUME] = { TO(ST_PAUSED, ST_RESUMING) },
	[VERB_UPDATE] = { STAY(ST_CREATED), STAY(ST_STARTING), STAY(ST_RUNNING), STAY(ST_PAUSED) },
	[VERB_PIDS] = { STAY(ST_CREATED), STAY(ST_STARTING), STAY(ST_RUNNING), STAY(ST_PAUSING),
			STAY(ST_PAUSED), STAY(ST_RESUMING), STAY(ST_STOPPED) },
	[VERB_STATS] = { STAY(ST_CREATED), STAY(ST_STARTING), STAY(ST_RUNNING), STAY(ST_PAUSING),
			 STAY(ST_PAUSED), STAY(ST_RESUMING), STAY(ST_STOPPED) },
	[VERB_CLOSE_IO] = { STAY(ST_CREATED), STAY(ST_STARTING), STAY(ST_RUNNING), STAY(ST_PAUSING),
			    STAY(ST_PAUSED), STAY(ST_RESUMING), STAY(ST_STOPPED) },
	[VERB_RESIZE] = { STAY(ST_CREATED), STAY(ST_STARTING), STAY(ST_RUNNING), STAY(ST_PAUSING),
			  STAY(ST_PAUSED), STAY(ST_RESUMING) },
};

static const struct rule exec_rules[VERB_COUNT][ST_COUNT] = {
	[VERB_START] = { TO(ST_CREATED, ST_STARTING) },
	[VERB_KILL] = { STAY(ST_RUNNING) },
	[VERB_DELETE] = { TO(ST_CREATED, ST_DELETING), TO(ST_STOPPED, ST_DELETING) },
	[VERB_CLOSE_IO] = { STAY(ST_CREATED), STAY(ST_STARTING), STAY(ST_RUNNING),
			    STAY(ST_STOPPED) },
	[VERB_RESIZE] = { STAY(ST_CREATED), STAY(ST_STARTING), STAY(ST_RUNNING) },
};

const char *state_name(enum state s)
{
	return states[s].name;
}

int state_status(enum state s)
{
	return states[s].status;
}

int rule_check(bool exec, enum verb verb, enum state state, enum state *next, struct err *e)
{
	const struct rule *r = exec ? &exec_rules[verb][state] : &task_rules[verb][state];

	if (r->allowed) {
		*next = r->next;
		return 0;
	}
	if (verb == VERB_KILL && (state == ST_STOPPED || state == ST_DELETING))
		return err_set(e, ESRCH, "process already finished");
	if (verb == VERB_STATS) /* the one answer that containerd, which asks every second, skips */
		return err_set(e, ENOENT, "a %s container has no figures: not found",
			       states[state].name);
	return err_set(e, EBUSY, "cannot %s a %s %s", verbs[verb], states[state].name,
		       exec ? "process" : "container");
}
