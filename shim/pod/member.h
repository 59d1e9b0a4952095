/* SPDX-License-Identifier: Apache-2.0 */
/* member: start one container of a pod. */
#ifndef SHIM_POD_MEMBER_H
#define SHIM_POD_MEMBER_H

#include "shim/pod/pod.h"

/*
 * Can every member's config be read and joined to the pod? Needs nothing of the
 * pod: a mistake in the last of them shall not wait until the init containers
 * have done their work.
 */
int pod_members_check(const struct pod_env *env, const struct pod_spec *s, struct err *e);

/*
 * Read the member's config and make the joined one, with all checks that need
 * no start. The infra container must run. In the arena.
 */
struct oci_config *pod_member_config(const struct pod_env *env, const struct pod_record *r,
				     const struct pod_member *m, struct arena *a, struct err *e);

/*
 * Create and start it, its output appended to its log. The pid (a child of
 * ours); on failure nothing of it is left, and the log says why, too.
 */
pid_t pod_member_start(const struct pod_env *env, const struct pod_record *r,
		       const struct pod_member *m, struct err *e);

#endif
