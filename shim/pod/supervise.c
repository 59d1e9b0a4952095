/* SPDX-License-Identifier: Apache-2.0 */
/* supervise: a pod from its making to its teardown, in one loop. */
#include "shim/pod/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "shim/pod/infra.h"
#include "shim/pod/logs.h"
#include "shim/pod/net.h"
#include "shim/pod/teardown.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/proc.h"

/*
 * Order of making: directory (the name is taken by mkdir), lock, socket,
 * record; then netns, CNI chain, infra container; then, from the loop, init
 * containers one by one and the members. Whatever was cut short can be undone
 * from the directory (teardown.h), which is why the record comes first.
 */

void sup_save(struct supervisor *s)
{
	struct err e;

	if (s->dirfd >= 0 && pod_record_save(s->dirfd, &s->r, &e))
		log_msg(LOG_WARN, "%s, going on with the old record", e.msg);
}

void sup_report(struct supervisor *s)
{
	/* Nobody may be there any more; then the loop hears of that, too. */
	(void)!send(s->report, &s->last, sizeof(s->last), MSG_NOSIGNAL);
}

static void signal_members(struct supervisor *s, int sig)
{
	auto_arena struct arena a = { 0 };
	struct err ignored;

	for (size_t i = 0; i < s->n_runs; i++) {
		if (s->runs[i].pid)
			engine_kill(s->env.engine,
				    pod_container_id(&a, s->r.spec.name, s->runs[i].m->name), sig,
				    sig == SIGKILL, &ignored);
	}
}

static void kill_now(struct loop_source *src, uint32_t events)
{
	struct supervisor *s = container_of(src, struct supervisor, kill_timer);

	(void)events;
	loop_del(&s->loop, src);
	signal_members(s, SIGKILL);
}

void sup_stop(struct supervisor *s, uint32_t seconds)
{
	bool first = !s->stopping;
	struct err e;

	if (s->finished)
		return;
	s->stopping = true;
	for (size_t i = 0; i < s->n_runs; i++)
		loop_del(&s->loop, &s->runs[i].timer);
	if (first && seconds)
		signal_members(s, SIGTERM);
	if (!seconds || loop_timer(&s->loop, &s->kill_timer, seconds * 1000ULL, 0, kill_now, &e))
		kill_now(&s->kill_timer, 0);
	sup_advance(s);
}

void sup_fail(struct supervisor *s, const struct report *why)
{
	if (s->stopping)
		return;
	s->last = *why;
	s->r.reason = arena_strdup(&s->a, why->err.msg);
	sup_stop(s, 0);
}

static int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* After the teardown every member is a zombie: its code is all that is left to get. */
static void collect_codes(struct supervisor *s)
{
	auto_arena struct arena a = { 0 };
	int status;

	for (size_t i = 0; i < s->n_runs; i++) {
		struct sup_run *r = &s->runs[i];

		if (r->pid && waitpid(r->pid, &status, WNOHANG) == r->pid) {
			r->m->exit_code = exit_code(status);
			snprintf(r->finished, sizeof(r->finished), "%s", pod_time(&a));
			r->m->finished = r->finished;
		}
		r->pid = 0;
		r->m->state = POD_MEMBER_EXITED;
	}
}

/* The pod's exit code: of the first member, in order, that has one. */
static int pod_code(const struct supervisor *s)
{
	if (s->last.kind == REPORT_FAILED)
		return 1;
	for (size_t i = 0; i < s->n_runs; i++) {
		if (s->runs[i].m->exit_code && s->runs[i].m->started)
			return s->runs[i].m->exit_code;
	}
	return s->last.code;
}

void sup_finish(struct supervisor *s)
{
	struct err gone;

	if (s->finished)
		return;
	s->finished = s->stopping = true;
	if (pod_teardown(&s->env, s->r.spec.name, s->dirfd, &s->down))
		log_msg(LOG_WARN, "%s, left for 'pod rm'", s->down.msg);
	collect_codes(s);
	s->infra = 0;
	s->r.phase = POD_EXITED;
	s->r.exit_code = pod_code(s);
	sup_save(s);
	err_set(&gone, ECANCELED, "pod '%s' has ended", s->r.spec.name);
	for (size_t i = 0; i < CONNS_MAX; i++) {
		struct sup_conn *c = &s->conns[i];

		if (c->src.fd >= 0)
			sup_answer(c, !c->waits_end ? &gone : s->down.num ? &s->down : NULL);
	}
	loop_stop(&s->loop);
}

static void infra_ended(struct supervisor *s)
{
	s->infra = 0;
	if (s->finished)
		return;
	s->r.reason = (char *)"the infra container has ended";
	if (s->last.kind == REPORT_STARTED)
		s->last = (struct report){ .kind = REPORT_ENDED, .code = 1 };
	sup_finish(s);
}

static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while (!s->finished && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->infra) {
			infra_ended(s);
			return;
		}
		for (size_t i = 0; i < s->n_runs; i++) {
			if (s->runs[i].pid == pid) {
				sup_ended(&s->runs[i], exit_code(status));
				break;
			}
		}
	}
}

static void signal_came(struct loop_source *src, uint32_t events)
{
	struct supervisor *s = container_of(src, struct supervisor, signals);
	struct signalfd_siginfo info;

	(void)events;
	while (read(src->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(s);
		else
			sup_stop(s, s->stopping ? 0 : POD_STOP_SECONDS);
	}
}

/* pod_run() has gone: on purpose, once a detached pod has started. */
static void front_left(struct loop_source *src, uint32_t events)
{
	struct supervisor *s = container_of(src, struct supervisor, front);

	(void)events;
	loop_del(&s->loop, src);
	if (!s->started || !s->run.detach)
		sup_stop(s, POD_STOP_SECONDS);
}

static void trim_logs(struct loop_source *src, uint32_t events)
{
	struct supervisor *s = container_of(src, struct supervisor, log_timer);
	struct err ignored;

	(void)events;
	for (size_t i = 0; i < s->n_runs; i++) {
		auto_fd int fd = pod_log_open(s->dirfd, s->runs[i].m->name, &ignored);

		if (fd >= 0)
			pod_log_trim(fd, POD_LOG_MAX, POD_LOG_KEEP);
	}
}

static int watch_all(struct supervisor *s, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (loop_init(&s->loop, e) || loop_signals(&s->loop, &s->signals, &set, signal_came, e))
		return -1;
	if (loop_timer(&s->loop, &s->log_timer, POD_LOG_CHECK_MS, POD_LOG_CHECK_MS, trim_logs, e))
		return -1;
	return loop_add(&s->loop, &s->front, s->report, EPOLLIN, front_left, e);
}

static int make_dirs(struct supervisor *s, struct err *e)
{
	auto_arena struct arena a = { 0 };
	static const struct {
		const char *name;
		mode_t mode;
	} dirs[] = { { "volumes", 0755 }, { "logs", 0700 }, { "shm", 01777 } };

	for (size_t i = 0; i < countof(dirs); i++) {
		if (mkdirat(s->dirfd, dirs[i].name, 0700) < 0 ||
		    fchmodat(s->dirfd, dirs[i].name, dirs[i].mode, 0) < 0)
			return err_sys(e, "make '%s'", dirs[i].name);
	}
	for (size_t i = 0; i < s->r.spec.volumes.n; i++) {
		const struct pod_volume *v = &s->r.spec.volumes.v[i];
		const char *path = arena_printf(&a, "volumes/%s", v->name);

		/* As an emptyDir: any user of any member may write. */
		if (!v->source &&
		    (mkdirat(s->dirfd, path, 0700) < 0 || fchmodat(s->dirfd, path, 0777, 0) < 0))
			return err_sys(e, "make '%s'", path);
	}
	return 0;
}

static char *random_id(struct arena *a)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t raw[16];
	char *id = arena_alloc(a, 2 * sizeof(raw) + 1);

	(void)!getrandom(raw, sizeof(raw), 0); /* 16 bytes never come short, getrandom(2) */
	for (size_t i = 0; i < sizeof(raw); i++) {
		id[2 * i] = digits[raw[i] >> 4];
		id[2 * i + 1] = digits[raw[i] & 15];
	}
	return id;
}

/* The record, with room for members that are added later. */
static void fill_record(struct supervisor *s)
{
	struct pod_member *v = arena_array(&s->a, POD_MEMBER_MAX, sizeof(*v));

	s->r.spec = *s->run.spec;
	memcpy(v, s->r.spec.members.v, s->r.spec.members.n * sizeof(*v));
	s->r.spec.members.v = v;
	s->r.id = random_id(&s->a);
	s->r.created = pod_time(&s->a);
	s->r.phase = POD_CREATING;
	for (size_t i = 0; i < s->r.spec.members.n; i++)
		sup_add_run(s, &v[i]);
}

static int claim(struct supervisor *s, struct err *e)
{
	int32_t owner;

	s->dirfd = pod_dir_make(s->env.engine->root, s->r.spec.name, e);
	if (s->dirfd < 0)
		return -1;
	s->lock = pod_lock(s->dirfd, &owner, e);
	return s->lock < 0 ? -1 : 0;
}

static int make_pod(struct supervisor *s, struct err *e)
{
	const char *dir = pod_dir_path(&s->a, s->env.engine->root, s->r.spec.name);

	if (sup_listen(s, e) || pod_record_save(s->dirfd, &s->r, e) || make_dirs(s, e) ||
	    pod_net_make(&s->r, s->run.cni_conf, s->dirfd, dir, e))
		return -1;
	s->infra = pod_infra_start(&s->env, &s->r, s->dirfd, dir, e);
	return s->infra < 0 ? -1 : 0;
}

/* Our warnings go to a file of the pod; stdio of the caller is the caller's. */
static void own_stdio(struct supervisor *s)
{
	int fd =
		openat(s->dirfd, "supervisor.log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		dup2(fd, 2);
	close_fd(&fd);
	log_to.fd = 2;
}

static void make_and_run(struct supervisor *s)
{
	struct err e;

	if (claim(s, &e) == 0)
		own_stdio(s);
	if (s->lock < 0 || make_pod(s, &e)) {
		s->last = (struct report){ .kind = REPORT_FAILED, .err = e };
		return;
	}
	s->last = (struct report){ .kind = REPORT_MADE };
	sup_report(s);
	sup_advance(s);
	if (!s->finished && loop_run(&s->loop, &e))
		log_msg(LOG_ERROR, "%s, stopping", e.msg);
	if (!s->finished)
		sup_finish(s);
	if (s->last.kind != REPORT_FAILED && s->last.kind != REPORT_INIT_FAILED)
		s->last.kind = s->started ? REPORT_ENDED : REPORT_FAILED;
	if (s->last.kind == REPORT_ENDED)
		s->last.code = s->r.exit_code;
	else if (!s->last.err.num)
		err_set(&s->last.err, ECANCELED, "stopped before all containers had been started");
}

/* A pod of which nothing has run leaves nothing; one that shall go waits for its log's reader. */
static void clean_up(struct supervisor *s)
{
	struct err e = { 0 };
	char rest;

	if (s->lock < 0)
		return; /* the directory is another pod's */
	if (!s->finished && pod_teardown(&s->env, s->r.spec.name, s->dirfd, &s->down))
		err_ctx(&s->down, "cleaning up");
	if (s->down.num && !s->finished) {
		/* Something of it is still there: keep what `pod rm` needs. */
		s->r.phase = POD_EXITED;
		s->r.exit_code = 1;
		s->r.reason = s->last.err.msg;
		sup_save(s);
		return;
	}
	if (s->some_ran && !s->run.remove)
		return;
	if (s->some_ran && s->last.kind) {
		shutdown(s->report, SHUT_WR);
		while (recv(s->report, &rest, 1, 0) > 0)
			;
	}
	if (!s->down.num && pod_dir_remove(s->env.engine->root, s->r.spec.name, &e))
		log_msg(LOG_WARN, "%s, left behind", e.msg);
}

void pod_supervise(const struct pod_env *env, const struct pod_run *run, int report)
{
	struct supervisor *s = mem_alloc(sizeof(*s));

	s->env = *env;
	s->run = *run;
	s->report = report;
	s->dirfd = s->lock = -1;
	s->signals.fd = s->ctl.fd = s->front.fd = s->kill_timer.fd = -1;
	s->log_timer.fd = -1;
	for (size_t i = 0; i < CONNS_MAX; i++)
		s->conns[i].src.fd = -1;
	fill_record(s);
	umask(022);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (watch_all(s, &s->last.err))
		s->last.kind = REPORT_FAILED;
	else
		make_and_run(s);
	if (s->some_ran)
		sup_report(s);
	clean_up(s);
	if (!s->some_ran)
		sup_report(s);
	loop_done(&s->loop);
	arena_done(&s->a);
	free(s);
}
