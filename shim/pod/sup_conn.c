/* SPDX-License-Identifier: Apache-2.0 */
/* sup_conn: the supervisor's end of the control socket. */
#include "shim/pod/supervisor.h"

#include <errno.h>
#include <sys/socket.h>

#include "shim/pod/ctl.h"
#include "shim/pod/member.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"

void sup_answer(struct sup_conn *c, const struct err *failure)
{
	int fd = c->src.fd;

	for (size_t i = 0; i < c->s->n_runs; i++) {
		if (c->s->runs[i].waiter == c)
			c->s->runs[i].waiter = NULL;
	}
	ctl_answer(fd, failure);
	loop_del(&c->s->loop, &c->src);
	close(fd);
	c->waits_end = false;
}

void sup_answer_all(struct supervisor *s, const struct err *failure)
{
	for (size_t i = 0; i < CONNS_MAX; i++) {
		if (s->conns[i].src.fd >= 0)
			sup_answer(&s->conns[i], failure);
	}
}

/* Check as much of a new member as can be before anything is touched. */
static int check_add(struct supervisor *s, const struct ctl_request *req, struct pod_member *m,
		     struct err *e)
{
	auto_arena struct arena a = { 0 };

	if (s->stopping || !s->started)
		return err_set(e, EBUSY, "pod '%s' is %s", s->r.spec.name,
			       s->stopping ? "stopping" : "still being made");
	if (!req->member || !req->bundle)
		return err_set(e, EINVAL, "request without container or bundle");
	*m = (struct pod_member){ .name = req->member,
				  .bundle = req->bundle,
				  .state = POD_WAITING };
	if (pod_check_add(&s->r, m, req->replace, e))
		return -1;
	return pod_member_config(&s->env, &s->r, m, &a, e) ? 0 : -1;
}

static void add(struct supervisor *s, struct sup_conn *c, const struct ctl_request *req)
{
	struct pod_member m, *slot;
	struct sup_run *run;
	struct err e;
	bool failed;

	if (check_add(s, req, &m, &e)) {
		sup_answer(c, &e);
		return;
	}
	for (size_t i = 0; req->replace && i < s->n_runs; i++) {
		if (str_eq(s->runs[i].m->name, m.name)) {
			sup_replace(&s->runs[i], m.bundle, req->seconds, c);
			return;
		}
	}
	slot = &s->r.spec.members.v[s->r.spec.members.n];
	*slot = m;
	slot->name = arena_strdup(&s->a, m.name);
	slot->bundle = arena_strdup(&s->a, m.bundle);
	run = sup_add_run(s, slot);
	failed = sup_start(run, &e);
	if (failed)
		s->n_runs--; /* as if it had never been asked for */
	else
		s->r.spec.members.n++;
	sup_save(s);
	sup_answer(c, failed ? &e : NULL);
}

static void request_came(struct loop_source *src, uint32_t events)
{
	auto_arena struct arena a = { 0 };
	struct sup_conn *c = container_of(src, struct sup_conn, src);
	struct ctl_request req;
	struct err e;

	(void)events;
	if (ctl_read(src->fd, &a, &req, &e)) {
		/* Whoever waited for the end and left is no longer waited for. */
		sup_answer(c, &e);
		return;
	}
	if (req.op == CTL_ADD) {
		add(c->s, c, &req);
		return;
	}
	c->waits_end = true;
	sup_stop(c->s, req.seconds);
}

static void conn_came(struct loop_source *src, uint32_t events)
{
	struct supervisor *s = container_of(src, struct supervisor, ctl);
	auto_fd int fd = loop_accept(src);
	struct err e;

	(void)events;
	for (size_t i = 0; fd >= 0 && i < CONNS_MAX; i++) {
		struct sup_conn *c = &s->conns[i];

		if (c->src.fd >= 0)
			continue;
		c->s = s;
		if (loop_add(&s->loop, &c->src, fd, EPOLLIN, request_came, &e))
			log_msg(LOG_WARN, "%s, not answering", e.msg);
		else
			take_fd(&fd);
		return;
	}
	if (fd >= 0)
		ctl_answer(fd,
			   &(struct err){ .num = EBUSY, .msg = "too many questions at a time" });
}

int sup_listen(struct supervisor *s, struct err *e)
{
	int fd = ctl_listen(s->dirfd, e);

	return fd < 0 ? -1 : loop_add(&s->loop, &s->ctl, fd, EPOLLIN, conn_came, e);
}
