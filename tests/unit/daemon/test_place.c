/* SPDX-License-Identifier: Apache-2.0 */
/* test_place: who counts as a living daemon. */
#include "shim/daemon/place.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "tests/unit/test.h"

/* A daemon in a child, whose listening socket stays open here when it ends. */
static pid_t fork_daemon(int listener)
{
	int ready[2];
	struct err e;
	pid_t pid;
	char c;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		close(ready[0]);
		if (place_own(listener, &e) || write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

TEST(a_daemon_that_ends_is_not_alive_though_its_socket_is_open)
{
	char dir[] = "/tmp/test-place.XXXXXX", socket[64];
	auto_fd int listener = -1;
	siginfo_t ended;
	struct err e;
	pid_t pid;

	ASSERT(mkdtemp(dir));
	snprintf(socket, sizeof(socket), "%s/s", dir);
	CHECK(!place_alive(socket));
	listener = place_listen(socket, &e);
	ASSERT(listener >= 0);
	CHECK(place_alive(socket));
	pid = fork_daemon(listener);
	ASSERT(pid > 0);
	CHECK(place_alive(socket));
	CHECK(place_listen(socket, &e) == -1 && e.num == 0);
	kill(pid, SIGKILL);
	CHECK(!waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT));
	CHECK(!place_alive(socket)); /* a zombie */
	waitpid(pid, NULL, 0);
	CHECK(!place_alive(socket)); /* gone */
	close_fd(&listener);
	listener = place_listen(socket, &e); /* what it left is replaced */
	CHECK(listener >= 0 && place_alive(socket));
	unlink(socket);
	rmdir(dir);
}
