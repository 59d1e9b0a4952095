/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers an rtnetlink request: the kernel, and nobody else. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "shim/engine/netlink.h"
#include "spec/base/auto.h"
#include "tests/unit/test.h"

/* What somebody else sends to the socket: "not permitted", in answer to its first request. */
static bool forge(int sock)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr err;
	} no = { .h = { .nlmsg_len = sizeof(no), .nlmsg_type = NLMSG_ERROR, .nlmsg_seq = 1 },
		 .err = { .error = -EPERM } };
	auto_fd int other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl to;
	socklen_t len = sizeof(to);

	return other >= 0 && !getsockname(sock, (struct sockaddr *)&to, &len) &&
	       sendto(other, &no, sizeof(no), 0, (struct sockaddr *)&to, len) == sizeof(no);
}

static int see_index(const struct nlmsghdr *h, void *to, struct err *e)
{
	struct ifinfomsg info;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(info)))
		return err_set(e, EPROTO, "cut short");
	memcpy(&info, NLMSG_DATA(h), sizeof(info));
	*(int *)to = info.ifi_index;
	return 0;
}

TEST(netlink_hears_the_kernel_only)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink m;
	struct err e;
	auto_fd int sock = netlink_open(&e);
	int index = 0;

	ASSERT(sock >= 0);
	/* The kernel gives the socket an address when it is bound, or sends. */
	ASSERT(!bind(sock, (struct sockaddr *)&(struct sockaddr_nl){ .nl_family = AF_NETLINK },
		     sizeof(struct sockaddr_nl)));
	if (!forge(sock)) {
		test_skip("needs root");
		return;
	}
	netlink_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
	netlink_put_text(&m, IFLA_IFNAME, "lo");
	CHECK(!netlink_talk(sock, &m, see_index, &index, &e));
	CHECK(index == (int)if_nametoindex("lo"));
}
