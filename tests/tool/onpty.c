/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onpty: run a command on a new terminal of 33 rows and 111 columns.
 *   onpty COMMAND...   stdin is typed, what the terminal shows goes to stdout
 * SIGUSR1 makes it 44 x 122. The exit code is the command's, or 99 when it left
 * the terminal in another mode than it found it in.
 */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <utmp.h>
#include <unistd.h>

#include "spec/base/fd.h"

#define LEFT_CHANGED 99

static volatile sig_atomic_t resize;

static void on_usr1(int sig)
{
	(void)sig;
	resize = 1;
}

static void relay(int master)
{
	bool typing = true;
	char buf[4096];
	ssize_t n;

	for (;;) {
		struct pollfd p[2] = { { .fd = master, .events = POLLIN },
				       { .fd = typing ? STDIN_FILENO : -1, .events = POLLIN } };

		if (resize) {
			const struct winsize larger = { .ws_row = 44, .ws_col = 122 };

			resize = 0;
			(void)ioctl(master, TIOCSWINSZ, &larger);
		}
		if (poll(p, 2, 100) < 0) /* a signal may come right before it */
			continue;
		if (p[1].revents) {
			n = read(STDIN_FILENO, buf, sizeof(buf));
			typing = n > 0;
			if (typing && write_all(master, buf, (size_t)n))
				return;
		}
		if (!p[0].revents)
			continue;
		n = read(master, buf, sizeof(buf));
		if (n <= 0 || write_all(STDOUT_FILENO, buf, (size_t)n))
			return;
	}
}

static bool same_mode(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag &&
	       a->c_cflag == b->c_cflag && !memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc));
}

int main(int argc, char **argv)
{
	const struct winsize size = { .ws_row = 33, .ws_col = 111 };
	const struct sigaction act = { .sa_handler = on_usr1 };
	struct termios before, after;
	int master, slave, status;
	pid_t pid;

	if (argc < 2 || openpty(&master, &slave, NULL, NULL, &size) || tcgetattr(slave, &before))
		return 2;
	sigaction(SIGUSR1, &act, NULL);
	pid = fork();
	if (!pid) {
		close(master);
		if (login_tty(slave))
			_exit(126);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0)
		return 2;
	close(slave);
	relay(master);
	if (waitpid(pid, &status, 0) != pid || tcgetattr(master, &after))
		return 2;
	if (!same_mode(&before, &after)) {
		fprintf(stderr, "onpty: the terminal was left in another mode\n");
		return LEFT_CHANGED;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
