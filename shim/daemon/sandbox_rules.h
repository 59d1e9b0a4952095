/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_rules: state x verb of a pod without a pause container; pure. */
#ifndef SHIM_DAEMON_SANDBOX_RULES_H
#define SHIM_DAEMON_SANDBOX_RULES_H

#include "spec/base/err.h"

/*
 * containerd asks in any order and more than once: CreateSandbox that ran out
 * of time is followed by ShutdownSandbox while the work is still under way,
 * StopSandbox comes once more before ShutdownSandbox, and both come after a restart.
 */
enum sandbox_state {
	SANDBOX_NONE, /* no pod by the Sandbox API: a pod with a pause task, or none yet */
	SANDBOX_CREATING,
	SANDBOX_CREATED,
	SANDBOX_READY,
	SANDBOX_STOPPING,
	SANDBOX_STOPPED, /* also when its holder died */
	SANDBOX_CLOSING, /* ShutdownSandbox is removing everything */
	SANDBOX_CLOSED,
	SANDBOX_STATES,
};

enum sandbox_verb {
	SANDBOX_CREATE,
	SANDBOX_START,
	SANDBOX_STOP,
	SANDBOX_WAIT,
	SANDBOX_LOOK,	  /* Status, Ping, Platform */
	SANDBOX_MEASURE,  /* Metrics */
	SANDBOX_RUN,	  /* Create of a task */
	SANDBOX_SHUTDOWN, /* removes everything, then the shim ends */
	SANDBOX_VERBS,
};

enum sandbox_action {
	SANDBOX_REFUSE, /* *e says why */
	SANDBOX_DO,
	SANDBOX_LATER, /* answer when what is under way has ended, and act then */
	SANDBOX_DONE,  /* it is so already */
};

const char *sandbox_state_name(enum sandbox_state s);

/*
 * What to do. Refusals are ENOENT (there is no such pod), EEXIST, or EBUSY, with the
 * pod's state in the text.
 */
enum sandbox_action sandbox_rule(enum sandbox_verb verb, enum sandbox_state state, struct err *e);

#endif
