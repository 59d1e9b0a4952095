/* SPDX-License-Identifier: Apache-2.0 */
/* io: open each stream by what its name is: a FIFO, a file, a logger. */
#include "shim/daemon/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/daemon/uri.h"
#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define SCHEME_FILE   "file://"
#define SCHEME_FIFO   "fifo://"
#define SCHEME_BINARY "binary"
#define FILE_MODE     0644
#define DIR_MODE      0755

static bool is_fifo(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISFIFO(st.st_mode);
}

/* Make what open(O_NONBLOCK) gave a plain blocking stream, as programs expect. */
static int make_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

static int open_stdin(struct io *io, const char *path, bool terminal, struct err *e)
{
	auto_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "open stdin '%s'", path);
	if (is_fifo(path)) {
		io->keep[0] = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (io->keep[0] < 0)
			return err_sys(e, "open stdin '%s' for writing", path);
	}
	if (!terminal && make_blocking(fd))
		return err_sys(e, "set up stdin '%s'", path);
	return take_fd(&fd);
}

/* Should it be a FIFO, it is an error that nobody reads it: nothing here may wait. */
static int open_log_file(const char *path, bool terminal, struct err *e)
{
	auto_free char *copy = mem_strdup(path);
	auto_fd int fd = -1;

	if (path_mkdirs(dirname(copy), DIR_MODE, e))
		return -1;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
		  FILE_MODE);
	if (fd < 0 || (!terminal && make_blocking(fd)))
		return err_sys(e, "open log file '%s'", path);
	return take_fd(&fd);
}

/* An fd, or -1 with ENXIO when nobody reads the FIFO; one who waits to open it does. */
static int open_writer(const char *path)
{
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

/* The reader is opened before the writer, whose opening so does not wait for containerd. */
static int open_output(struct io *io, int i, const char *path, bool terminal, struct err *e)
{
	int nonblock = terminal ? O_NONBLOCK : 0, fd;
	auto_fd int probe = -1; /* until the writer is open, for a reader not to see an end */
	auto_arena struct arena a = { 0 };
	const char *uri = path;
	bool is_file = str_starts(uri, SCHEME_FILE);

	if (is_file || str_starts(uri, SCHEME_FIFO)) {
		path = uri_path(uri, &a, NULL, e);
		if (!path)
			return err_ctx(e, "output '%s'", uri);
	} else if (strstr(uri, "://")) {
		return err_set(e, ENOTSUP, "output '%s': the scheme is not supported", uri);
	}
	if (is_file)
		return open_log_file(path, terminal, e);
	if (is_fifo(path)) {
		probe = open_writer(path);
		io->met[i - 1] = probe >= 0;
		io->keep[i] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (io->keep[i] < 0)
			return err_sys(e, "open output '%s' for reading", path);
	}
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | nonblock);
	return fd < 0 ? err_sys(e, "open output '%s'", path) : fd;
}

static bool is_logger(const char *uri)
{
	const char *end = strstr(uri, "://");

	return end &&
	       (str_starts(uri, SCHEME_BINARY "://") || str_starts(uri, SCHEME_BINARY "-v2://"));
}

/* Both outputs become pipes to the logger; the shim keeps the read ends as it does of FIFOs. */
static int open_logger(struct io *io, bool terminal, struct io_child *child, struct err *e)
{
	child->logger = io->path[1];
	io->logged = true;
	for (int i = 0; i < (terminal ? 1 : 2); i++) {
		int pair[2];

		if (pipe2(pair, O_CLOEXEC))
			return err_sys(e, "create a pipe");
		child->log[i] = pair[0];
		child->stdio[i + 1] = pair[1];
		io->keep[i + 1] = fcntl(pair[0], F_DUPFD_CLOEXEC, 0);
		io->met[i] = true;
	}
	if (terminal && fcntl(child->stdio[1], F_SETFL, O_NONBLOCK))
		return err_sys(e, "set up a pipe");
	return 0;
}

static int open_all(struct io *io, struct io_child *child, struct err *e)
{
	const char *const *path = (const char *const *)io->path;

	if (*path[0]) {
		child->stdio[0] = open_stdin(io, path[0], io->terminal, e);
		if (child->stdio[0] < 0)
			return -1;
	}
	if (is_logger(path[1]))
		return open_logger(io, io->terminal, child, e);
	for (int i = 1; i < 3; i++) {
		if (!*path[i] || (i == 2 && io->terminal))
			continue;
		if (i == 2 && str_eq(path[1], path[2]))
			child->stdio[i] = fcntl(child->stdio[1], F_DUPFD_CLOEXEC, 3);
		else
			child->stdio[i] = open_output(io, i, path[i], io->terminal, e);
		if (child->stdio[i] < 0)
			return -1;
	}
	return 0;
}

/* The relay takes the ends of containerd's pipes; the process will have the terminal alone. */
static int hand_to_relay(struct io *io, struct loop *loop, struct io_child *child, struct err *e)
{
	if (child->stdio[1] < 0) {
		child->stdio[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (child->stdio[1] < 0)
			return err_sys(e, "open '/dev/null'");
	}
	io->relay = relay_new(loop, take_fd(&child->stdio[0]), take_fd(&child->stdio[1]));
	return 0;
}

/* FIFOs and pipes are there for the process alone; a file or a device, say /dev/null, is not. */
static int own(const struct io_child *child, uid_t uid, gid_t gid, struct err *e)
{
	for (int i = 0; i < 3 && (uid || gid); i++) {
		struct stat st;

		if (child->stdio[i] < 0 || fstat(child->stdio[i], &st) || !S_ISFIFO(st.st_mode))
			continue;
		if (fchown(child->stdio[i], uid, gid))
			return err_sys(e, "give a stream to user %u", uid);
	}
	return 0;
}

int io_open(struct io *io, struct loop *loop, const struct io_request *req, struct io_child *child,
	    struct err *e)
{
	*io = (struct io)IO_INIT;
	*child = (struct io_child)IO_CHILD_INIT;
	io->terminal = req->terminal;
	for (int i = 0; i < 3; i++)
		io->path[i] = mem_strdup(req->path[i]);
	if (open_all(io, child, e) || own(child, req->uid, req->gid, e) ||
	    (req->terminal && hand_to_relay(io, loop, child, e))) {
		io_child_close(child);
		io_close(io);
		return -1;
	}
	return 0;
}

void io_child_close(struct io_child *child)
{
	for (int i = 0; i < 3; i++)
		close_fd(&child->stdio[i]);
	for (int i = 0; i < 2; i++)
		close_fd(&child->log[i]);
}

size_t io_child_fds(const struct io_child *child, int *fds)
{
	memcpy(fds, child->stdio, sizeof(child->stdio));
	memcpy(fds + countof(child->stdio), child->log, sizeof(child->log));
	return countof(child->stdio) + countof(child->log);
}

int io_started(struct io *io, int console, struct err *e)
{
	if (!io->relay)
		return 0;
	if (console < 0)
		return err_set(e, EPROTO, "the process did not hand over its terminal");
	return relay_start(io->relay, console, e);
}

void io_ended(struct io *io)
{
	close_fd(&io->keep[0]);
	if (io->relay)
		relay_process_ended(io->relay);
}

void io_close_stdin(struct io *io)
{
	close_fd(&io->keep[0]);
}

/* As long as the reader is open the writer can be, too. */
static void turn_round(struct io *io, int i)
{
	int reader = io->keep[i + 1];

	if (io->writers[i] || reader < 0)
		return;
	io->writers[i] = true;
	io->keep[i + 1] = open_writer(fd_path(reader).s);
	close_fd(&reader);
}

static bool has_reader(int writer)
{
	struct pollfd p = { .fd = writer };

	return writer >= 0 && poll(&p, 1, 0) == 0; /* POLLERR is always asked for */
}

static bool stream_unread(struct io *io, int i, bool expected)
{
	int bytes = 0;

	turn_round(io, i);
	if (io->keep[i + 1] < 0)
		return false;
	if (ioctl(io->keep[i + 1], FIONREAD, &bytes))
		bytes = 0;
	if (!has_reader(io->keep[i + 1]))
		return !io->met[i] || (expected && bytes && !io->logged);
	io->met[i] = true;
	return bytes;
}

bool io_unread(struct io *io, bool expected)
{
	bool out, err;

	if (io->relay && relay_busy(io->relay))
		return true;
	out = stream_unread(io, 0, expected);
	err = stream_unread(io, 1, expected);
	return out || err;
}

bool io_has_reader(struct io *io)
{
	for (int i = 0; i < 2; i++) {
		turn_round(io, i);
		if (has_reader(io->keep[i + 1]))
			return true;
	}
	return false;
}

void io_let_go(struct io *io)
{
	close_fd(&io->keep[1]);
	close_fd(&io->keep[2]);
}

void io_close(struct io *io)
{
	relay_free(io->relay);
	for (int i = 0; i < 3; i++) {
		close_fd(&io->keep[i]);
		free(io->path[i]);
	}
	*io = (struct io)IO_INIT;
}
