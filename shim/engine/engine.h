/* SPDX-License-Identifier: Apache-2.0 */
/* engine: containers by function call; the one contract of CLI, pod runner and shim. */
#ifndef SHIM_ENGINE_ENGINE_H
#define SHIM_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/config.h"
#include "spec/oci/state.h"

/*
 * No function here prints, exits, changes the caller's working directory,
 * signal mask or namespaces (for longer than the call), or waits for a
 * container to do its work. What takes time (create, exec, destroy) waits for
 * the kernel and for hooks only, with limits; a daemon that must not wait for
 * even that forks a helper process which makes the call and passes pid and fds
 * back: the container's first process is then re-parented to the daemon
 * (PR_SET_CHILD_SUBREAPER). Callers are single-threaded.
 *
 * State is in <root>/<id>/ (0700): state.json, the start socket, a lock.
 * Whoever holds the lock acts; read-only calls take none.
 */

enum engine_cgroups {
	ENGINE_CGROUPFS,
	ENGINE_SYSTEMD,
	ENGINE_CGROUPS_DISABLED
};

struct engine {
	const char *root; /* state directory, absolute; made (0700) when first needed */
	enum engine_cgroups cgroups;
	bool rootless;
	int lock_ms; /* how long the lock of a container is waited for; 0: the usual time */
	const struct host *host; /* of host_probe(); only create, exec and update need it */
};

/* What a caller does between create and start, with the process's pid; -1 fails the start. */
typedef int engine_created(void *caller, pid_t pid, struct err *e);

/* What create needs beside the bundle. All fds are borrowed. */
struct engine_create {
	const char *id;
	const char *bundle;		 /* absolute */
	const struct oci_config *config; /* NULL: BUNDLE/config.json */
	struct json_object
		*config_doc; /* the document of .config, for state.json; NULL: encode it */
	int stdio[3];	     /* given to the process when it has no terminal; -1: /dev/null */
	const char *console_socket; /* where to send the pty master; or, when NULL... */
	int console_fd;		    /* ... a connected unix socket to send it to; -1: none */
	const char *pidfd_socket;   /* where to send init's pidfd, or NULL */
	unsigned int preserve_fds;  /* 3 .. 3+n-1 stay open in the process (after LISTEN_FDS) */
	unsigned int listen_fds; /* socket activation: LISTEN_FDS/LISTEN_PID are set in its env */
	bool no_pivot, no_new_keyring;
	bool notify; /* /run/notify in the container is <root>/<id>/notify, where the caller may
		      * make ENGINE_NOTIFY_SOCKET; the process's NOTIFY_SOCKET says so */
	bool start;  /* go on to what engine_start() does, which takes less than two calls */
	/* with .start: called in between; NULL: nothing is waited for in between */
	engine_created *created;
	void *caller;
};
#define ENGINE_NOTIFY_DIR    "notify"
#define ENGINE_NOTIFY_SOCKET "notify.sock"
#define ENGINE_CREATE_INIT                                                                         \
	{                                                                                          \
		.stdio = { 0, 1, 2 }, .console_fd = -1                                             \
	}

/*
 * Make a container whose first process waits for engine_start(). On success
 * *pid is its pid as the caller sees it (a child of the caller) and *pidfd
 * (if not NULL) an owned pidfd of it. On failure nothing is left: no process, cgroup,
 * mount, state, pid file. EEXIST: "container with given ID already exists".
 * With .start it returns as engine_start() does, and its state goes from creating to running.
 */
int engine_create(const struct engine *en, const struct engine_create *req, pid_t *pid, int *pidfd,
		  struct err *e);

/*
 * Let it run. Returns when execve has happened, or with its failure (texts as
 * runc's: `exec: "X": executable file not found in $PATH`). startContainer
 * hooks have run before, poststart hooks after. Refused unless created;
 * `created` (or NULL) is called before all that, and only when it is not refused.
 */
int engine_start(const struct engine *en, const char *id, engine_created *created, void *caller,
		 struct err *e);

/* One more process in a running container. */
struct engine_exec {
	const char *id;
	const struct oci_process *process; /* complete: nothing is taken from the config */
	const struct oci_config *config;   /* of engine_config(), where it was asked; or NULL */
	int stdio[3];
	const char *console_socket;
	int console_fd;
	const char *pidfd_socket;
	unsigned int preserve_fds, listen_fds;
	const struct json_strs *cgroups; /* [controllers:]path below the container's own; or NULL */
	bool ignore_paused, no_new_keyring;
};
#define ENGINE_EXEC_INIT                                                                           \
	{                                                                                          \
		.stdio = { 0, 1, 2 }, .console_fd = -1                                             \
	}

/*
 * Returns when execve has happened in the new process, or with its failure.
 * *pid is a child of the caller. Nothing is left behind on failure.
 */
int engine_exec(const struct engine *en, const struct engine_exec *req, pid_t *pid, int *pidfd,
		struct err *e);

/* Live facts of a container: its record and what its process does now. */
struct engine_info {
	struct oci_state *state;
	enum oci_status status;
	int32_t pid; /* 0 when stopped */
};
/* ENOENT: "container does not exist". */
int engine_state(const struct engine *en, const char *id, struct arena *a, struct engine_info *out,
		 struct err *e);

/* The config of a container as it was at create, with what update changed; in the arena. */
struct oci_config *engine_config(const struct engine *en, const char *id, struct arena *a,
				 enum oci_status *status, struct err *e);

/*
 * Signal init, or with `all` every process of the container (which never fails
 * for "already gone"). ESRCH: "container not running". A container without its
 * own pid namespace is killed (SIGKILL) by its cgroup. Thaws a paused one for SIGKILL.
 */
int engine_kill(const struct engine *en, const char *id, int sig, bool all, struct err *e);

/* Host pids of all its processes, from the cgroup. */
int engine_ps(const struct engine *en, const char *id, struct arena *a, pid_t **pids, size_t *n,
	      struct err *e);

/*
 * Remove what is left of a container: processes, cgroups, state; poststop
 * hooks. Idempotent, needs only the state directory, and less where even that
 * is damaged. Without `force` a created one is killed and a running one refused
 * (EBUSY, the text names the state). With `force` a missing one is no error.
 */
int engine_destroy(const struct engine *en, const char *id, bool force, struct err *e);

/* Ids of all containers below the root, sorted; a missing root has none. */
int engine_list(const struct engine *en, struct arena *a, char ***ids, size_t *n, struct err *e);

/* Cgroup freezer; refused unless running / paused. */
int engine_pause(const struct engine *en, const char *id, struct err *e);
int engine_resume(const struct engine *en, const char *id, struct err *e);

/*
 * Change the limits of a created, running or paused container. Only the fields
 * that are given change (0 and "" are "not given", as callers write them); device rules
 * are left alone. On failure every setting is as it was. state.json remembers
 * the result. ESRCH: "container not running".
 */
int engine_update(const struct engine *en, const char *id, const struct oci_resources *r,
		  struct err *e);

/*
 * New lines for the schemata file of the container's resctrl group; one of them may be NULL.
 * EINVAL for a text that is no such line, ENOENT for a container without linux.intelRdt.
 */
int engine_update_rdt(const struct engine *en, const char *id, const char *l3_cache_schema,
		      const char *mem_bw_schema, struct err *e);

/* All figures of its cgroups (shim/engine/stats.h). ESRCH: "container not running". */
struct cgroup_stats;
int engine_stats(const struct engine *en, const char *id, struct arena *a, struct cgroup_stats *out,
		 struct err *e);

#endif
