/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup: make, join, limit, freeze, kill and remove a container's cgroups (cgroupfs driver). */
#ifndef SHIM_ENGINE_CGROUP_H
#define SHIM_ENGINE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/engine/plan_cgroup.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/state.h"

/* Open files of one container's cgroups. All are close-on-exec and owned. */
struct cgroup {
	pid_t member; /* in: already in the directories (systemd put it there); 0 */
	int v2_fd;    /* directory for CLONE_INTO_CGROUP; -1: no v2 hierarchy */
	int join_fds[CGROUP_DIRS_MAX]; /* v1 `tasks` files, open for writing */
	size_t n_join;
	int dir_fds[CGROUP_DIRS_MAX];	    /* as plan_cgroup.dirs; -1: skipped */
	unsigned int made[CGROUP_DIRS_MAX]; /* last components of the path that we made */
	size_t n_dirs;
};
#define CGROUP_INIT                                                                                \
	{                                                                                          \
		.v2_fd = -1                                                                        \
	}

/*
 * Parent, before clone3: make the directories in every hierarchy, enable the
 * controllers in the ancestors (v2), hand them over (delegation), write the
 * early settings, open what joining needs. A directory that exists must be
 * empty of processes (but for out->member) and not frozen (EBUSY). A hierarchy that nothing asked
 * for is skipped where it is read-only, not permitted or gone; an empty result is fine
 * (plan->warning or a logged one says so). Undoes itself on failure. Only .member of *out is read.
 */
int cgroup_create(const struct plan_cgroup *p, struct cgroup *out, struct err *e);

/*
 * Child, single-threaded: join the v1 hierarchies by writing "0" to `tasks`,
 * which (unlike cgroup.procs) waits for no RCU grace period since Linux 5.5.
 * The v2 one was joined by CLONE_INTO_CGROUP. Async-signal-safe, but for the error text.
 */
int cgroup_join_self(const struct cgroup *cg, struct err *e);

/* Parent: put a process into the v1 hierarchies where it is not yet (systemd manages some). */
int cgroup_join_pid(const struct cgroup *cg, pid_t pid, struct err *e);

/* Parent, after the heavy set-up: memory, pids, ..., the device policy. */
int cgroup_limit(const struct plan_cgroup *p, const struct cgroup *cg, struct err *e);

/* Close the fds. Removes nothing. */
void cgroup_close(struct cgroup *cg);

/*
 * Remove the directories that cgroup_create made, also those above the
 * container's own; what is in use, or gone already, is passed over. Works after cgroup_close().
 */
void cgroup_undo(const struct plan_cgroup *p, const struct cgroup *cg);

/*
 * s->cgroups and s->cgroup_driver. Without `cg` (before cgroup_create, so that
 * a killed runtime leaves a trace) every entry has .created false: destroy then
 * removes an empty directory, but kills nothing in it, for it may be another's. With `cg`
 * (after it) there are the directories that exist, .created true: processes
 * in there are the container's.
 */
void cgroup_to_state(const struct plan_cgroup *p, const struct cgroup *cg, struct oci_state *s,
		     struct arena *a);

/*
 * From the record only. Every function takes a missing directory for an empty
 * one, and is idempotent.
 */

/*
 * For one more process. list: NULL, or a list of "[controller,...:]path", each of an existing
 * cgroup below the container's; ".." is refused, and so are two for one hierarchy. Where the
 * container has moved itself below its v2 directory (which then takes no process: EBUSY), init's
 * own is used.
 */
int cgroup_open_for_exec(const struct oci_state *s, const struct json_strs *list,
			 struct cgroup *out, struct err *e);

/* All processes, also of cgroups below; sorted, unique, as this pid namespace sees them. */
int cgroup_pids(const struct oci_state *s, struct arena *a, pid_t **pids, size_t *n, struct err *e);

/*
 * Signal all of them: SIGKILL by cgroup.kill where there is one, else frozen,
 * signalled, thawed (so nothing forks away). SIGKILL also thaws what was paused. Does not wait.
 */
int cgroup_kill(const struct oci_state *s, int sig, struct err *e);

/*
 * Freeze and wait until all stand still (ETIMEDOUT after CGROUP_FREEZE_MS, thawed again),
 * or thaw. By cgroup.freeze where the container has a v2 directory, else by the v1 freezer.
 * ENOTSUP: it has neither.
 */
#define CGROUP_FREEZE_MS 10000
int cgroup_freeze(const struct oci_state *s, bool freeze, struct err *e);
bool cgroup_frozen(const struct oci_state *s);

/*
 * Remove the directories, those below first. EBUSY (processes still exiting)
 * is retried for CGROUP_REMOVE_MS; the error then names directory and a pid. A
 * directory that is not ours stays if there are processes in it.
 */
#define CGROUP_REMOVE_MS 5000
int cgroup_remove(const struct oci_state *s, struct err *e);

/* How many of its processes the OOM killer has killed; 0 also when that cannot be known. */
uint64_t cgroup_oom_kills(const struct oci_state *s);

#endif
