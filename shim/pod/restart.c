/* SPDX-License-Identifier: Apache-2.0 */
/* restart: policy and exponential back-off. */
#include "shim/pod/restart.h"

bool pod_restart_wanted(enum pod_restart policy, int exit_code)
{
	if (policy == POD_RESTART_ON_FAILURE)
		return exit_code != 0;
	return policy == POD_RESTART_ALWAYS;
}

uint32_t pod_restart_delay(uint32_t last_ms, uint64_t ran_ms)
{
	if (last_ms == 0 || ran_ms >= RESTART_GOOD_MS)
		return RESTART_FIRST_MS;
	return last_ms >= RESTART_MAX_MS / 2 ? RESTART_MAX_MS : last_ms * 2;
}
