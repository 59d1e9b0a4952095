/* SPDX-License-Identifier: Apache-2.0 */
/* place: the socket of a pod and its directory: make, find, probe, remove. */
#ifndef SHIM_DAEMON_PLACE_H
#define SHIM_DAEMON_PLACE_H

#include <stdbool.h>

#include "shim/daemon/bootstrap.h"
#include "shim/daemon/work.h"

struct pod_place {
	struct place place;
	char *socket; /* path */
};

/* Where the pod of that group is; all in the arena. Nothing is touched. */
void place_of(const struct bootstrap *b, const char *group, struct arena *a, struct pod_place *out);

/*
 * The pod that a container belongs to: by the `config.json` below the bundle
 * (parsed in a child, so that this process stays small), else by the record of
 * some pod, else it is its own group. In the arena.
 */
char *place_group(const struct bootstrap *b, const char *bundle, struct arena *a);

/*
 * Does a daemon listen on the socket? One that is about to end does not: its
 * clients may learn of that, and ask here, before the kernel has closed the
 * last of its fds; nor one that was told to leave, which removes its socket.
 *
 * Who called listen() last is taken for the daemon, so it has to be the daemon:
 * place_own(). No socket is ever handed to another process, nor does a daemon
 * become another program, so nothing else is judged wrongly but one whose starter
 * was killed in between, of which nobody has heard: it is replaced, and leaves by
 * itself. What cannot be told, as in another pid namespace, counts as alive.
 */
bool place_alive(const char *socket);

/* To be called by the daemon, so that place_alive() judges by it and not by its starter. */
int place_own(int listener, struct err *e);

/*
 * A listening socket of mode 0600, or -1 with *e.num 0 when another process
 * serves it already. What a dead one left is replaced. Starts of one directory
 * take turns.
 */
int place_listen(const char *socket, struct err *e);

/* Make the pod's directory and note its socket there. */
int place_make(const struct pod_place *p, struct err *e);

/*
 * Remove the socket, unless somebody else serves it, the directory, unless it has containers, and
 * the engine's, which all pods of a containerd's namespace have in common, when it is empty.
 */
void place_remove(const struct pod_place *p);

#endif
