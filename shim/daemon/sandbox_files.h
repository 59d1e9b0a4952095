/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_files: hosts, hostname, resolv.conf and /dev/shm of a pod; in a helper process. */
#ifndef SHIM_DAEMON_SANDBOX_FILES_H
#define SHIM_DAEMON_SANDBOX_FILES_H

#include "shim/daemon/sandbox_plan.h"
#include "spec/base/err.h"

/* Of the holder, below the pod's files. */
#define HOLDER_BUNDLE "holder"
#define HOLDER_ROOTFS "holder/rootfs" /* a tmpfs: /run may be noexec */

/*
 * They are the shim's own, below the pod's directory: containerd makes none for
 * a shim that runs pods by itself, and its restart would remove what it finds in
 * its own place. They belong to the pod's root.
 */

/* Make <dir>/sandbox with the files in it, and mount its shm. It may block. */
int sandbox_files_make(const struct sandbox_plan *p, const char *dir, struct err *e);

/* One more file there. */
int sandbox_files_add(const char *dir, const char *name, const char *text, struct err *e);

/*
 * Give them the SELinux label of a container's mounts, which is the same in the whole pod. A
 * file system without labels is no error.
 */
int sandbox_files_label(const char *dir, const char *label, struct err *e);

/* Unmount and remove all of it; nothing there is no error. */
int sandbox_files_remove(const char *dir, struct err *e);

/* Is there something? */
bool sandbox_files_exist(const char *dir);

#endif
