/* SPDX-License-Identifier: Apache-2.0 */
/* tc: token bucket filters, and a detour by an ifb device for what a device receives. */
#ifndef CNI_TC_H
#define CNI_TC_H

#include <stdbool.h>
#include <stdint.h>

#include "cni/rtnl.h"
#include "spec/base/err.h"

/* What a device may send; see tc-tbf(8). */
struct tbf {
	uint64_t rate;	       /* bytes a second */
	uint32_t burst, limit; /* bytes */
};

/* As the root queue 1: of the device. EEXIST if it has one already. */
int tc_limit(struct rtnl *r, int index, const struct tbf *tbf, struct err *e);

/* 1 if the device's root queue is such a one, 0, -1. */
int tc_is_limited(struct rtnl *r, int index, const struct tbf *tbf, struct err *e);

/* All that the device receives is sent by another one first. EEXIST as above. */
int tc_detour(struct rtnl *r, int index, int by, struct err *e);
int tc_has_detour(struct rtnl *r, int index, struct err *e);

/* Take both away, as far as they are there. */
int tc_clear(struct rtnl *r, int index, struct err *e);

#endif
