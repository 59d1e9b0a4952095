/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recvtty: the receiver of --console-socket and --pidfd-socket.
 *   recvtty [-t] SOCKET   listen, take one terminal, print a line about it and then what it says;
 *                         -t: also type what comes on stdin
 *   recvtty -p SOCKET     listen, take one pidfd, print the pid it is of
 * The line: "name=PAYLOAD bytes=N fds=N rows=N cols=N pts=N uid=N".
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "spec/base/fd.h"

static int failed(const char *what)
{
	fprintf(stderr, "recvtty: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Any length of path: the directory is entered first. The name is there when connections are taken.
 */
static int take_connection(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *slash = strrchr(path, '/');
	char dir[4096];
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (slash) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		if (chdir(*dir ? dir : "/"))
			return -1;
		path = slash + 1;
	}
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.new", path);
	if (s < 0 || bind(s, (struct sockaddr *)&addr, sizeof(addr)) || listen(s, 1) ||
	    rename(addr.sun_path, path))
		return -1;
	return accept(s, NULL, NULL);
}

static int show_pid(int pidfd)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	f = fopen(path, "re");
	if (!f)
		return failed(path);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "Pid:", 4))
			printf("%ld\n", strtol(line + 4, NULL, 10));
	}
	fclose(f);
	return 0;
}

static void show_terminal(int master, const char *name, size_t bytes, size_t fds)
{
	struct winsize size = { 0 };
	struct stat st = { 0 };
	int pts = -1, slave = ioctl(master, TIOCGPTPEER, 0);

	(void)ioctl(master, TIOCGWINSZ, &size);
	(void)ioctl(master, TIOCGPTN, &pts);
	if (slave >= 0) {
		(void)fstat(slave, &st);
		close(slave);
	}
	printf("name=%s bytes=%zu fds=%zu rows=%d cols=%d pts=%d uid=%u\n", name, bytes, fds,
	       size.ws_row, size.ws_col, pts, st.st_uid);
	fflush(stdout);
}

/* Until the last slave is closed. */
static void relay(int master, bool typing)
{
	char buf[4096];
	ssize_t n;

	for (;;) {
		struct pollfd p[2] = { { .fd = master, .events = POLLIN },
				       { .fd = typing ? STDIN_FILENO : -1, .events = POLLIN } };

		if (poll(p, 2, -1) < 0)
			return;
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

int main(int argc, char **argv)
{
	bool want_pid = argc == 3 && !strcmp(argv[1], "-p");
	bool typing = argc == 3 && !strcmp(argv[1], "-t");
	char name[4096] = { 0 }, more;
	int fds[FDS_MAX], c;
	size_t n_fds = 0;
	ssize_t n;

	if (argc < 2)
		return 2;
	c = take_connection(argv[argc - 1]);
	if (c < 0)
		return failed(argv[argc - 1]);
	n = recv_fds(c, name, sizeof(name) - 1, fds, FDS_MAX, &n_fds);
	if (n <= 0 || n_fds < 1)
		return failed("receive");
	if (read(c, &more, 1) != 0)
		return failed("expected the end of the stream");
	close(c);
	if (want_pid)
		return show_pid(fds[0]);
	show_terminal(fds[0], name, (size_t)n, n_fds);
	relay(fds[0], typing);
	return 0;
}
