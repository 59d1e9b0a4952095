/* SPDX-License-Identifier: Apache-2.0 */
/* idmap: mounts whose files show other owners, mount_setattr(2) MOUNT_ATTR_IDMAP. */
#ifndef SHIM_ENGINE_IDMAP_H
#define SHIM_ENGINE_IDMAP_H

#include <stdbool.h>

#include "spec/base/err.h"
#include "spec/oci/config.h"

/*
 * A user namespace that exists for its maps only. Its fd, close-on-exec, the
 * caller's; or -1.
 */
int idmap_userns(const struct oci_idmaps *uids, const struct oci_idmaps *gids, struct err *e);

/*
 * Map the ids of the detached mount `tree` (or of all of it) by that namespace.
 * The error does not name the mount.
 */
int idmap_tree(int tree, int userns, bool recursive, struct err *e);

#endif
