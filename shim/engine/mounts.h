/* SPDX-License-Identifier: Apache-2.0 */
/* mounts: carry out the mount records below the new root, by fds only. */
#ifndef SHIM_ENGINE_MOUNTS_H
#define SHIM_ENGINE_MOUNTS_H

#include "shim/engine/plan_mounts.h"
#include "spec/base/err.h"

/*
 * In the parent, before the clone: open as detached mounts what the child may
 * not be able to reach from its user namespace, and make id-mapped ones (each
 * mapping costs a short-lived child process). Does nothing for a container
 * that needs neither; refuses one that would join our own mount namespace,
 * where all that follows would be done to the host. The fds (close-on-exec) are kept in the plan
 * and are inherited by the child.
 */
int mounts_open_sources(struct plan_mounts *p, struct err *e);

/* Close the fds that the plan holds; in the parent after the clone, and on failure. */
void mounts_close(struct plan_mounts *p);

/*
 * In the child, single-threaded, in its namespaces (also cgroup and user),
 * after joining its cgroup, with the old root still at "/": all records in
 * order. rootfd is from root_prepare(). Mounts that turn read-only last
 * are kept open in the plan for root_seal().
 * The error names the record: "mounts[3] '/data': ...".
 */
int mounts_apply(struct plan_mounts *p, int rootfd, struct err *e);

#endif
