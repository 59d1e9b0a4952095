/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the kernel: lost ones, forged ones, and children that do not do their work. */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cni/answer.h"
#include "cni/detach.h"
#include "cni/link.h"
#include "spec/base/auto.h"
#include "tests/unit/test.h"

/* Into a namespace without anything; an fd of the one that was left, or -1. */
static int leave_home(void)
{
	auto_fd int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return home < 0 || unshare(CLONE_NEWNET) ? -1 : take_fd(&home);
}

TEST(an_answer_that_never_comes_is_an_error_in_time)
{
	char buf[ANSWER_MAX];
	struct err e;
	auto_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	ASSERT(fd >= 0);
	CHECK(answer_read(fd, buf, 1, &e) == -1);
	CHECK(e.num == ETIMEDOUT);
	CHECK_HAS(e.msg, "did not answer within 1 ms");
	CHECK(rtnl_unsure(&e));
}

/* An acknowledgement of whatever comes first, by another process than the kernel. */
static bool forge(const struct rtnl *to)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
	} m = { .head = { .nlmsg_len = sizeof(m), .nlmsg_type = NLMSG_ERROR } };
	struct sockaddr_nl at = { .nl_family = AF_NETLINK,
				  .nl_pid = nl_socket_get_local_port(to->sock) };
	struct rtnl own;
	struct err e;
	bool sent;

	if (rtnl_open(&own, &e))
		return false;
	m.err.error = -EXDEV;
	m.head.nlmsg_seq = nl_socket_use_seq(to->sock) + 1; /* of the next request */
	sent = sendto(nl_socket_get_fd(own.sock), &m, sizeof(m), 0, (struct sockaddr *)&at,
		      sizeof(at)) == sizeof(m);
	rtnl_close(&own);
	return sent;
}

TEST(answers_by_others_than_the_kernel_count_for_nothing)
{
	struct rtnl r;
	struct link link;
	struct err e;

	ASSERT(!rtnl_open(&r, &e));
	if (!forge(&r)) {
		test_skip("needs root");
	} else {
		CHECK(link_get(&r, "lo", &link, &e) == 1);
		CHECK_TEXT(link.name, "lo");
	}
	rtnl_close(&r);
}

static bool stops; /* the next child does, at once */

static void stop_child(void)
{
	if (stops)
		raise(SIGSTOP);
}

TEST(a_child_that_deletes_nothing_is_not_waited_for_for_ever)
{
	const struct new_bridge bridge = { .name = "b0", .mac = { { 2, 0, 0, 0, 0, 1 } } };
	auto_fd int home = leave_home();
	struct rtnl r;
	struct link link;
	struct err e;
	pid_t pid;

	if (home < 0) {
		test_skip("needs root");
		return;
	}
	ASSERT(!rtnl_open(&r, &e));
	ASSERT(!link_add_bridge(&r, &bridge, &e));
	ASSERT(link_get(&r, "b0", &link, &e) == 1);
	ASSERT(!pthread_atfork(NULL, NULL, stop_child));
	stops = true;
	r.wait_ms = 1;
	CHECK(link_delete_detached(&r, "b0", link.index, -1, &e) == -1);
	CHECK(e.num == ETIMEDOUT);
	CHECK_HAS(e.msg, "did not remove it");
	stops = false;
	pid = waitpid(-1, NULL, WUNTRACED);
	CHECK(pid > 0 && !kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
	rtnl_close(&r);
	CHECK(!setns(home, CLONE_NEWNET));
}
