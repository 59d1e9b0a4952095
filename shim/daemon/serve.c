/* SPDX-License-Identifier: Apache-2.0 */
/* serve: one loop, one thread; set up, serve, leave. */
#include "shim/daemon/serve.h"

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "shim/daemon/daemon.h"
#include "shim/daemon/life.h"
#include "shim/daemon/service.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"

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

static int set_up(struct daemon *d, const struct daemon_args *args, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		return err_sys(e, "become the reaper of orphans");
	if (loop_init(&d->loop, e) || loop_signals(&d->loop, &d->signals, &set, on_signal, e))
		return -1;
	jobs_init(&d->jobs, &d->loop);
	tasks_init(&d->tasks);
	publisher_init(&d->events, &d->loop, args->ttrpc, args->place.ns);
	return server_init(&d->server, &d->loop, args->listener, daemon_services, d, e);
}

int daemon_run(const struct daemon_args *args, int *ready_fd, struct err *e)
{
	struct daemon d = { .place = args->place,
			    .signals = LOOP_SOURCE_INIT,
			    .leave_timer = LOOP_SOURCE_INIT,
			    .shown_timer = LOOP_SOURCE_INIT };

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
