/* SPDX-License-Identifier: Apache-2.0 */
/* plan_dev: nodes and links of the container's /dev as records; pure. */
#ifndef SHIM_ENGINE_PLAN_DEV_H
#define SHIM_ENGINE_PLAN_DEV_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

struct plan_input;

/* One node, from the defaults of runtime-spec config-linux.md or linux.devices[]. */
struct plan_dev_node {
	const char *path; /* absolute, clean */
	mode_t mode;	  /* S_IFCHR, S_IFBLK or S_IFIFO with the permission bits */
	uint32_t major, minor, uid, gid;
};

struct plan_dev_link {
	const char *path, *target;
	bool replace;  /* ptmx: what an image has there goes away */
	bool optional; /* /dev/core: only where the target exists on the host */
};

struct plan_dev {
	bool bind; /* a user namespace: nodes cannot be made, bind the host's */
	const struct plan_dev_node *nodes;
	size_t n_nodes;
	const struct plan_dev_link *links;
	size_t n_links;
};

/* Nothing at all when /dev is a bind mount, or without a mount namespace. Everything in the arena.
 */
int plan_dev(const struct plan_input *in, struct arena *a, struct plan_dev *out, struct err *e);
void plan_dev_print(const struct plan_dev *p, struct str *out);

#endif
