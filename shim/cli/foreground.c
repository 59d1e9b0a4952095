/* SPDX-License-Identifier: Apache-2.0 */
/* foreground: one poll loop over signals, the terminal's two directions, and nothing else. */
#include "shim/cli/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "shim/cli/notify.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"

/*
 * Bytes carried at a time. A pipe that poll() calls writable takes this much
 * without blocking (pipe(7), PIPE_BUF), so signals are forwarded even while
 * nobody reads our output. The caller's own fds stay in blocking mode, since
 * their description is shared with other programs; only the master is ours.
 */
#define CARRY 4096

/* Left alone: they cannot be caught, are about ourselves, or stop us for job control. */
static const int not_forwarded[] = {
	SIGKILL, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, SIGURG,
	SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP, SIGSYS,
};

/* One direction: bytes taken from an fd and not yet written to the other. */
struct carry {
	int from, to; /* -1: closed, nothing more will come or can be written */
	bool master;  /* from is one */
	size_t at, n;
	char bytes[CARRY];
};

/*
 * When nobody has the slave open the master says so (POLLHUP, EIO), for as long
 * as that lasts, and poll() would not wait. It is no end: many an init closes
 * its terminal, or hangs it up, and opens it again. So the master is not asked
 * then, but an epoll that tells what happens to it once, when it happens.
 */
struct relay {
	struct carry in, out; /* caller to container, container to caller */
	int edge;	      /* that epoll */
	bool hung;	      /* nobody has the slave open; for the next poll() only */
	int tty;	      /* the caller's terminal, -1: none */
	bool raw, began;
	struct termios saved;
	struct sigaction old_pipe;
};

enum {
	POLL_SIGNALS,
	POLL_NOTIFY,
	POLL_IN_FROM,
	POLL_IN_TO,
	POLL_OUT_FROM,
	POLL_OUT_TO,
	POLL_EDGE,
	POLL_COUNT
};

int foreground_begin(struct foreground *fg, bool terminal, bool subreaper, struct err *e)
{
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < countof(not_forwarded); i++)
		sigdelset(&set, not_forwarded[i]);
	if (subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		return err_sys(e, "become a subreaper");
	fg->reaps = subreaper;
	if (terminal && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fg->console))
		return err_sys(e, "make a console socket");
	fg->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fg->signals < 0)
		return err_sys(e, "make a signalfd");
	sigprocmask(SIG_BLOCK, &set, &fg->old_mask);
	fg->began = true;
	return 0;
}

void foreground_done(struct foreground *fg)
{
	close_fd(&fg->signals);
	close_fd(&fg->console[0]);
	close_fd(&fg->console[1]);
	close_fd(&fg->master);
	if (fg->began)
		sigprocmask(SIG_SETMASK, &fg->old_mask, NULL);
	fg->began = false;
}

static int find_tty(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (isatty(fd))
			return fd;
	}
	return -1;
}

void foreground_size(struct oci_process *p)
{
	struct winsize size;
	int tty = find_tty();

	if (tty < 0 || ioctl(tty, TIOCGWINSZ, &size) || !size.ws_row)
		return;
	p->console_size = (struct oci_box){ .height = size.ws_row, .width = size.ws_col };
}

int foreground_console(struct foreground *fg, struct err *e)
{
	char name[CARRY];
	size_t n = 0;

	if (fg->console[0] < 0)
		return 0;
	if (recv_fds(fg->console[0], name, sizeof(name), &fg->master, 1, &n) < 0)
		return err_sys(e, "receive the console");
	if (!n)
		return err_set(e, EPROTO, "receive the console: no terminal came");
	return 0;
}

static void copy_window(const struct relay *r, int master)
{
	struct winsize size;

	if (r->tty >= 0 && !ioctl(r->tty, TIOCGWINSZ, &size))
		(void)ioctl(master, TIOCSWINSZ, &size); /* the process may have gone */
}

static int watch_edge(struct relay *r, int master, struct err *e)
{
	struct epoll_event what = { .events = EPOLLIN | EPOLLOUT | EPOLLET };

	r->edge = epoll_create1(EPOLL_CLOEXEC);
	if (r->edge < 0 || epoll_ctl(r->edge, EPOLL_CTL_ADD, master, &what))
		return err_sys(e, "watch the console");
	return 0;
}

static int relay_begin(struct relay *r, int master, struct err *e)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct termios raw;
	int flags = fcntl(master, F_GETFL);

	/* A reader of ours that goes away must not end us before the container. */
	r->began = !sigaction(SIGPIPE, &ignore, &r->old_pipe);
	r->in.from = STDIN_FILENO;
	r->in.to = r->out.from = master;
	r->out.to = STDOUT_FILENO;
	r->out.master = true;
	r->tty = find_tty();
	if (flags < 0 || fcntl(master, F_SETFL, flags | O_NONBLOCK))
		return err_sys(e, "make the console non-blocking");
	if (watch_edge(r, master, e))
		return -1;
	copy_window(r, master);
	if (!isatty(STDIN_FILENO))
		return 0;
	if (tcgetattr(STDIN_FILENO, &r->saved))
		return err_sys(e, "read the terminal's mode");
	raw = r->saved;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		return err_sys(e, "set the terminal to raw mode");
	r->raw = true;
	return 0;
}

/* Cleanup of a relay: the caller gets its terminal back as it was. */
static void relay_done(struct relay *r)
{
	if (r->raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &r->saved);
	if (r->began)
		(void)sigaction(SIGPIPE, &r->old_pipe, NULL);
	close_fd(&r->edge);
	r->raw = r->began = false;
}

static bool carry_wants_read(const struct carry *c)
{
	return c->from >= 0 && !c->n;
}

static bool carry_wants_write(const struct carry *c)
{
	return c->n > 0;
}

static bool again(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void carry_read(struct carry *c)
{
	ssize_t n = read(c->from, c->bytes, sizeof(c->bytes));

	if (n > 0) {
		c->at = 0;
		c->n = (size_t)n;
	} else if (!n || !(again() || (c->master && errno == EIO))) {
		c->from = -1; /* end of the input */
	}
}

static void carry_write(struct carry *c)
{
	ssize_t n = write(c->to, c->bytes + c->at, c->n);

	if (n > 0) {
		c->at += (size_t)n;
		c->n -= (size_t)n;
	} else if (n < 0 && !again()) {
		c->n = 0; /* nobody takes it: read on and drop, so that the writer never hangs */
	}
}

static struct pollfd poll_row(bool wanted, int fd, short events)
{
	return (struct pollfd){ .fd = wanted ? fd : -1, .events = events };
}

static void relay_rows(const struct relay *r, struct pollfd *p)
{
	p[POLL_IN_FROM] = poll_row(carry_wants_read(&r->in), r->in.from, POLLIN);
	p[POLL_IN_TO] = poll_row(!r->hung && carry_wants_write(&r->in), r->in.to, POLLOUT);
	p[POLL_OUT_FROM] = poll_row(!r->hung && carry_wants_read(&r->out), r->out.from, POLLIN);
	p[POLL_OUT_TO] = poll_row(carry_wants_write(&r->out), r->out.to, POLLOUT);
	p[POLL_EDGE] = poll_row(r->hung, r->edge, POLLIN);
}

static void relay_move(struct relay *r, const struct pollfd *p)
{
	int master = p[POLL_IN_TO].revents | p[POLL_OUT_FROM].revents;
	struct epoll_event told;

	r->hung = master & POLLHUP && !(master & POLLIN);
	if (p[POLL_EDGE].revents)
		(void)epoll_wait(r->edge, &told, 1, 0); /* only so that it is not told again */
	if (p[POLL_IN_FROM].revents)
		carry_read(&r->in);
	/* neither for POLLHUP alone: a write for which there is no room is told by the edge */
	if (p[POLL_IN_TO].revents & ~POLLHUP)
		carry_write(&r->in);
	if (p[POLL_OUT_FROM].revents & ~POLLHUP)
		carry_read(&r->out);
	if (p[POLL_OUT_TO].revents)
		carry_write(&r->out);
}

/* After the process's end: what is in the terminal already, but nothing to wait for. */
static void relay_drain(struct relay *r)
{
	struct pollfd p;

	for (;;) {
		if (r->out.n) {
			(void)write_all(r->out.to, r->out.bytes + r->out.at, r->out.n);
			r->out.n = 0;
		}
		p = (struct pollfd){ .fd = r->out.from, .events = POLLIN };
		if (r->out.from < 0 || poll(&p, 1, 0) <= 0 || !(p.revents & POLLIN))
			return;
		carry_read(&r->out);
	}
}

/* Reap what has ended; true when pid was among it, with its *code. */
static bool reap(const struct foreground *fg, pid_t pid, int *code)
{
	int status;
	pid_t got;

	while ((got = waitpid(fg->reaps ? -1 : pid, &status, WNOHANG)) > 0) {
		if (got != pid)
			continue;
		*code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		return true;
	}
	return false;
}

/* pid is our child and not reaped yet, so it is still the same process. */
static void take_signals(const struct foreground *fg, const struct relay *r, pid_t pid)
{
	struct signalfd_siginfo si;

	while (read(fg->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			continue; /* it woke us, that is all */
		if (si.ssi_signo == SIGWINCH && fg->master >= 0)
			copy_window(r, fg->master);
		else
			(void)kill(pid, (int)si.ssi_signo);
	}
}

int foreground_wait(struct foreground *fg, pid_t pid, struct notify *notify, struct err *e)
{
	__attribute__((cleanup(relay_done))) struct relay r = { .in = { .from = -1, .to = -1 },
								.out = { .from = -1, .to = -1 },
								.edge = -1,
								.tty = -1 };
	struct pollfd p[POLL_COUNT];
	int code = 0;

	if (fg->master >= 0 && relay_begin(&r, fg->master, e))
		return -1;
	while (!reap(fg, pid, &code)) {
		p[POLL_SIGNALS] = poll_row(true, fg->signals, POLLIN);
		p[POLL_NOTIFY] = poll_row(notify, notify ? notify->container : -1, POLLIN);
		relay_rows(&r, p);
		if (poll(p, POLL_COUNT, -1) < 0 && errno != EINTR)
			return err_sys(e, "wait for the container");
		relay_move(&r, p);
		if (p[POLL_NOTIFY].revents)
			notify_carry(notify);
		if (p[POLL_SIGNALS].revents)
			take_signals(fg, &r, pid);
	}
	relay_drain(&r);
	if (notify)
		notify_drain(notify);
	return code;
}
