/* SPDX-License-Identifier: Apache-2.0 */
/* service: containerd's Task service: one function per method, and the tables that name them. */
#ifndef SHIM_DAEMON_SERVICE_H
#define SHIM_DAEMON_SERVICE_H

#include "shim/daemon/daemon.h"

/* v2 and v3 of the Task service, which are the same, and the Sandbox service. ctx is the struct
 * daemon. */
extern const struct service daemon_services[];

/* Each ends or keeps the call (see struct method). */
void task_create(void *ctx, struct call *c, const void *request);
void task_delete(void *ctx, struct call *c, const void *request);
/* Do what was to wait until the task is not busy any more. */
void task_idle(struct daemon *d, struct task *t);

void task_start(void *ctx, struct call *c, const void *request);
void task_exec(void *ctx, struct call *c, const void *request);
void task_kill(void *ctx, struct call *c, const void *request);
void task_pause(void *ctx, struct call *c, const void *request);
void task_resume(void *ctx, struct call *c, const void *request);
void task_update(void *ctx, struct call *c, const void *request);

void task_state(void *ctx, struct call *c, const void *request);
void task_wait(void *ctx, struct call *c, const void *request);
void task_pids(void *ctx, struct call *c, const void *request);
void task_stats(void *ctx, struct call *c, const void *request);
void task_resize(void *ctx, struct call *c, const void *request);
void task_close_io(void *ctx, struct call *c, const void *request);
void task_connect(void *ctx, struct call *c, const void *request);
void task_checkpoint(void *ctx, struct call *c, const void *request);
void task_shutdown(void *ctx, struct call *c, const void *request);

/*
 * End a call with what the engine said. Its refusals are no statements about
 * the service, so they do not become codes on which containerd acts (Unimplemented
 * makes it try an older service, NotFound forget the container).
 */
void call_fail_engine(struct call *c, const struct err *e);

#endif
