/* SPDX-License-Identifier: Apache-2.0 */
/* A network namespace made ahead: a new one, taken once, by nobody who waits for children. */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "shim/engine/netns_ahead.h"
#include "spec/base/auto.h"
#include "tests/unit/test.h"

TEST(a_network_namespace_made_ahead_is_new_and_taken_once)
{
	struct netns_ahead n = { 0 };
	struct stat own, fresh;
	auto_fd int fd = -1;

	netns_ahead_begin(&n);
	errno = 0;
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	fd = netns_ahead_take(&n);
	CHECK(netns_ahead_take(&n) < 0);
	if (fd < 0) {
		test_skip("needs root");
		return;
	}
	CHECK(ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK(!fstat(fd, &fresh) && !stat("/proc/self/ns/net", &own) && fresh.st_ino != own.st_ino);
}

TEST(without_a_begin_there_is_no_network_namespace)
{
	struct netns_ahead n = { 0 };

	CHECK(netns_ahead_take(&n) < 0);
}
