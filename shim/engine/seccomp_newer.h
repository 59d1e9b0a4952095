/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_newer: ENOSYS, not EPERM, for system calls that a profile cannot know yet. */
#ifndef SHIM_ENGINE_SECCOMP_NEWER_H
#define SHIM_ENGINE_SECCOMP_NEWER_H

#include <linux/filter.h>
#include <stddef.h>

#include "shim/engine/plan_seccomp.h"

#define SECCOMP_NEWER_MAX     256 /* instructions of the prologue */
#define SECCOMP_NEWER_VERSION 1	  /* of what is generated: part of the cache's key */

/*
 * Instructions to put in front of a profile's filter: a system call with a
 * number above the highest that the profile names, on that architecture, gives ENOSYS; all
 * others fall through. A C library tries a new call (clone3, faccessat2, openat2) and
 * goes back to an old one only if it sees ENOSYS. Writes at most SECCOMP_NEWER_MAX
 * to out; returns how many, 0 where the plan wants none.
 */
size_t seccomp_newer(const struct plan_seccomp *p, struct sock_filter *out);

#endif
