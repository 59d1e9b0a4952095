/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_ask: what only reads of a pod, and the replies. */
#ifndef SHIM_DAEMON_SANDBOX_ASK_H
#define SHIM_DAEMON_SANDBOX_ASK_H

#include "shim/daemon/daemon.h"

/* Methods: each ends or keeps the call (see struct method). ctx is the struct daemon. */
void sandbox_platform(void *ctx, struct call *c, const void *request);
void sandbox_wait(void *ctx, struct call *c, const void *request);
void sandbox_status(void *ctx, struct call *c, const void *request);
void sandbox_ping(void *ctx, struct call *c, const void *request);
void sandbox_metrics(void *ctx, struct call *c, const void *request);

void sandbox_reply_wait(struct call *c, const struct sandbox *s);
/* The pid, or 0 where the switch says so, and the spec. */
int sandbox_reply_start(struct call *c, const struct daemon *d, struct err *e);

#endif
