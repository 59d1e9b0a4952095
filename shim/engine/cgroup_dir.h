/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_dir: directories and small files of cgroupfs, for the cgroup_*.c beside it. */
#ifndef SHIM_ENGINE_CGROUP_DIR_H
#define SHIM_ENGINE_CGROUP_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/engine/plan_cgroup.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/state.h"

struct cgroup;

#define CGROUP_FILE_MAX	 (64 << 10) /* bytes of a control file */
#define CGROUP_PROCS_MAX (64 << 20) /* bytes of cgroup.procs: all pids of a big host */
#define CGROUP_DEPTH_MAX 256	    /* directories below each other, one fd each */

/* Is the controller in the comma-separated key of a v1 hierarchy? */
bool cgroup_key_has(const char *key, const char *controller);

/* Is the word in a list that is separated by white space? */
bool cgroup_list_has(const char *list, const char *word);

/* The text of a control file, without its last line break; NULL on failure. */
char *cgroup_read(int dirfd, const char *file, struct arena *a, struct err *e);

/* "KEY NUMBER" lines (cgroup.events, memory.events, memory.oom_control); false: not there. */
bool cgroup_read_key(int dirfd, const char *file, const char *key, uint64_t *value);

/*
 * Open the directory of a state record. -1 with ENOENT when it is gone; any
 * directory that is not on cgroupfs is refused (EINVAL).
 */
int cgroup_open(const char *path, struct err *e);

/* The record of the v2 directory; of the v1 hierarchy with that controller; NULL. Only .created. */
const struct oci_cgroup_dir *cgroup_find_v2(const struct oci_state *s);
const struct oci_cgroup_dir *cgroup_find_v1(const struct oci_state *s, const char *controller);

/*
 * Make one directory of a plan: mkdir each component, with controllers enabled
 * (v2) or cpusets inherited (v1) on the way. It must be thawed, and empty of processes but for
 * `member`. The fd of
 * the directory; *made counts the last components that are new, also on failure.
 */
int cgroup_make(const struct plan_cgroup *p, const struct plan_cgroup_dir *d, pid_t member,
		unsigned int *made, struct err *e);

/* rmdir the last `made` components. */
void cgroup_unmake(const struct plan_cgroup_dir *d, unsigned int made);

/* The settings of one phase: early ones, or the others. */
int cgroup_write_all(const struct plan_cgroup *p, const struct cgroup *cg, bool early,
		     struct err *e);

/* Add the pids of a directory and all below it to a list that starts empty. */
struct cgroup_pids {
	pid_t *v; /* malloc'd */
	size_t n, cap;
};
int cgroup_collect(int dirfd, struct cgroup_pids *out, struct err *e);
void cgroup_pids_done(struct cgroup_pids *p);
#define auto_pids __attribute__((cleanup(cgroup_pids_done)))

void cgroup_sleep_ms(unsigned int ms);

#endif
