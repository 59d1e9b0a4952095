/* SPDX-License-Identifier: Apache-2.0 */
/* test_io: what becomes of output in a FIFO by who has it open, and when. */
#include "shim/daemon/io.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "tests/unit/test.h"

/* A FIFO, and the streams of a process that has it as stdout. */
struct fifo {
	struct arena a;
	char *dir, *path;
	struct io io;
	struct io_child child;
};

static bool fifo_make(struct fifo *f)
{
	*f = (struct fifo){ .io = IO_INIT, .child = IO_CHILD_INIT };
	f->dir = arena_strdup(&f->a, "/tmp/test-io.XXXXXX");
	if (!mkdtemp(f->dir))
		return false;
	f->path = arena_printf(&f->a, "%s/out", f->dir);
	return !mkfifo(f->path, 0600);
}

static bool fifo_open(struct fifo *f)
{
	struct io_request req = { .path = { "", f->path, "" } };
	struct err e;

	return !io_open(&f->io, NULL, &req, &f->child, &e);
}

/* The process writes (if it does) and ends. */
static void process(struct fifo *f, const char *text)
{
	CHECK(write(f->child.stdio[1], text, strlen(text)) == (ssize_t)strlen(text));
	io_child_close(&f->child);
	io_ended(&f->io);
}

static int reader(const struct fifo *f)
{
	return open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static void fifo_done(struct fifo *f)
{
	io_close(&f->io);
	unlink(f->path);
	rmdir(f->dir);
	arena_done(&f->a);
}

TEST(io_holds_output_for_a_reader_that_comes_late)
{
	struct fifo f;
	char buf[8];
	int fd;

	ASSERT(fifo_make(&f) && fifo_open(&f));
	CHECK(!f.io.met[0]);
	process(&f, "last");
	CHECK(io_unread(&f.io, false));
	CHECK(!io_has_reader(&f.io));
	fd = reader(&f);
	CHECK(io_has_reader(&f.io));
	CHECK(io_unread(&f.io, false));
	CHECK(read(fd, buf, sizeof(buf)) == 4);
	CHECK(!io_unread(&f.io, false));
	CHECK(read(fd, buf, sizeof(buf)) == -1); /* no end yet */
	io_let_go(&f.io);
	CHECK(read(fd, buf, sizeof(buf)) == 0);
	close(fd);
	fifo_done(&f);
}

TEST(io_waits_for_the_reader_of_no_output)
{
	struct fifo f;
	char buf[8];
	int fd;

	ASSERT(fifo_make(&f) && fifo_open(&f));
	process(&f, "");
	CHECK(io_unread(&f.io, false));
	fd = reader(&f);
	CHECK(!io_unread(&f.io, false));
	io_let_go(&f.io);
	CHECK(read(fd, buf, sizeof(buf)) == 0);
	close(fd);
	fifo_done(&f);
}

TEST(io_a_reader_that_was_there_sees_no_end_while_streams_are_opened)
{
	struct fifo f;
	char buf[8];
	int fd;

	ASSERT(fifo_make(&f));
	fd = reader(&f);
	ASSERT(fd >= 0 && fifo_open(&f));
	CHECK(f.io.met[0]);
	CHECK(read(fd, buf, sizeof(buf)) == -1);
	process(&f, "x");
	CHECK(io_unread(&f.io, false));
	CHECK(read(fd, buf, sizeof(buf)) == 1);
	CHECK(!io_unread(&f.io, false));
	close(fd);
	fifo_done(&f);
}

TEST(io_a_reader_that_went_is_not_waited_for_unless_another_is_expected)
{
	struct fifo f;
	int fd;

	ASSERT(fifo_make(&f));
	fd = reader(&f);
	ASSERT(fd >= 0 && fifo_open(&f));
	close(fd);
	process(&f, "x");
	CHECK(!io_unread(&f.io, false));
	CHECK(io_unread(&f.io, true));
	/* what nobody read is there still */
	fd = reader(&f);
	CHECK(io_unread(&f.io, false));
	close(fd);
	fifo_done(&f);
}

TEST(io_a_reader_that_came_late_and_read_all_is_not_waited_for_again)
{
	struct fifo f;
	char buf[8];
	int fd;

	ASSERT(fifo_make(&f) && fifo_open(&f));
	process(&f, "x");
	fd = reader(&f);
	CHECK(io_unread(&f.io, false));
	CHECK(read(fd, buf, sizeof(buf)) == 1);
	close(fd);
	CHECK(!io_unread(&f.io, true));
	fifo_done(&f);
}

TEST(io_nobody_is_expected_after_a_logger)
{
	const struct io_request req = { .path = { "", "binary:///bin/true",
						  "binary:///bin/true" } };
	struct io_child child;
	struct io io;
	struct err e;

	ASSERT(!io_open(&io, NULL, &req, &child, &e));
	CHECK(write(child.stdio[1], "x", 1) == 1);
	io_ended(&io);
	CHECK(io_unread(&io, true));
	io_child_close(&child);
	CHECK(!io_unread(&io, true));
	io_close(&io);
}

TEST(io_nobody_is_expected_where_nothing_was_written)
{
	struct fifo f;
	int fd;

	ASSERT(fifo_make(&f));
	fd = reader(&f);
	ASSERT(fd >= 0 && fifo_open(&f));
	close(fd);
	process(&f, "");
	CHECK(!io_unread(&f.io, true));
	fifo_done(&f);
}

TEST(io_without_streams_has_nothing_unread)
{
	struct io_request req = { .path = { "", "", "" } };
	struct io_child child;
	struct io io;
	struct err e;

	ASSERT(!io_open(&io, NULL, &req, &child, &e));
	io_ended(&io);
	CHECK(!io_unread(&io, true));
	CHECK(!io_has_reader(&io));
	io_close(&io);
}

static bool is_of(const char *path, uid_t uid, gid_t gid)
{
	struct stat st;

	return !stat(path, &st) && st.st_uid == uid && st.st_gid == gid;
}

TEST(io_gives_fifos_and_pipes_to_a_user_but_no_files)
{
	struct fifo f;
	struct io_request req = { .uid = 12345, .gid = 23456 };
	char *file;
	struct stat pipe;
	struct err e;

	if (geteuid()) {
		test_skip("only root gives files away");
		return;
	}
	ASSERT(fifo_make(&f));
	file = arena_printf(&f.a, "%s/file", f.dir);
	req.path[0] = "";
	req.path[1] = f.path;
	req.path[2] = arena_printf(&f.a, "file://%s", file);
	CHECK(!io_open(&f.io, NULL, &req, &f.child, &e));
	CHECK(is_of(f.path, 12345, 23456));
	CHECK(is_of(file, 0, 0));
	io_child_close(&f.child);
	io_close(&f.io);

	/* a path without a scheme may be a file or a device, too */
	req.path[0] = file;
	req.path[1] = req.path[2] = "binary:///logger";
	CHECK(!io_open(&f.io, NULL, &req, &f.child, &e));
	CHECK(is_of(file, 0, 0));
	CHECK(!fstat(f.child.stdio[2], &pipe) && pipe.st_uid == 12345 && pipe.st_gid == 23456);
	io_child_close(&f.child);
	unlink(file);
	fifo_done(&f);
}
