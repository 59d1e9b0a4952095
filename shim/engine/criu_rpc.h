/* SPDX-License-Identifier: Apache-2.0 */
/* criu_rpc: messages to and from CRIU as bytes; pure. */
#ifndef SHIM_ENGINE_CRIU_RPC_H
#define SHIM_ENGINE_CRIU_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/engine/plan_criu.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

#define CRIU_MESSAGE_MAX (64 << 10) /* bytes of a message; requests grow with the mounts */

/* What is only known once things are open. Fds are those of CRIU's process. */
struct criu_place {
	int images, work;	 /* directories; work -1: the images' */
	int *inherits;		 /* as plan_criu.inherits */
	pid_t pid;		 /* dump: of the first process */
	const char *root;	 /* of the container's file system; restore: a mount point */
	const char *freezer;	 /* dump: cgroup directory to freeze, or NULL */
	const char *proc_cgroup; /* restore: text of CRIU's /proc/PID/cgroup */
};

struct criu_bytes {
	size_t n;
	uint8_t *v; /* in the arena */
};

void criu_request(const struct plan_criu *p, const struct criu_place *at, struct arena *a,
		  struct criu_bytes *out);

/* Are these features there? The answer has the same flags. */
void criu_ask_features(bool mem_track, bool lazy_pages, struct arena *a, struct criu_bytes *out);

/* "Go on" after a notification, or "stop". */
void criu_answer_notify(bool success, struct arena *a, struct criu_bytes *out);

enum criu_said {
	CRIU_DONE,     /* the request has been served */
	CRIU_NOTIFIED, /* .script tells what happened; CRIU waits for an answer */
	CRIU_FEATURES,
	CRIU_FAILED,
};

struct criu_reply {
	enum criu_said said;
	const char *script; /* "post-restore"; in the arena, never NULL */
	pid_t pid;	    /* of a notification, or of the restored process */
	bool mem_track, lazy_pages;
	int number;	     /* errno of a failure, 0: unknown */
	const char *message; /* of a failure, or NULL */
};

/* EPROTO: nothing that CRIU may say. */
int criu_read(const uint8_t *data, size_t n, struct arena *a, struct criu_reply *out,
	      struct err *e);

#endif
