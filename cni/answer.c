/* SPDX-License-Identifier: Apache-2.0 */
/* answer: the kernel answers before send() returns, so waiting is for the worst case only. */
#include "cni/answer.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "spec/base/when.h"

/* 1: there may be something; 0: time is up. */
static int wait_for(int fd, int64_t end, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left = end - when_ms();
	int n = poll(&p, 1, left > 0 ? (int)left : 0);

	if (n < 0 && errno != EINTR)
		return err_sys(e, "wait for the kernel's answer");
	return n || left > 0;
}

ssize_t answer_read(int fd, char *buf, int wait_ms, struct err *e)
{
	int64_t end = 0;

	for (;;) {
		struct sockaddr_nl from = { .nl_family = AF_NETLINK };
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, buf, ANSWER_MAX, MSG_DONTWAIT | MSG_TRUNC,
				     (struct sockaddr *)&from, &len);
		int more;

		if (n > ANSWER_MAX)
			return err_set(e, EMSGSIZE, "a netlink reply is larger than %d bytes",
				       ANSWER_MAX);
		if (n >= 0 && !from.nl_pid)
			return n;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return err_sys(e, "read the kernel's answer");
		end = end ? end : when_ms() + wait_ms;
		more = wait_for(fd, end, e);
		if (more <= 0)
			return more < 0
				       ? -1
				       : err_set(e, ETIMEDOUT,
						 "the kernel did not answer within %d ms", wait_ms);
	}
}

int answer_done(const struct nlmsghdr *nlh, struct err *e)
{
	int num = 0;

	if (nlh->nlmsg_len >= NLMSG_LENGTH(sizeof(num)))
		memcpy(&num, NLMSG_DATA(nlh), sizeof(num));
	return num < 0 ? err_set(e, -num, "the kernel broke off a list: %s", strerror(-num)) : 0;
}
