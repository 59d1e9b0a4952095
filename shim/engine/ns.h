/* SPDX-License-Identifier: Apache-2.0 */
/* ns: open, verify, make and enter namespaces; id maps; names and sysctls inside. */
#ifndef SHIM_ENGINE_NS_H
#define SHIM_ENGINE_NS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/engine/plan_ns.h"
#include "spec/base/err.h"

/* Open namespaces, by type; -1: nothing to enter. */
struct ns_fds {
	int fd[OCI_NS_COUNT];
};
#define NS_FDS_INIT                                                                                \
	{                                                                                          \
		.fd = { [0 ... OCI_NS_COUNT - 1] = -1 }                                            \
	}

/* /proc, verified to be procfs itself: what it shows of others needs no further trust. */
int ns_open_proc(struct err *e);

/*
 * Parent: open every path of the plan and check that it leads to a namespace of
 * that kind. One that is our own already gets no fd: entering the own user
 * namespace is refused by the kernel. Sysctls and names for such a one are refused: they
 * would change the host.
 */
int ns_open(const struct plan_ns *p, struct ns_fds *out, struct err *e);
void ns_close(struct ns_fds *fds);

/*
 * Must the child be made in two steps (a process enters, then clones the one that
 * goes on)? True where entering shows in children only, or where new namespaces
 * must belong to an entered user namespace, or new time offsets come before the first process.
 */
bool ns_is_staged(const struct plan_ns *p, const struct ns_fds *fds);

/*
 * Child: enter them, in the plan's order; what is refused is tried again after
 * the user namespace. Id maps that the config gives besides must be those of the
 * user namespace joined. proc: from ns_open_proc().
 */
int ns_enter(const struct plan_ns *p, const struct ns_fds *fds, int proc, struct err *e);

/* Staged child, before ns_enter(): a new time namespace for its children, with the offsets. */
int ns_new_time(const struct plan_ns *p, int proc, struct err *e);

/* Parent: write the id maps of the child's new user namespace. */
int ns_write_maps(const struct plan_ns *p, int proc, pid_t pid, struct err *e);

/* Child, in a new or entered user namespace: become its root, with all rights there. */
int ns_become_root(struct err *e);

/* Child, in its namespaces: hostname, domainname; then sysctls through `proc`. */
int ns_set_names(const struct plan_ns *p, struct err *e);
int ns_set_sysctls(const struct plan_ns *p, int proc, struct err *e);

/*
 * Open a file below procfs, refusing links and mounts on the way (so a file that
 * somebody mounted over it is not written). flags as for open(2).
 */
int ns_proc_file(int proc, const char *path, int flags, struct err *e);

#endif
