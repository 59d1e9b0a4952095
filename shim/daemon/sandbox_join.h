/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_join: what a container's config becomes in a pod without a pause container; pure. */
#ifndef SHIM_DAEMON_SANDBOX_JOIN_H
#define SHIM_DAEMON_SANDBOX_JOIN_H

#include <sys/types.h>

#include "shim/daemon/sandbox_plan.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/config.h"

/* What of the pod a container gets; borrowed. */
struct sandbox_join {
	struct sandbox_modes modes;
	pid_t pid;	      /* whose namespaces are the pod's: the shim, or the holder */
	const char *dir;      /* of the pod */
	int ns[OCI_NS_COUNT]; /* fds of those that are the pod's own, for sandbox_join_pin(); -1 */
};

/* Is a namespace of that type the pod's own? */
bool sandbox_join_owns(const struct sandbox_modes *m, enum oci_ns type);

/*
 * Change the config in place, new parts in the arena.
 *
 * containerd makes up /proc/PID/ns/KIND from the pid that it was told (0 where
 * it was told none) whatever the modes of the pod are. Paths with that pid, with
 * 0 or with the live one therefore mean "as the pod has it": the pod's namespace,
 * or none where the pod shares the host's. Other paths are explicit and stay.
 *
 * Closed where there is nothing right to do (EINVAL): no entry at all for a
 * namespace that the pod has of its own, which would put the container on the
 * host; the pod's pid namespace where its containers have one each; the pod's
 * user namespace where it has none.
 *
 * Files of the pod are mounted where the config mounts nothing; the tmpfs
 * that every config has on /dev/shm is none of its own.
 */
int sandbox_join(struct oci_config *c, const struct sandbox_join *j, struct arena *a,
		 struct err *e);

/*
 * Put /proc/self/fd/N for the paths of the pod's namespaces in a config that has been joined. The
 * paths would be looked up when the container is about to be made: if the pod has been stopped by
 * then, the shim is at home again, and they are the host's.
 */
void sandbox_join_pin(struct oci_config *c, const struct sandbox_join *j, struct arena *a);

#endif
