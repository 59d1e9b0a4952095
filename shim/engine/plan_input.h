/* SPDX-License-Identifier: Apache-2.0 */
/* plan_input: what every planner gets to know. */
#ifndef SHIM_ENGINE_PLAN_INPUT_H
#define SHIM_ENGINE_PLAN_INPUT_H

#include <stdbool.h>

#include "shim/engine/host.h"
#include "spec/oci/config.h"

#define PLAN_NOTIFY_DIR	   "/run/notify" /* as runc has it */
#define PLAN_NOTIFY_SOCKET PLAN_NOTIFY_DIR "/notify.sock"

/* What a planner gets to know; each plan_x() is a pure function of it. */
struct plan_input {
	const struct oci_config *config;
	const struct host *host;
	const char *id;
	const char *bundle; /* absolute */
	bool systemd;	    /* cgroup driver */
	bool cgroups_disabled;
	const char *no_cgroups; /* why; NULL: the caller wants none */
	bool rootless;
	const char *notify_dir; /* to be /run/notify; NULL: none */
	bool no_pivot, no_new_keyring;
	unsigned int preserve_fds, listen_fds;
};

#endif
