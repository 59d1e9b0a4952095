/* SPDX-License-Identifier: Apache-2.0 */
/* root: make the root file system a mount, enter it, and lock it down. */
#ifndef SHIM_ENGINE_ROOT_H
#define SHIM_ENGINE_ROOT_H

#include "shim/engine/plan_mounts.h"
#include "spec/base/err.h"

/*
 * All four run in the child, single-threaded, in its namespaces, in this order:
 * root_prepare, mounts_apply, dev_apply, root_pivot, dev_console, root_seal.
 *
 * root_prepare: set the propagation of the inherited tree, bind the root file
 * system onto itself. *rootfd is an owned O_PATH fd of the new root mount.
 * The old root is at "/" until root_pivot().
 */
int root_prepare(const struct plan_mounts *p, int *rootfd, struct err *e);

/*
 * Make rootfd "/" and get rid of the old root: pivot_root(".", ".") (which
 * needs no directory for the old one), MS_MOVE and chroot for no_pivot, or
 * just chroot without a mount namespace. The working directory is "/" then.
 */
int root_pivot(const struct plan_mounts *p, int rootfd, struct err *e);

/*
 * In the new root: its propagation, masked and read-only paths, the mounts that
 * turn read-only last, and the root itself. Paths that are not there are
 * skipped; anything else that cannot be protected is an error.
 */
int root_seal(struct plan_mounts *p, struct err *e);

#endif
