/* SPDX-License-Identifier: Apache-2.0 */
/* task: lists, as a pod has few containers and a container few execs. */
#include "shim/daemon/task.h"

#include <errno.h>
#include <stdlib.h>

#include "spec/base/arena.h"
#include "spec/base/loop.h"
#include "spec/base/str.h"

void tasks_init(struct tasks *ts)
{
	ts->n = 0;
	ts->any = false;
	link_init(&ts->all);
}

static void process_init(struct process *p, struct task *t)
{
	p->task = t;
	p->io = (struct io)IO_INIT;
	link_init(&p->link);
	link_init(&p->waiters);
}

struct task *task_new(struct tasks *ts, const char *id, const char *bundle)
{
	struct task *t = mem_alloc(sizeof(*t));

	t->id = mem_strdup(id);
	t->bundle = mem_strdup(bundle);
	t->oom = (struct oom)OOM_INIT;
	link_init(&t->execs);
	link_init(&t->deletes);
	process_init(&t->init, t);
	link_add(&ts->all, &t->link);
	ts->n++;
	ts->any = true;
	return t;
}

struct process *exec_new(struct task *t, const char *id)
{
	struct process *p = mem_alloc(sizeof(*p));

	process_init(p, t);
	p->id = mem_strdup(id);
	p->state = ST_CREATED;
	link_add(&t->execs, &p->link);
	t->n_execs++;
	return p;
}

void exec_free(struct process *p)
{
	p->task->n_execs--;
	link_del(&p->link);
	free(p->id);
	free(p->spec);
	free(p);
}

void task_free(struct tasks *ts, struct task *t)
{
	link_each(l, &t->execs) exec_free(container_of(l, struct process, link));
	link_del(&t->link);
	ts->n--;
	free(t->id);
	free(t->bundle);
	free(t->cgroups);
	free(t);
}

struct task *task_find(const struct tasks *ts, const char *id, struct err *e)
{
	for (struct link *l = ts->all.next; l != &ts->all; l = l->next) {
		struct task *t = container_of(l, struct task, link);

		if (str_eq(t->id, id))
			return t;
	}
	err_set(e, ENOENT, "container '%.200s' does not exist: not found", id);
	return NULL;
}

struct process *process_find(const struct tasks *ts, const char *id, const char *exec_id,
			     struct err *e)
{
	struct task *t = task_find(ts, id, e);

	if (!t)
		return NULL;
	if (!exec_id || !*exec_id)
		return &t->init;
	for (struct link *l = t->execs.next; l != &t->execs; l = l->next) {
		struct process *p = container_of(l, struct process, link);

		if (str_eq(p->id, exec_id))
			return p;
	}
	err_set(e, ENOENT, "process '%.200s' does not exist in container '%.200s': not found",
		exec_id, id);
	return NULL;
}

static bool has_pid(const struct process *p, pid_t pid)
{
	return p->pid == pid && !p->exited_at.tv_sec;
}

struct process *process_of_pid(const struct tasks *ts, pid_t pid)
{
	for (struct link *l = ts->all.next; l != &ts->all; l = l->next) {
		struct task *t = container_of(l, struct task, link);

		if (has_pid(&t->init, pid))
			return &t->init;
		for (struct link *x = t->execs.next; x != &t->execs; x = x->next) {
			struct process *p = container_of(x, struct process, link);

			if (has_pid(p, pid))
				return p;
		}
	}
	return NULL;
}

bool task_has_execs(const struct task *t)
{
	for (struct link *l = t->execs.next; l != &t->execs; l = l->next) {
		enum state s = container_of(l, struct process, link)->state;

		if (s == ST_STARTING || s == ST_RUNNING)
			return true;
	}
	return false;
}
