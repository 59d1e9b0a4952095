/* SPDX-License-Identifier: Apache-2.0 */
/* plan_netdev: which interfaces of the host go into the container, and what they are called there.
 */
#ifndef SHIM_ENGINE_PLAN_NETDEV_H
#define SHIM_ENGINE_PLAN_NETDEV_H

#include <stddef.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

struct plan_input;

/* linux.netDevices (runtime-spec config-linux.md, "Network Devices"). */
struct plan_netdev {
	const char *host; /* its name here */
	const char *name; /* its name there */
};

struct plan_netdevs {
	size_t n;
	struct plan_netdev *v;
};

/*
 * Refused (EINVAL) without a network namespace of the container's, for a name that two
 * of them would have, and (EPERM) for a rootless container, whose user owns none of the
 * host's interfaces. Whether a joined namespace is the host's own is seen when it is opened.
 */
int plan_netdevs(const struct plan_input *in, struct arena *a, struct plan_netdevs *out,
		 struct err *e);

void plan_netdevs_print(const struct plan_netdevs *p, struct str *out);

#endif
