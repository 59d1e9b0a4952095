/* SPDX-License-Identifier: Apache-2.0 */
/* test_relay: a terminal that is closed and opened again, and its end. */
#include "shim/daemon/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "tests/unit/test.h"

#define MUCH	 200000 /* more than pipes and terminals hold */
#define QUIET_MS 50
#define WAIT_MS	 10
#define ROUNDS	 3000

/* A relay between a pty and the pipes of containerd, of which we have the other ends. */
struct line {
	struct loop loop;
	struct relay *r;
	int in, out;
};

static int open_slave(const struct line *l)
{
	return ioctl(l->r->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

/* Bytes go through unchanged and are not shown. */
static bool make_raw(int slave)
{
	struct termios t;

	if (tcgetattr(slave, &t))
		return false;
	cfmakeraw(&t);
	return !tcsetattr(slave, TCSANOW, &t);
}

/* The slave that the process has at first, or -1. */
static int line_open(struct line *l)
{
	int in[2], out[2], slave;
	struct err e;

	if (loop_init(&l->loop, &e) || pipe2(in, O_CLOEXEC | O_NONBLOCK) ||
	    pipe2(out, O_CLOEXEC | O_NONBLOCK))
		return -1;
	l->r = relay_new(&l->loop, in[0], out[1]);
	l->in = in[1];
	l->out = out[0];
	l->r->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (l->r->master < 0 || unlockpt(l->r->master))
		return -1;
	slave = open_slave(l);
	if (slave < 0 || !make_raw(slave) || relay_start(l->r, l->r->master, &e))
		return -1;
	return slave;
}

static void line_done(struct line *l)
{
	relay_free(l->r);
	close(l->in);
	close(l->out);
	loop_done(&l->loop);
}

/* Do what there is to do. False when that does not end. */
static bool settle(struct line *l)
{
	struct pollfd p = { .fd = l->loop.epfd, .events = POLLIN };
	struct err e;

	for (int i = 0; i < ROUNDS; i++) {
		if (poll(&p, 1, QUIET_MS) == 0)
			return true;
		if (loop_once(&l->loop, 0, &e))
			return false;
	}
	return false;
}

/* Write until the relay has to keep some of it; how many. */
static size_t fill(struct line *l, int fd, const struct str *kept)
{
	static const char much[MUCH];
	size_t sent = 0;

	for (int i = 0; !kept->len && i < ROUNDS; i++) {
		ssize_t n = write(fd, much, sizeof(much));

		sent += n > 0 ? (size_t)n : 0;
		CHECK(settle(l));
	}
	CHECK(kept->len);
	return sent;
}

/* Carry n bytes from one end to the other; how many came. */
static size_t carry(struct line *l, int from, int to, size_t n)
{
	static char buf[MUCH];
	size_t sent = 0, came = 0;
	struct err e;
	ssize_t got;

	for (int i = 0; came < n && i < ROUNDS; i++) {
		got = sent < n ? write(from, buf, n - sent) : 0;
		sent += got > 0 ? (size_t)got : 0;
		(void)loop_once(&l->loop, WAIT_MS, &e);
		got = read(to, buf, sizeof(buf));
		came += got > 0 ? (size_t)got : 0;
	}
	return came;
}

static bool open_and_empty(int fd)
{
	char c;

	return read(fd, &c, 1) == -1 && errno == EAGAIN;
}

static bool at_end(int fd)
{
	char c;

	return read(fd, &c, 1) == 0;
}

TEST(relay_goes_on_when_the_terminal_is_opened_again)
{
	struct line l;
	int slave = line_open(&l);

	ASSERT(slave >= 0);
	for (int i = 0; i < 3; i++) {
		CHECK(carry(&l, slave, l.out, MUCH) == MUCH);
		close(slave);
		CHECK(settle(&l));
		CHECK(open_and_empty(l.out));
		slave = open_slave(&l);
		ASSERT(slave >= 0);
	}
	/* what is written right before it is closed, too */
	CHECK(write(slave, "last", 4) == 4);
	close(slave);
	CHECK(carry(&l, -1, l.out, 4) == 4);
	CHECK(settle(&l));
	line_done(&l);
}

TEST(relay_ends_with_the_process_that_has_closed_its_terminal)
{
	struct line l;
	int slave = line_open(&l);

	ASSERT(slave >= 0);
	close(slave);
	CHECK(settle(&l));
	CHECK(open_and_empty(l.out));
	relay_process_ended(l.r);
	CHECK(settle(&l));
	CHECK(at_end(l.out));
	CHECK(settle(&l));
	line_done(&l);
}

TEST(relay_carries_what_was_written_before_the_end)
{
	struct line l;
	int slave = line_open(&l);

	ASSERT(slave >= 0);
	CHECK(write(slave, "last", 4) == 4);
	close(slave);
	relay_process_ended(l.r);
	CHECK(carry(&l, -1, l.out, 4) == 4);
	CHECK(settle(&l));
	CHECK(at_end(l.out));
	line_done(&l);
}

TEST(relay_keeps_input_for_a_terminal_that_is_closed)
{
	struct line l;
	int slave = line_open(&l);
	size_t before;

	ASSERT(slave >= 0);
	close(slave);
	before = fill(&l, l.in, &l.r->to_master);
	slave = open_slave(&l);
	ASSERT(slave >= 0);
	CHECK(carry(&l, -1, slave, before) == before);
	CHECK(carry(&l, l.in, slave, MUCH) == MUCH);
	close(slave);
	line_done(&l);
}

TEST(relay_waits_for_the_reader_while_the_terminal_is_closed)
{
	struct line l;
	int slave = line_open(&l);
	size_t before;

	ASSERT(slave >= 0);
	before = fill(&l, slave, &l.r->to_out);
	close(slave);
	/* the master is watched for room, too, and says that it is closed */
	(void)fill(&l, l.in, &l.r->to_master);
	CHECK(carry(&l, -1, l.out, before) == before);
	CHECK(settle(&l));
	line_done(&l);
}
