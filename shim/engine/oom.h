/* SPDX-License-Identifier: Apache-2.0 */
/* oom: learn from a pollable fd that the OOM killer was in a container. */
#ifndef SHIM_ENGINE_OOM_H
#define SHIM_ENGINE_OOM_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/err.h"
#include "spec/oci/state.h"

/*
 * v1: an eventfd that memory.oom_control is registered for (cgroup-v1/memory.rst,
 * 10), which fires before the victim is chosen, and when the cgroup is removed.
 * v2: inotify on memory.events (kills counted) and cgroup.events.
 */
struct oom_watch {
	int fd;	 /* readable: call oom_read() */
	int dir; /* of the cgroup; it does not keep it from being removed */
	bool v2;
	uint64_t kills;
};
#define OOM_WATCH_INIT                                                                             \
	{                                                                                          \
		.fd = -1, .dir = -1                                                                \
	}

/*
 * Watch the memory controller of the container's cgroups (s->cgroups alone is
 * looked at). Both fds are close-on-exec, and ours. ENOTSUP: it has no memory controller; ENOENT:
 * its cgroup is gone.
 */
int oom_open(const struct oci_state *s, struct oom_watch *out, struct err *e);

/*
 * What a readable fd means: 1 the OOM killer came (again), 0 nothing new,
 * -1 the cgroup is gone and will not tell any more. Never blocks; may be
 * called at any time. On v2 nothing wakes when the cgroup goes (kernfs tells inotify of no
 * removal); its last process leaving does.
 */
int oom_read(struct oom_watch *w);

void oom_close(struct oom_watch *w);

#endif
