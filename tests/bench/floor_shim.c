/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor-shim SOCKET: what a process that keeps a pod cannot be smaller than, if it is written in C:
 * it listens at a socket, is told of its children's ends, and waits for both. It ends with its
 * parent.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	_exit(1);
}

static void watch(int loop, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	need(fd >= 0 && !epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event), "watch");
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int loop = epoll_create1(EPOLL_CLOEXEC), fd;
	struct epoll_event event;
	sigset_t ends;

	if (argc != 2) {
		fprintf(stderr, "usage: floor-shim SOCKET\n");
		return 2;
	}
	need(!prctl(PR_SET_PDEATHSIG, SIGKILL), "end with the parent");
	strncpy(address.sun_path, argv[1], sizeof(address.sun_path) - 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	need(!bind(fd, (struct sockaddr *)&address, sizeof(address)) && !listen(fd, 1), argv[1]);
	watch(loop, fd);
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	need(!sigprocmask(SIG_BLOCK, &ends, NULL), "block");
	watch(loop, signalfd(-1, &ends, SFD_CLOEXEC));
	need(write(STDOUT_FILENO, "\n", 1) == 1, "tell");
	return epoll_wait(loop, &event, 1, -1) < 0;
}
