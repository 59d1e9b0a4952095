/* SPDX-License-Identifier: Apache-2.0 */
/* restart: whether and when a container that ended is started again; pure. */
#ifndef SHIM_POD_RESTART_H
#define SHIM_POD_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/pod/record.h"

#define RESTART_FIRST_MS 100
#define RESTART_MAX_MS	 60000
#define RESTART_GOOD_MS	 10000 /* a run this long was good: the delays begin anew */

/* Does the policy start a container again that ended with this exit code? */
bool pod_restart_wanted(enum pod_restart policy, int exit_code);

/*
 * The delay before the next start, doubled each time. last_ms is what this
 * function gave the last time, 0 at first; ran_ms how long the container has run.
 */
uint32_t pod_restart_delay(uint32_t last_ms, uint64_t ran_ms);

#endif
