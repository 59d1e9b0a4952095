/* SPDX-License-Identifier: Apache-2.0 */
/* dev: make device nodes and links below the new root, by fds only. */
#ifndef SHIM_ENGINE_DEV_H
#define SHIM_ENGINE_DEV_H

#include "shim/engine/plan_dev.h"
#include "spec/base/err.h"

/*
 * In the child after mounts_apply(): nodes with their exact mode whatever the
 * umask, bound from the host where mknod is not allowed; then the links. A
 * node that an image has already is kept when it is the same device, else an
 * error. The old root is still at "/".
 */
int dev_apply(const struct plan_dev *p, int rootfd, struct err *e);

/*
 * Bind the container's terminal on /dev/console. root: fd of the container's
 * "/". pty_slave must be a pty of a devpts that is mounted in the container
 * (from TIOCGPTPEER); both is verified, so that a swapped /dev/pts/N cannot
 * be bound (CVE-2025-52565).
 */
int dev_console(int root, int pty_slave, struct err *e);

/*
 * Open the container's /dev/null and verify that it is device 1:3, so that
 * nothing that an image puts there is used (CVE-2025-31133). flags as for open(2).
 */
int dev_null(int root, int flags, struct err *e);

#endif
