/* SPDX-License-Identifier: Apache-2.0 */
/* criu_swrk: CRIU as a child of ours ("criu swrk FD"), and the conversation with it. */
#ifndef SHIM_ENGINE_CRIU_SWRK_H
#define SHIM_ENGINE_CRIU_SWRK_H

#include <sys/types.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/criu_rpc.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

/* Fds in CRIU's process, after stdio. */
#define CRIU_SOCKET_FD 3
#define CRIU_IMAGES_FD 4
#define CRIU_WORK_FD   5
#define CRIU_FIRST_FD  6 /* of .fds */
#define CRIU_FDS_MAX   8

/* How CRIU's process shall be. All is borrowed. */
struct criu_start {
	const char *program;
	const char *image_dir, *work_dir; /* to be opened there; NULL: none */
	const struct cgroup *cgroup;	  /* to be in, with all that it restores; NULL: ours */
	int stdio[3];			  /* -1: /dev/null */
	int fds[CRIU_FDS_MAX];
	size_t n_fds;
	/* called while CRIU's process waits, with its pid: to put it where it shall be; or NULL */
	int (*place)(void *context, pid_t pid, struct err *e);
	void *context;
	/*
	 * restore: the root file system, to be mounted on an empty directory in a
	 * mount namespace of CRIU's own, so that nothing has to be unmounted; or NULL.
	 */
	const char *rootfs, *root;
};

struct criu_swrk {
	pid_t pid; /* our child; 0: none */
	int sock;  /* owned */
};
#define CRIU_SWRK_INIT                                                                             \
	{                                                                                          \
		.sock = -1                                                                         \
	}

/* Returns when CRIU's program runs. */
int criu_swrk_start(const struct criu_start *how, struct criu_swrk *out, struct err *e);

/*
 * Called at each of CRIU's notifications; fd: what came with it (borrowed), or -1. A
 * failure is CRIU's reason to undo everything.
 */
typedef int criu_notified(void *context, const struct criu_reply *what, int fd, struct err *e);

/* Send the request, and serve CRIU until it is done. *out is its last word, with .said not FAILED.
 */
int criu_swrk_talk(struct criu_swrk *s, const struct criu_bytes *request, criu_notified *notified,
		   void *context, struct arena *a, struct criu_reply *out, struct err *e);

/* Close the connection, which ends CRIU, and reap it: its exit code, or 128 + signal. */
int criu_swrk_end(struct criu_swrk *s);

/* CRIU's log, in an open directory of that path. */
struct criu_log {
	int dir;
	const char *path, *name;
};

/* Before: what an earlier run left there shall not be taken for this one's. */
void criu_log_begin(const struct criu_log *log);

/* After a failure: log the log's errors, and put the first one behind *e. Returns -1. */
int criu_log_explain(const struct criu_log *log, struct err *e);

#endif
