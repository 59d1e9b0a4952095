/* SPDX-License-Identifier: Apache-2.0 */
/* serve: one loop, one thread; set up, serve, leave. */
#include "shim/daemon/serve.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/daemon/daemon.h"
#include "shim/daemon/life.h"
#include "shim/daemon/sandbox_serve.h"
#include "shim/daemon/service.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/str.h"

#define ALONE_MS   2000
#define AGAIN_MS   30000 /* alone still: look again */
#define LONELY_S   60	 /* before the first task: containerd may be slow */
#define LONELY_MAX 86400
#define LONELY	   "PEAPOD_SHIM_PATIENCE" /* seconds, in its place */
#define HEAP_PIECE 32768 /* bytes; larger pieces are mapped, and unmapped when freed */

/* SIGUSR1: what is there, to the log. */
static void dump(const struct daemon *d)
{
	for (struct link *l = d->tasks.all.next; l != &d->tasks.all; l = l->next) {
		const struct task *t = container_of(l, struct task, link);

		log_msg(LOG_WARN, "task '%s': %s, pid %d, %zu execs", t->id,
			state_name(t->init.state), t->init.pid, t->n_execs);
	}
	log_msg(LOG_WARN, "%zu tasks, %zu events queued", d->tasks.n, d->events.n_queue);
}

static void on_signal(struct loop_source *src, uint32_t events)
{
	struct daemon *d = container_of(src, struct daemon, signals);
	struct signalfd_siginfo info;

	(void)events;
	while (read(src->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			life_reap(d);
		else if (info.ssi_signo == SIGUSR1)
			dump(d);
		else
			loop_stop(&d->loop);
	}
}

/* There is one of us per pod, idle nearly always: give memory back at once. */
static void keep_heap_small(void)
{
	mallopt(M_MMAP_THRESHOLD, HEAP_PIECE);
	mallopt(M_TRIM_THRESHOLD, HEAP_PIECE);
	mallopt(M_TOP_PAD, 0);
	malloc_trim(0);
}

/* The delete action has removed everything behind our back. */
static bool abandoned(const struct daemon *d)
{
	auto_arena struct arena a = { 0 };

	if (!server_alone(&d->server) || sandbox_holds(d))
		return false;
	for (struct link *l = d->tasks.all.next; l != &d->tasks.all; l = l->next) {
		const struct task *t = container_of(l, struct task, link);
		const char *record =
			arena_printf(&a, "%s/" WORK_BUNDLES "/%s", d->place.dir, t->id);
		struct stat st;

		if ((t->init.state != ST_STOPPED && !t->init.reaped) || !lstat(record, &st))
			return false;
	}
	return true;
}

static void on_alone_timer(struct loop_source *src, uint32_t events)
{
	struct daemon *d = container_of(src, struct daemon, alone_timer);
	struct err e;

	(void)events;
	loop_del(&d->loop, src);
	if (abandoned(d) && !sandbox_forget(d))
		daemon_leave(d);
	else if (!d->leaving && server_alone(&d->server) &&
		 loop_timer(&d->loop, src, AGAIN_MS, 0, on_alone_timer, &e))
		log_msg(LOG_WARN, "%s, going on", e.msg);
}

/*
 * Nobody is connected. containerd will come back, unless it took us for dead
 * and cleaned up; that its delete action tells by connecting for a moment. Or it
 * has forgotten us: containerd 2 asks for Shutdown once, when the pod's pause
 * process is deleted, and if other containers are there still, never again.
 * containerd 2.0 does not find pods without a pause container after its restart:
 * it removes the bundle of such a pod, and asks no more.
 */
static void on_alone(void *ctx)
{
	struct daemon *d = ctx;
	struct err e;
	bool used = d->tasks.any || d->sandbox.id;

	if (!d->leaving && loop_timer(&d->loop, &d->alone_timer, used ? ALONE_MS : d->lonely_ms, 0,
				      on_alone_timer, &e))
		log_msg(LOG_WARN, "%s, going on", e.msg);
}

static int set_patience(struct daemon *d, struct err *e)
{
	const char *text = getenv(LONELY);
	uint64_t seconds = LONELY_S;

	if (text && *text && (parse_u64(text, 10, LONELY_MAX, &seconds) || !seconds))
		return err_set(e, EINVAL, LONELY "='%s': 1 to %d seconds", text, LONELY_MAX);
	d->lonely_ms = seconds * 1000;
	return 0;
}

static int set_up(struct daemon *d, const struct daemon_args *args, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	signal(SIGPIPE, SIG_IGN);
	if (set_patience(d, e))
		return -1;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		return err_sys(e, "become the reaper of orphans");
	if (sandbox_init(&d->sandbox, e) || loop_init(&d->loop, e) ||
	    loop_signals(&d->loop, &d->signals, &set, on_signal, e))
		return -1;
	jobs_init(&d->jobs, &d->loop);
	d->jobs.home = &d->sandbox.home;
	tasks_init(&d->tasks);
	publisher_init(&d->events, &d->loop, args->ttrpc, args->place.ns);
	if (server_init(&d->server, &d->loop, args->listener, daemon_services, d, e))
		return -1;
	d->server.alone = on_alone;
	on_alone(d); /* perhaps nobody ever comes */
	return 0;
}

int daemon_run(const struct daemon_args *args, int *ready_fd, struct err *e)
{
	struct daemon d = { .place = args->place,
			    .socket = args->socket,
			    .idle = task_idle,
			    .signals = LOOP_SOURCE_INIT,
			    .leave_timer = LOOP_SOURCE_INIT,
			    .drain_timer = LOOP_SOURCE_INIT,
			    .alone_timer = LOOP_SOURCE_INIT };

	keep_heap_small();
	if (set_up(&d, args, e))
		return -1;
	close_fd(ready_fd);
	if (loop_run(&d.loop, e))
		return -1;
	server_done(&d.server);
	publisher_done(&d.events);
	loop_done(&d.loop);
	return d.leaving ? 0 : 1;
}
