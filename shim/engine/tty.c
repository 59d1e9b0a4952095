/* SPDX-License-Identifier: Apache-2.0 */
/* tty: open, verify, send, attach a pty. */
#include "shim/engine/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <termios.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#define PTMX_MAJOR 5
#define PTMX_MINOR 2

/* A peer that neither accepts nor reads must not hold us up (unix(7): connect(2) waits, too). */
static void set_patience(int sock)
{
	struct timeval patience = { .tv_sec = TTY_SEND_MS / 1000 };

	setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

int tty_connect(const char *path, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	auto_fd int at = open(path, O_PATH | O_CLOEXEC);
	auto_fd int sock = -1;

	if (at < 0)
		return err_sys(e, "open socket '%s'", path);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return err_sys(e, "make a socket");
	set_patience(sock);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", fd_path(at).s);
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)))
		return err_sys(e, "connect to socket '%s'", path);
	return take_fd(&sock);
}

/*
 * /dev/ptmx is a link in most containers and may be anything in a hostile one, so
 * take the one in /dev/pts. Opened first and checked then: the check is about
 * the file that is used, not about a name.
 */
static int open_ptmx(int root, struct err *e)
{
	auto_fd int fd =
		root_open(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, e);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return err_ctx(e, "process: terminal: the container needs a devpts mount on "
				  "/dev/pts");
	if (fstatfs(fd, &fs) || fstat(fd, &st))
		return err_sys(e, "process: terminal: look at /dev/pts/ptmx");
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))
		return err_set(e, EINVAL,
			       "process: terminal: /dev/pts/ptmx in the container is no "
			       "pty multiplexer");
	return take_fd(&fd);
}

static int open_slave(int master, char name[TTY_NAME_SIZE], struct err *e)
{
	int unlock = 0, number, slave;

	if (ioctl(master, TIOCSPTLCK, &unlock) || ioctl(master, TIOCGPTN, &number))
		return err_sys(e, "process: terminal: unlock the pty");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys(e, "process: terminal: open the pty's slave");
	snprintf(name, TTY_NAME_SIZE, "/dev/pts/%d", number);
	return slave;
}

int tty_open(const struct plan_proc *p, int root, struct tty *out, struct err *e)
{
	struct winsize size = { .ws_row = p->rows, .ws_col = p->cols };
	auto_fd int master = open_ptmx(root, e);
	auto_fd int slave = -1;
	char name[TTY_NAME_SIZE];

	if (master < 0)
		return -1;
	slave = open_slave(master, name, e);
	if (slave < 0)
		return -1;
	if ((size.ws_row || size.ws_col) && ioctl(slave, TIOCSWINSZ, &size))
		return err_sys(e, "process: consoleSize: set");
	/* EPERM, EINVAL: the user is not mapped, and then nobody could own it */
	if (fchown(slave, p->uid, (gid_t)-1) && errno != EPERM && errno != EINVAL)
		return err_sys(e, "process: terminal: give the pty to user %u", p->uid);
	if (fcntl(master, F_SETFL, O_RDWR))
		return err_sys(e, "process: terminal: set up the pty");
	*out = (struct tty){ .master = take_fd(&master), .slave = take_fd(&slave) };
	memcpy(out->name, name, sizeof(name));
	return 0;
}

int tty_send(int sock, const struct tty *t, struct err *e)
{
	set_patience(sock);
	if (send_fds(sock, t->name, strlen(t->name), &t->master, 1))
		return err_sys(e, "send the terminal to the console socket");
	return 0;
}

int tty_attach(const struct tty *t, struct err *e)
{
	if (ioctl(t->slave, TIOCSCTTY, 0))
		return err_sys(e, "process: terminal: make it the controlling one");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(t->slave, fd) < 0)
			return err_sys(e, "process: terminal: make it fd %d", fd);
	}
	return 0;
}

void tty_close(struct tty *t)
{
	close_fd(&t->master);
	close_fd(&t->slave);
}
