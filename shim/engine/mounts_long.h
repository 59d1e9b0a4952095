/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_long: file systems with options longer than fsconfig(2) takes (overlay's layers). */
#ifndef SHIM_ENGINE_MOUNTS_LONG_H
#define SHIM_ENGINE_MOUNTS_LONG_H

#include <stdbool.h>

#include "shim/engine/mounts_make.h"
#include "spec/base/err.h"

#define MOUNT_DATA_MAX 4095 /* bytes of all options together, mount(2) */

bool mount_is_long(const struct mount_fs *fs);

/*
 * As mount_new(), but by mount(2). That needs a place in the mount tree: for a
 * moment a tmpfs is mounted on the directory `place`, where nobody else can be
 * in the way, and is gone again on return. The old root's /proc must be visible.
 */
int mount_new_long(const struct mount_fs *fs, int place, struct err *e);

#endif
