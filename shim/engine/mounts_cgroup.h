/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_cgroup: what a container sees of the cgroup hierarchies. */
#ifndef SHIM_ENGINE_MOUNTS_CGROUP_H
#define SHIM_ENGINE_MOUNTS_CGROUP_H

#include "shim/engine/plan_mount.h"
#include "spec/base/err.h"

/*
 * In the child, after it has joined its cgroups (and made its cgroup
 * namespace). With a namespace each hierarchy is mounted as it roots it; without,
 * v1 and hybrid hosts show the container's own directories only.
 */

/* A tmpfs with a directory for each hierarchy, mounted on dest; returns its owned fd. */
int mounts_cgroup1(const struct plan_mount *m, int dest, struct err *e);

/*
 * The v2 hierarchy, detached; an owned fd. Without a cgroup namespace it is a
 * bind of the host's: a new mount would change the options of the one
 * superblock (nsdelegate) for the host, too.
 */
int mounts_cgroup2(const struct plan_mount *m, struct err *e);

#endif
