/* SPDX-License-Identifier: Apache-2.0 */
/* oom: the engine's OOM watch of a task, in the loop. */
#ifndef SHIM_DAEMON_OOM_H
#define SHIM_DAEMON_OOM_H

#include "shim/engine/oom.h"
#include "spec/base/err.h"
#include "spec/base/loop.h"

struct oom {
	struct loop *loop;
	struct loop_source src;
	struct oom_watch watch;
	void (*fn)(void *arg);
	void *arg;
};
#define OOM_INIT                                                                                   \
	{                                                                                          \
		.src = LOOP_SOURCE_INIT, .watch = OOM_WATCH_INIT                                   \
	}

/*
 * Call fn(arg) in the loop after a kill in the cgroups of the record. The watch
 * ends by itself when the cgroup is removed.
 */
int oom_start(struct oom *o, struct loop *loop, const struct oci_state *s, void (*fn)(void *arg),
	      void *arg, struct err *e);

/*
 * Call it now if there was one that the loop has not heard of yet: on v2 the kernel tells some time
 * after the kill, and a container that has ended may be deleted before.
 */
void oom_look(struct oom *o);
void oom_done(struct oom *o);

#endif
