/* SPDX-License-Identifier: Apache-2.0 */
/* loop: one epoll, for fds, child processes (pidfds), signals and timers. */
#ifndef SPEC_BASE_LOOP_H
#define SPEC_BASE_LOOP_H

#include <signal.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "spec/base/err.h"

struct loop_source;

/* events: EPOLLIN, EPOLLOUT, EPOLLHUP... that came; for a timer EPOLLIN. */
typedef void loop_fn(struct loop_source *src, uint32_t events);

/*
 * Embed one in the object that waits, and find the object by container_of().
 * The loop borrows it until loop_del(). The fd is the owner's, but for timers
 * and signals, whose fd loop_del() closes.
 */
struct loop_source {
	loop_fn *fn;
	int fd;
	bool owned, timer; /* the loop's */
};
#define LOOP_SOURCE_INIT                                                                           \
	{                                                                                          \
		.fd = -1                                                                           \
	}
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define LOOP_BATCH 32

struct loop {
	int epfd;
	bool stop;
	int n_ready; /* events of this round that are not yet handled */
	struct epoll_event ready[LOOP_BATCH];
};

int loop_init(struct loop *l, struct err *e);
void loop_done(struct loop *l);

/* Watch src->fd... set here; fn is called from loop_run() only. */
int loop_add(struct loop *l, struct loop_source *src, int fd, uint32_t events, loop_fn *fn,
	     struct err *e);
int loop_change(struct loop *l, struct loop_source *src, uint32_t events, struct err *e);

/*
 * Stop watching; allowed at any time, also from src's own fn, which is not
 * called again afterwards even if its event was fetched already. A source that
 * was never added (fd -1) is ignored. Afterwards src->fd is -1.
 */
void loop_del(struct loop *l, struct loop_source *src);

/*
 * Accept a connection at a listener that is ready: an fd, close-on-exec and non-blocking, or -1
 * with errno. Where the process or the host has no fd left the connection stays in the queue, and
 * this takes a moment, so that a loop which comes back at once does not use up the processor.
 */
int loop_accept(const struct loop_source *listener);

/* Once after ms milliseconds, then every `every` ms (0: once). Setting it again changes it. */
int loop_timer(struct loop *l, struct loop_source *src, uint64_t ms, uint64_t every, loop_fn *fn,
	       struct err *e);

/* Block these signals and watch them; fn reads struct signalfd_siginfo from src->fd. */
int loop_signals(struct loop *l, struct loop_source *src, const sigset_t *set, loop_fn *fn,
		 struct err *e);

/* Handle events until loop_stop(). */
int loop_run(struct loop *l, struct err *e);
/* Handle what comes within timeout_ms (-1: wait for the first) and return. */
int loop_once(struct loop *l, int timeout_ms, struct err *e);
void loop_stop(struct loop *l);

#endif
