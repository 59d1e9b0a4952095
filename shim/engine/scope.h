/* SPDX-License-Identifier: Apache-2.0 */
/* scope: a container's systemd scope, over D-Bus: start, verify, change, stop. */
#ifndef SHIM_ENGINE_SCOPE_H
#define SHIM_ENGINE_SCOPE_H

#include <stdbool.h>
#include <sys/types.h>

#include "shim/engine/plan_cgroup.h"
#include "shim/engine/plan_input.h"
#include "shim/engine/plan_scope.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

/*
 * org.freedesktop.systemd1(5). The system's manager is asked over its own
 * socket (/run/systemd/private, which needs no bus and no other process), or over the
 * system bus where that is not there; the user's likewise below $XDG_RUNTIME_DIR. Each call
 * connects anew and waits SCOPE_TIMEOUT_MS at most.
 */
#define SCOPE_TIMEOUT_MS 30000

/*
 * Start the unit with the process in it and wait until that is done; a failed leftover of
 * that name is reset first. Properties that are late are not set. On failure there is no unit.
 */
int scope_start(const struct plan_scope *p, pid_t pid, struct err *e);

/*
 * Is the process really in it? Then plan->dirs get the paths where it is. proc: host's
 * /proc. A systemd that says "done" and leaves the process in our own cgroup would make all that
 * follows limit, freeze and kill ourselves.
 */
int scope_locate(const struct plan_input *in, struct plan_cgroup *plan, int proc, pid_t pid,
		 struct arena *a, struct err *e);

/* Set those properties that are late; nothing when there is none. */
int scope_set_late(const struct plan_scope *p, struct err *e);

/*
 * Set properties of a unit that exists (SetUnitProperties, at runtime only), and wait until
 * systemd has written its files: ours may then be written over them.
 */
int scope_set(const char *unit, bool user, const struct unit_props *props, struct err *e);

/* Move one more process into the unit: for who may not do it himself. sub: "" or "/below". */
int scope_attach(const char *unit, bool user, const char *sub, pid_t pid, struct err *e);

/*
 * After a create that was killed while it started the unit of container `id`, within
 * SCOPE_SWEEP_MS: stop it if it is there without any process. systemd keeps such a scope for
 * ever, where the process had ended just when it was put into it. Another container's unit of
 * that name is left alone.
 */
#define SCOPE_SWEEP_MS 1000
void scope_sweep(const char *unit, bool user, const char *id);

/* Stop it, wait for that, and forget its failure. A unit that is gone is fine. */
int scope_stop(const char *unit, bool user, struct err *e);

#endif
