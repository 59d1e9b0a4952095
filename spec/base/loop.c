/* SPDX-License-Identifier: Apache-2.0 */
/* loop: epoll with sources that live in their owners. */
#include "spec/base/loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "spec/base/auto.h"

#define NO_FD_MS 20 /* until somebody may have closed one */

int loop_init(struct loop *l, struct err *e)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "create an epoll");
	*l = (struct loop){ .epfd = fd };
	return 0;
}

void loop_done(struct loop *l)
{
	close_fd(&l->epfd);
}

static int watch(struct loop *l, int op, struct loop_source *src, uint32_t events, struct err *e)
{
	struct epoll_event ev = { .events = events, .data.ptr = src };

	if (epoll_ctl(l->epfd, op, src->fd, &ev))
		return err_sys(e, "watch fd %d", src->fd);
	return 0;
}

int loop_add(struct loop *l, struct loop_source *src, int fd, uint32_t events, loop_fn *fn,
	     struct err *e)
{
	*src = (struct loop_source){ .fn = fn, .fd = fd };
	if (watch(l, EPOLL_CTL_ADD, src, events, e)) {
		src->fd = -1;
		return -1;
	}
	return 0;
}

int loop_change(struct loop *l, struct loop_source *src, uint32_t events, struct err *e)
{
	return watch(l, EPOLL_CTL_MOD, src, events, e);
}

int loop_accept(const struct loop_source *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int why = errno;

	if (fd < 0 && (why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM))
		poll(NULL, 0, NO_FD_MS);
	errno = why;
	return fd;
}

void loop_del(struct loop *l, struct loop_source *src)
{
	if (src->fd < 0)
		return;
	epoll_ctl(l->epfd, EPOLL_CTL_DEL, src->fd, NULL);
	for (int i = 0; i < l->n_ready; i++) {
		if (l->ready[i].data.ptr == src)
			l->ready[i].data.ptr = NULL;
	}
	if (src->owned)
		close(src->fd);
	src->fd = -1;
	src->owned = src->timer = false;
}

static int add_owned(struct loop *l, struct loop_source *src, int fd, loop_fn *fn, struct err *e)
{
	if (loop_add(l, src, fd, EPOLLIN, fn, e)) {
		close(fd);
		return -1;
	}
	src->owned = true;
	return 0;
}

static struct timespec to_timespec(uint64_t ms)
{
	return (struct timespec){ .tv_sec = (time_t)(ms / 1000),
				  .tv_nsec = (long)(ms % 1000) * 1000000 };
}

int loop_timer(struct loop *l, struct loop_source *src, uint64_t ms, uint64_t every, loop_fn *fn,
	       struct err *e)
{
	struct itimerspec when = { .it_value = to_timespec(ms), .it_interval = to_timespec(every) };

	if (!ms)
		when.it_value.tv_nsec = 1; /* zero would disarm it */
	if (src->fd < 0) {
		int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

		if (fd < 0)
			return err_sys(e, "create a timer");
		if (add_owned(l, src, fd, fn, e))
			return -1;
		src->timer = true;
	}
	src->fn = fn;
	if (timerfd_settime(src->fd, 0, &when, NULL))
		return err_sys(e, "set a timer");
	return 0;
}

int loop_signals(struct loop *l, struct loop_source *src, const sigset_t *set, loop_fn *fn,
		 struct err *e)
{
	int fd;

	if (sigprocmask(SIG_BLOCK, set, NULL))
		return err_sys(e, "block signals");
	fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(e, "create a signalfd");
	return add_owned(l, src, fd, fn, e);
}

/* False when the timer was set anew after this event had been fetched. */
static bool timer_fired(const struct loop_source *src)
{
	uint64_t times;

	return read(src->fd, &times, sizeof(times)) == sizeof(times);
}

int loop_once(struct loop *l, int timeout_ms, struct err *e)
{
	int n;

	do {
		n = epoll_wait(l->epfd, l->ready, LOOP_BATCH, timeout_ms);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "wait for events");
	l->n_ready = n;
	for (int i = 0; i < n; i++) {
		struct loop_source *src = l->ready[i].data.ptr;
		uint32_t events = l->ready[i].events;

		if (!src || (src->timer && !timer_fired(src)))
			continue;
		src->fn(src, events);
	}
	l->n_ready = 0;
	return 0;
}

int loop_run(struct loop *l, struct err *e)
{
	l->stop = false;
	while (!l->stop) {
		if (loop_once(l, -1, e))
			return -1;
	}
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
