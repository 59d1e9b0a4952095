/* SPDX-License-Identifier: Apache-2.0 */
/* work: what helper processes do: the engine's calls, with all that surrounds them. */
#ifndef SHIM_DAEMON_WORK_H
#define SHIM_DAEMON_WORK_H

#include <stdbool.h>

#include "shim/daemon/io.h"
#include "shim/daemon/job.h"
#include "shim/daemon/sandbox_join.h"
#include "shim/engine/engine.h"
#include "spec/ttrpc/task.pb-c.h"

/*
 * A pod's directory has
 *   bundles/ID   a symbolic link to the bundle, made before anything is mounted
 *   socket       a symbolic link to the daemon's socket
 * from which, with the engine's state, all that a pod has can be removed when
 * its daemon was killed.
 */
#define WORK_BUNDLES	 "bundles"
#define WORK_SOCKET	 "socket"
#define WORK_BUNDLES_MAX 2048 /* more than a pod may have containers */

/* Where a pod is; borrowed. */
struct place {
	const char *ns;	  /* containerd's namespace */
	const char *root; /* the engine's state, shared by all pods of the namespace */
	const char *dir;  /* the pod's directory */
};

/* What every piece of work needs; borrowed. */
struct work {
	const struct place *place;
	const char *id;
};

/* Note the bundle of a container, or of the pod, in the pod's directory. */
int work_record(const struct work *w, const char *bundle, struct err *e);

/* The cgroup driver shows in the form of the path: "slice:prefix:name" is systemd's. */
enum engine_cgroups work_cgroup_driver(const struct oci_config *c);

struct work_create {
	struct work work;
	const char *bundle;
	const Pb__CreateTaskRequest *request;
	const struct io_child *io;
	const struct sandbox_join *join; /* the pod, when it has no pause container; or NULL */
	bool no_pivot, no_new_keyring;
};
/* r: pid, console, logger_pid, shares_pidns; data: a line "CONTROLLERS\tPATH" per cgroup. */
int work_create(void *arg, struct job_result *r, struct err *e);

int work_start(void *work, struct job_result *r, struct err *e);
int work_pause(void *work, struct job_result *r, struct err *e);
int work_resume(void *work, struct job_result *r, struct err *e);

struct work_exec {
	struct work work;
	const char *spec; /* Process, JSON */
	size_t spec_len;
	bool terminal, no_new_keyring;
	const struct io_child *io;
};
/* r: pid, console, logger_pid. */
int work_exec(void *arg, struct job_result *r, struct err *e);

struct work_kill {
	struct work work;
	int signal;
	bool all;
};
int work_kill(void *arg, struct job_result *r, struct err *e);

struct work_update {
	struct work work;
	const char *resources; /* LinuxResources, JSON */
	size_t len;
};
int work_update(void *arg, struct job_result *r, struct err *e);

/* Remove all that the container has, in whatever state it is. work->id's bundle may be gone. */
int work_destroy(void *work, struct job_result *r, struct err *e);
/* The same, but whoever works on it is not waited for longer than that. */
int work_destroy_within(const struct work *w, int lock_ms, struct err *e);

struct work_pids {
	struct work work;
	const struct task *task; /* whose execs get their id */
};
/* data: a packed PidsResponse. */
int work_pids(void *arg, struct job_result *r, struct err *e);

#endif
