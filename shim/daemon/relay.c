/* SPDX-License-Identifier: Apache-2.0 */
/* relay: two one-way copies that share the master. */
#include "shim/daemon/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"

#define PIECE	  4096
#define LINGER_MS 1000 /* after the process's end, for a terminal that others hold */

static void update(struct relay *r);

struct relay *relay_new(struct loop *loop, int in, int out)
{
	struct relay *r = mem_alloc(sizeof(*r));

	*r = (struct relay){ .loop = loop,
			     .master_src = LOOP_SOURCE_INIT,
			     .in_src = LOOP_SOURCE_INIT,
			     .out_src = LOOP_SOURCE_INIT,
			     .timer = LOOP_SOURCE_INIT,
			     .master = -1,
			     .in = in,
			     .out = out };
	return r;
}

static void end_input(struct relay *r)
{
	loop_del(r->loop, &r->in_src);
	close_fd(&r->in);
	str_done(&r->to_master);
}

/* The terminal is gone and all of its output is delivered: let the reader see the end. */
static void end_output(struct relay *r)
{
	loop_del(r->loop, &r->out_src);
	loop_del(r->loop, &r->timer);
	close_fd(&r->out);
}

static void end_master(struct relay *r)
{
	loop_del(r->loop, &r->master_src);
	close_fd(&r->master);
	end_input(r);
	if (!r->to_out.len)
		end_output(r);
}

/* Write what is pending; what cannot be written now stays. -1: the other side is gone. */
static int flush(int fd, struct str *pending)
{
	ssize_t n;

	if (!pending->len)
		return 0;
	n = write(fd, pending->s, pending->len);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if ((size_t)n < pending->len) {
		struct str rest = { 0 };

		str_addn(&rest, pending->s + n, pending->len - (size_t)n);
		str_done(pending);
		*pending = rest;
	} else {
		str_done(pending);
	}
	return 0;
}

/* Copy one piece. 1: some came, 0: nothing now, -1: the source has ended. */
static int copy(int from, int to, struct str *pending)
{
	char buf[PIECE];
	ssize_t n = read(from, buf, sizeof(buf)), done;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (!n)
		return -1;
	done = write(to, buf, (size_t)n);
	if (done < 0 && errno != EAGAIN && errno != EINTR)
		done = n; /* nobody can read it any more */
	if (done < n)
		str_addn(pending, buf + (done < 0 ? 0 : done), (size_t)(n - (done < 0 ? 0 : done)));
	return 1;
}

static void on_master(struct loop_source *src, uint32_t events)
{
	struct relay *r = container_of(src, struct relay, master_src);
	int got = 0;

	if (events & EPOLLOUT && flush(r->master, &r->to_master))
		end_input(r);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !r->to_out.len)
		got = copy(r->master, r->out, &r->to_out);
	if (got < 0 && r->ended) {
		end_master(r);
		return;
	}
	r->hung = got < 0 || (events & EPOLLHUP && !got);
	update(r);
}

static void on_in(struct loop_source *src, uint32_t events)
{
	struct relay *r = container_of(src, struct relay, in_src);

	(void)events;
	if (copy(r->in, r->master, &r->to_master) < 0)
		end_input(r); /* the end of input does not end the output */
	update(r);
}

static void on_out(struct loop_source *src, uint32_t events)
{
	struct relay *r = container_of(src, struct relay, out_src);

	(void)events;
	if (flush(r->out, &r->to_out))
		str_done(&r->to_out);
	update(r);
}

static void watch(struct relay *r, struct loop_source *src, int fd, uint32_t events, loop_fn *fn)
{
	struct err e;

	if (fd < 0 || !events)
		loop_del(r->loop, src);
	else if (src->fd < 0 ? loop_add(r->loop, src, fd, events, fn, &e)
			     : loop_change(r->loop, src, events, &e))
		log_msg(LOG_WARN, "terminal: %s, nothing more is copied", e.msg);
}

/*
 * A hung up master is ready all the time, so what happens to it is to be told
 * once, when it happens. Not asked for anew, as that would tell it again.
 */
static void watch_master(struct relay *r)
{
	uint32_t events = 0;

	if (r->master >= 0)
		events = (r->to_out.len ? 0 : EPOLLIN) | (r->to_master.len ? EPOLLOUT : 0);
	if (events && r->hung)
		events |= EPOLLET;
	if (events == r->watched)
		return;
	watch(r, &r->master_src, r->master, events, on_master);
	r->watched = events;
}

/* Watch what can go on: a full destination stops its source. */
static void update(struct relay *r)
{
	watch_master(r);
	watch(r, &r->in_src, r->master < 0 || r->to_master.len ? -1 : r->in, EPOLLIN, on_in);
	watch(r, &r->out_src, r->out, r->to_out.len ? EPOLLOUT : 0, on_out);
	if (r->master < 0 && !r->to_out.len)
		end_output(r);
}

int relay_start(struct relay *r, int master, struct err *e)
{
	if (fcntl(master, F_SETFL, O_NONBLOCK)) {
		err_sys(e, "set up the terminal");
		close(master);
		return -1;
	}
	r->master = master;
	update(r);
	if (r->ended)
		relay_process_ended(r);
	return 0;
}

static void on_linger(struct loop_source *src, uint32_t events)
{
	struct relay *r = container_of(src, struct relay, timer);

	(void)events;
	if (r->master >= 0 && !r->to_out.len && copy(r->master, r->out, &r->to_out) <= 0)
		end_master(r);
	else
		relay_process_ended(r); /* output is still coming or waiting */
}

void relay_process_ended(struct relay *r)
{
	struct err e;

	r->ended = true;
	if (r->master < 0 || loop_timer(r->loop, &r->timer, LINGER_MS, 0, on_linger, &e)) {
		end_master(r);
		return;
	}
	r->hung = false; /* from now on it is the end */
	update(r);
}

bool relay_busy(const struct relay *r)
{
	int bytes = 0;

	return r->to_out.len || (r->master >= 0 && !ioctl(r->master, FIONREAD, &bytes) && bytes);
}

int relay_resize(const struct relay *r, unsigned int width, unsigned int height, struct err *e)
{
	struct winsize size = { .ws_col = (unsigned short)width, .ws_row = (unsigned short)height };

	if (r->master >= 0 && ioctl(r->master, TIOCSWINSZ, &size))
		return err_sys(e, "resize the terminal");
	return 0;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	str_done(&r->to_out);
	end_master(r);
	end_output(r);
	free(r);
}
