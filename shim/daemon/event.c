/* SPDX-License-Identifier: Apache-2.0 */
/* event: fill the message, publish it under its topic. */
#include "shim/daemon/event.h"

#include "spec/ttrpc/events.pb-c.h"
#include "spec/ttrpc/message.h"

void event_create(struct publisher *p, const struct task *t, Pb__Mount **rootfs, size_t n)
{
	Pb__TaskCreate m = PB__TASK_CREATE__INIT;
	Pb__TaskIO io = PB__TASK_IO__INIT;

	io.stdin = t->init.io.path[0];
	io.stdout = t->init.io.path[1];
	io.stderr = t->init.io.path[2];
	io.terminal = t->init.io.terminal;
	m.container_id = t->id;
	m.bundle = t->bundle;
	m.n_rootfs = n;
	m.rootfs = rootfs;
	m.io = &io;
	m.pid = (uint32_t)t->init.pid;
	publish(p, "/tasks/create", &m.base);
}

void event_start(struct publisher *p, const struct process *proc)
{
	Pb__TaskStart m = PB__TASK_START__INIT;
	Pb__TaskExecStarted x = PB__TASK_EXEC_STARTED__INIT;

	if (!proc->id) {
		m.container_id = proc->task->id;
		m.pid = (uint32_t)proc->pid;
		publish(p, "/tasks/start", &m.base);
		return;
	}
	x.container_id = proc->task->id;
	x.exec_id = proc->id;
	x.pid = (uint32_t)proc->pid;
	publish(p, "/tasks/exec-started", &x.base);
}

void event_exit(struct publisher *p, const struct process *proc)
{
	auto_arena struct arena a = { 0 };
	Pb__TaskExit m = PB__TASK_EXIT__INIT;

	m.container_id = proc->task->id;
	m.id = proc->id ? proc->id : proc->task->id;
	m.pid = (uint32_t)proc->pid;
	m.exit_status = proc->status;
	m.exited_at = message_time(&proc->exited_at, &a);
	publish(p, "/tasks/exit", &m.base);
}

void event_delete(struct publisher *p, const struct task *t)
{
	auto_arena struct arena a = { 0 };
	Pb__TaskDelete m = PB__TASK_DELETE__INIT;

	m.container_id = t->id;
	m.pid = (uint32_t)t->init.pid;
	m.exit_status = t->init.status;
	m.exited_at = message_time(&t->init.exited_at, &a);
	publish(p, "/tasks/delete", &m.base);
}

void event_exec_added(struct publisher *p, const struct process *proc)
{
	Pb__TaskExecAdded m = PB__TASK_EXEC_ADDED__INIT;

	m.container_id = proc->task->id;
	m.exec_id = proc->id;
	publish(p, "/tasks/exec-added", &m.base);
}

void event_paused(struct publisher *p, const struct task *t)
{
	Pb__TaskPaused m = PB__TASK_PAUSED__INIT;

	m.container_id = t->id;
	publish(p, "/tasks/paused", &m.base);
}

void event_resumed(struct publisher *p, const struct task *t)
{
	Pb__TaskResumed m = PB__TASK_RESUMED__INIT;

	m.container_id = t->id;
	publish(p, "/tasks/resumed", &m.base);
}

void event_oom(struct publisher *p, const struct task *t)
{
	Pb__TaskOOM m = PB__TASK_OOM__INIT;

	m.container_id = t->id;
	publish(p, "/tasks/oom", &m.base);
}
