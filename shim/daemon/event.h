/* SPDX-License-Identifier: Apache-2.0 */
/* event: one function per event that containerd wants to hear. */
#ifndef SHIM_DAEMON_EVENT_H
#define SHIM_DAEMON_EVENT_H

#include "shim/daemon/publish.h"
#include "shim/daemon/task.h"
#include "spec/ttrpc/types.pb-c.h"

void event_create(struct publisher *p, const struct task *t, Pb__Mount **rootfs, size_t n);
void event_start(struct publisher *p, const struct process *proc); /* or exec-started */
void event_exit(struct publisher *p, const struct process *proc);
void event_delete(struct publisher *p, const struct task *t);
void event_exec_added(struct publisher *p, const struct process *proc);
void event_paused(struct publisher *p, const struct task *t);
void event_resumed(struct publisher *p, const struct task *t);
void event_oom(struct publisher *p, const struct task *t);

#endif
