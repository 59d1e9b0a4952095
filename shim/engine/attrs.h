/* SPDX-License-Identifier: Apache-2.0 */
/* attrs: what else a process has: limits, OOM score, scheduling, keyring, security labels. */
#ifndef SHIM_ENGINE_ATTRS_H
#define SHIM_ENGINE_ATTRS_H

#include <stdbool.h>
#include <sys/types.h>

#include "shim/engine/plan_proc.h"
#include "spec/base/err.h"

/*
 * Below this soft limit of open files our own work would fail, so that limit is
 * set right before the exec (attrs_late_rlimits) instead of with the others.
 */
#define ATTRS_FILES_ROOM 64

/*
 * Parent: raise hard limits that the child may not raise itself (it may be in
 * another user namespace), and set the OOM score. proc: see ns_open_proc(). A
 * score that may not be lowered (EACCES) is an error unless it has that value
 * already or we are rootless (then a warning).
 */
int attrs_of_child(const struct plan_proc *p, pid_t pid, int proc, bool rootless, struct err *e);

/* Child, still with rights: the limits; and those that were put off. */
int attrs_rlimits(const struct plan_proc *p, struct err *e);
int attrs_late_rlimits(const struct plan_proc *p, struct err *e);

/* Child: execCPUAffinity.initial, before it joins its cgroup. */
int attrs_cpus_initial(const struct plan_proc *p, struct err *e);

/*
 * Child, in its cgroup: CPUs (final, or else all that the cpuset has: since
 * Linux 6.2 a mask inherited from a pinned runtime would stay), scheduler, I/O
 * priority, memory policy, personality.
 */
int attrs_schedule(const struct plan_proc *p, struct err *e);

/* Child: a session keyring "_ses.<id>" of its own; a kernel without keyrings is fine. */
int attrs_keyring(const struct plan_proc *p, const char *id, struct err *e);

/* Child: AppArmor profile and SELinux label for the coming execve, through procfs. */
int attrs_lsm(const struct plan_proc *p, int proc, struct err *e);

#endif
