/* SPDX-License-Identifier: Apache-2.0 */
/* start: what is done for a container's program before it may run, and after. */
#ifndef SHIM_ENGINE_START_H
#define SHIM_ENGINE_START_H

#include "shim/engine/container.h"
#include "shim/engine/listener.h"

/*
 * Before: connect to the listener of its seccomp filter, where it has one: without it
 * it would run unwatched. The caller closes .sock and .pidfd.
 */
int start_listener(const struct container *c, struct arena *a, struct listener *l, struct err *e);

/*
 * After: the poststart hooks, of which one that fails stops the container (runtime-spec).
 * They run without the container's lock, since one that hangs would keep that from a
 * delete: what is done to the container afterwards needs it again.
 */
int start_hooks_after(const struct container *c, struct arena *a, struct err *e);

#endif
