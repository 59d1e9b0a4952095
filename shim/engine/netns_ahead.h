/* SPDX-License-Identifier: Apache-2.0 */
/* netns_ahead: a new network namespace, made while the caller does something else. */
#ifndef SHIM_ENGINE_NETNS_AHEAD_H
#define SHIM_ENGINE_NETNS_AHEAD_H

#include <sys/types.h>

/*
 * It is four fifths of what a clone with all new namespaces takes, and the runtime has other
 * things to do before it clones. So a process of its own makes it. It shares our memory and our
 * fds, for one without either is made in no time; calls nothing of the C library, whose
 * thread-local data are ours; and ends as soon as the namespace is open.
 */
struct netns_ahead {
	pid_t pid; /* 0: none */
};

/* Begin. Where that is not possible nothing is under way. */
void netns_ahead_begin(struct netns_ahead *n);

/*
 * Wait for it: the namespace (owned, close-on-exec), or -1 where there is none. What the
 * reason was is told by who then makes one in the usual way.
 */
int netns_ahead_take(struct netns_ahead *n);

#endif
