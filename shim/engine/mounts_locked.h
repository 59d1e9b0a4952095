/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_locked: clones of the host's mounts whose flags a user namespace cannot take off. */
#ifndef SHIM_ENGINE_MOUNTS_LOCKED_H
#define SHIM_ENGINE_MOUNTS_LOCKED_H

#include <stddef.h>

#include "spec/base/err.h"

struct mount_source {
	const char *what; /* in front of the error */
	const char *path;
	unsigned int flags; /* as for mount_clone() */
	int fd;		    /* the detached mount; owned by the caller */
};

/*
 * For a privileged runtime and a container with a user namespace: the sources
 * can be opened with our rights only, but what is read-only, nosuid, nodev,
 * noexec or has its access times set on the host must stay so for the
 * container's root (mount_namespaces(7), "Restrictions on mount namespaces"). The kernel locks the
 * flags when it copies a mount namespace for a lesser user namespace, so they are cloned from such
 * a copy. Two short-lived processes. EPERM: we have no such rights. On failure no fd is left.
 */
int mounts_clone_locked(struct mount_source *v, size_t n, struct err *e);

#endif
