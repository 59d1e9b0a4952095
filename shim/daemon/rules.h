/* SPDX-License-Identifier: Apache-2.0 */
/* rules: state x verb: what may be asked of a process, and what it becomes by it; pure. */
#ifndef SHIM_DAEMON_RULES_H
#define SHIM_DAEMON_RULES_H

#include <stdbool.h>

#include "spec/base/err.h"

/* Of a task (its init) and of an exec. */
enum state {
	ST_CREATING,
	ST_CREATED,
	ST_STARTING,
	ST_RUNNING,
	ST_PAUSING,
	ST_PAUSED,
	ST_RESUMING,
	ST_STOPPED,
	ST_DELETING,
	ST_COUNT,
};

enum verb {
	VERB_START,
	VERB_KILL,
	VERB_DELETE,
	VERB_EXEC,
	VERB_PAUSE,
	VERB_RESUME,
	VERB_UPDATE,
	VERB_PIDS,
	VERB_STATS,
	VERB_CLOSE_IO,
	VERB_RESIZE,
	VERB_COUNT,
};

const char *state_name(enum state s);

/*
 * May the verb be done now? 0, and *next is the state while it is being done
 * (the same state when nothing changes); or -1: EBUSY when the state forbids
 * it ("cannot pause a stopped container"), ESRCH when there is nothing left to
 * signal, ENOENT when there is nothing to measure.
 */
int rule_check(bool exec, enum verb verb, enum state state, enum state *next, struct err *e);

/* The number of TaskStatus on the wire. */
int state_status(enum state s);

#endif
