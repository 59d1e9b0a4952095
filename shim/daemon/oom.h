/* SPDX-License-Identifier: Apache-2.0 */
/* oom: learn of OOM kills in a cgroup, v1 by eventfd, v2 by inotify. */
#ifndef SHIM_DAEMON_OOM_H
#define SHIM_DAEMON_OOM_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/err.h"
#include "spec/base/loop.h"

/* Zero fds are -1: use OOM_INIT. */
struct oom {
	struct loop *loop;
	struct loop_source src;
	char *file; /* that counts oom_kill */
	uint64_t kills;
	bool v2;
	void (*fn)(void *arg);
	void *arg;
};
#define OOM_INIT                                                                                   \
	{                                                                                          \
		.src = LOOP_SOURCE_INIT                                                            \
	}

/*
 * Call fn(arg) in the loop after a kill in the cgroup of the given directory
 * (that of the memory controller for v1). The watch ends by itself when the
 * cgroup is removed. dir is copied.
 */
int oom_watch(struct oom *o, struct loop *loop, const char *dir, bool v2, void (*fn)(void *arg),
	      void *arg, struct err *e);
void oom_done(struct oom *o);

#endif
