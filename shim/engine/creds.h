/* SPDX-License-Identifier: Apache-2.0 */
/* creds: become the container's user with exactly the rights it is given. */
#ifndef SHIM_ENGINE_CREDS_H
#define SHIM_ENGINE_CREDS_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/engine/plan_proc.h"
#include "spec/base/err.h"

/*
 * All run in the child, single-threaded (capset(2) and prctl(2) are of a thread).
 * Order: creds_no_new_privs, creds_bounding, creds_user, creds_caps, creds_ambient.
 */

/* prctl(PR_SET_NO_NEW_PRIVS) where asked for. */
int creds_no_new_privs(const struct plan_proc *p, struct err *e);

/*
 * Drop the rest from the bounding set, while CAP_SETPCAP is there. ambient: dropped too.
 * Keeps permitted capabilities over the change of ids (PR_SET_KEEPCAPS).
 */
int creds_bounding(const struct plan_proc *p, struct err *e);

/*
 * Supplementary groups (also when there are none), gid, uid. setgroups_denied:
 * the user namespace forbids setgroups(2); then groups are only refused when asked for.
 */
int creds_user(const struct plan_proc *p, bool setgroups_denied, struct err *e);

/*
 * Permitted, effective, inheritable. extra: bits that are permitted and effective
 * beyond the plan until a second call takes them away.
 */
int creds_caps(const struct plan_proc *p, uint64_t extra, struct err *e);

/* What cannot be raised is no failure but a warning on that sync socket. */
void creds_ambient(const struct plan_proc *p, int warn_fd);

/* Does /proc/self/setgroups say "deny"? proc: see ns_open_proc(). */
bool creds_setgroups_denied(int proc);

#endif
