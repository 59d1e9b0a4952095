/* SPDX-License-Identifier: Apache-2.0 */
/* listener: hand the notification fd of a seccomp filter to who listens at listenerPath. */
#ifndef SHIM_ENGINE_LISTENER_H
#define SHIM_ENGINE_LISTENER_H

#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/config.h"
#include "spec/oci/state.h"

/* One process and its listener; the fds and the rest are borrowed but for .sock. */
struct listener {
	int sock; /* connected, owned; -1: the profile notifies nobody */
	int pidfd;
	pid_t pid;
	const struct oci_seccomp *profile;
	const struct oci_state *record;
	enum oci_status status;
};
#define LISTENER_INIT                                                                              \
	{                                                                                          \
		.sock = -1, .pidfd = -1                                                            \
	}

/*
 * Connect to the profile's (NULL: there is none) listenerPath, before the process may run, so that
 * a listener that is not there stops it. Nothing where none is wanted.
 */
int listener_connect(const struct oci_seccomp *s, struct listener *out, struct err *e);

/*
 * Take the fd with that number from the process (pidfd_getfd(2): as capable as to
 * trace it) and send it with the container process state (runtime-spec config-linux.md
 * "The Container Process State"): one stream message, then the end.
 */
int listener_serve(struct listener *l, int number, struct err *e);

#endif
