/* SPDX-License-Identifier: Apache-2.0 */
/* destroy: remove what is left of a container, whoever made it and however far it came. */
#ifndef SHIM_ENGINE_DESTROY_H
#define SHIM_ENGINE_DESTROY_H

#include "shim/engine/engine.h"

/*
 * Whoever holds the lock: kill what lives, remove the cgroups, the directory,
 * then run the poststop hooks (whose failures are warnings). hooks: false while no
 * process has come into being yet. Goes on after a failure as far as is safe and reports the
 * first; the directory stays when a cgroup does, so that another try can be made.
 */
int destroy_remains(const struct engine *en, const struct oci_state *s, bool hooks, struct err *e);

#endif
