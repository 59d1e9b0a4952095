/* SPDX-License-Identifier: Apache-2.0 */
/* netdev: interfaces of the host, moved into a container's network namespace. */
#ifndef SHIM_ENGINE_NETDEV_H
#define SHIM_ENGINE_NETDEV_H

#include <stddef.h>
#include <sys/types.h>

#include "shim/engine/plan_netdev.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

/* What was moved, to undo it: a virtual interface would end with the namespace. */
struct netdevs {
	size_t n;
	struct netdev *v; /* in the arena of netdevs_move() */
	int ns;		  /* the container's network namespace, -1: nothing was moved */
};
#define NETDEVS_INIT                                                                               \
	{                                                                                          \
		.ns = -1                                                                           \
	}

/*
 * Move each into the network namespace of the process: in one request with the new
 * name, so that no other name is ever seen there; the kernel keeps what belongs to
 * the interface (MTU, hardware address) and takes the addresses away, of which the permanent
 * ones of global scope are given again. Then it is set up. Routes are not kept. `proc` is
 * the host's /proc. *out changes with every interface that was moved, also on
 * failure: then netdevs_undo() is due. After the container's end the kernel gives physical
 * interfaces back (network_namespaces(7)).
 */
int netdevs_move(const struct plan_netdevs *p, int proc, pid_t pid, struct arena *a,
		 struct netdevs *out, struct err *e);

/* Bring all of them back with their names, addresses and state; what fails is logged. */
void netdevs_undo(struct netdevs *d);

void netdevs_close(struct netdevs *d);

#endif
