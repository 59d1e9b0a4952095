/* SPDX-License-Identifier: Apache-2.0 */
/* holder: our pause program as process 1 of a pod, or its member of a user namespace. */
#ifndef SHIM_DAEMON_HOLDER_H
#define SHIM_DAEMON_HOLDER_H

#include <sys/types.h>

#include "shim/daemon/sandbox_plan.h"
#include "shim/daemon/work.h"
#include "spec/base/err.h"

/*
 * In a helper: make and start it through the engine, as a container of the
 * sandbox's id without any privilege, whose root file system has one file: the
 * program, which is part of the shim. Its pid; nothing is left on failure but
 * files. engine_destroy() of the id ends it.
 */
pid_t holder_start(const struct work *w, const struct sandbox_plan *p, struct err *e);

#endif
