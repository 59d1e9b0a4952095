/* SPDX-License-Identifier: Apache-2.0 */
/* restore_place: mount points for a restore, made as create makes them. */
#ifndef SHIM_ENGINE_RESTORE_PLACE_H
#define SHIM_ENGINE_RESTORE_PLACE_H

#include "shim/engine/plan_mounts.h"
#include "spec/base/err.h"

/*
 * CRIU mounts, but on what is there only. So everything is mounted once in a mount namespace
 * that nobody else sees and that is thrown away: what this leaves in the root file system, and in
 * the volumes below it, are the mount points.
 */
int restore_make_places(struct plan_mounts *p, struct err *e);

#endif
