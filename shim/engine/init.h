/* SPDX-License-Identifier: Apache-2.0 */
/* init: the child half of create, from the clone to the user's program. */
#ifndef SHIM_ENGINE_INIT_H
#define SHIM_ENGINE_INIT_H

#include "shim/engine/child.h"

/* CLONE_* flags with which the container's process itself is cloned. */
uint64_t init_clone_flags(const struct child *c);

/* Do hooks want to see the container as it is before the pivot? */
bool init_has_hooks(const struct child *c);

/* In the cloned process; the parent's side of it is in create.c and start.c. */
_Noreturn void init_main(struct child *c);

#endif
