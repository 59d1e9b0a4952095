/* SPDX-License-Identifier: Apache-2.0 */
/* teardown: the end of a pod, from its directory alone; every step is idempotent. */
#ifndef SHIM_POD_TEARDOWN_H
#define SHIM_POD_TEARDOWN_H

#include "shim/pod/pod.h"

/* Ids of the engine's containers of this pod, the infra container last. */
int pod_containers(const struct pod_env *env, const char *pod, struct arena *a, char ***ids,
		   size_t *n, struct err *e);

/* TERM to every member, and wait for their ends for at most so many seconds. */
void pod_ask_members(const struct pod_env *env, const char *pod, uint32_t seconds);

/*
 * Kill and remove all containers, DEL the network, drop the netns. Every step
 * is tried; -1 with the first failure. The directory and its record stay.
 */
int pod_teardown(const struct pod_env *env, const char *pod, int dirfd, struct err *e);

#endif
