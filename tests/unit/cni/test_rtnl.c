/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the kernel: lost ones, forged ones, and children that do not do their work. */
#include <errno.h>
#include <fcntl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cni/answer.h"
#include "cni/apply.h"
#include "cni/detach.h"
#include "cni/inet.h"
#include "cni/link.h"
#include "cni/masq.h"
#include "cni/pairs.h"
#include "cni/proxy.h"
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

/* ---- lists into which a change came ---- */

/* In place of the kernel: its answers lie ready before they are asked for. */
struct fake {
	struct rtnl r;
	int end;
	uint32_t seq; /* of the next request to be answered */
};

static bool fake_open(struct fake *f)
{
	struct err e;
	int pair[2];

	if (rtnl_open(&f->r, &e))
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return false;
	f->end = pair[1];
	f->seq = nl_socket_use_seq(f->r.sock) + 1;
	f->r.wait_ms = 1;
	if (dup3(pair[0], nl_socket_get_fd(f->r.sock), O_CLOEXEC) < 0)
		return false;
	return !close(pair[0]);
}

static void fake_close(struct fake *f)
{
	rtnl_close(&f->r);
	close(f->end);
}

static void tell(const struct fake *f, struct rtnl_req *q)
{
	struct nlmsghdr *nlh = nlmsg_hdr(q->msg);

	nlh->nlmsg_seq = f->seq;
	CHECK(!q->full && send(f->end, nlh, nlh->nlmsg_len, 0) == (ssize_t)nlh->nlmsg_len);
	nlmsg_free(q->msg);
}

static void tell_end(struct fake *f, int flags)
{
	const int ok = 0;
	struct rtnl_req q = rtnl_req(NLMSG_DONE, NLM_F_MULTI | flags, &ok, sizeof(ok));

	tell(f, &q);
	f->seq++;
}

/* The answer to one request: 10.1.0.1/24, 10.1.1.1/24, and so on. */
static void tell_addrs(struct fake *f, int n, int flags)
{
	const struct ifaddrmsg ifa = { .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 1 };

	for (int i = 0; i < n; i++) {
		const uint8_t ip[4] = { 10, 1, (uint8_t)i, 1 };
		struct rtnl_req q = rtnl_req(RTM_NEWADDR, NLM_F_MULTI | flags, &ifa, sizeof(ifa));

		rtnl_put(&q, IFA_LOCAL, ip, sizeof(ip));
		tell(f, &q);
	}
	tell_end(f, flags);
}

static void tell_veths(struct fake *f, int n, int flags)
{
	for (int i = 0; i < n; i++) {
		const struct ifinfomsg ifi = { .ifi_index = 2 + i };
		struct rtnl_req q = rtnl_req(RTM_NEWLINK, NLM_F_MULTI | flags, &ifi, sizeof(ifi));
		struct nlattr *info;

		rtnl_put_str(&q, IFLA_IFALIAS, "peapod net c1 eth0 -");
		info = rtnl_nest(&q, IFLA_LINKINFO);
		rtnl_put_str(&q, IFLA_INFO_KIND, PAIR_VETH);
		rtnl_end(&q, info);
		tell(f, &q);
	}
	tell_end(f, flags);
}

/* A default route through interface 2, or none. */
static void tell_route(struct fake *f, bool there, int flags)
{
	const struct rtmsg rtm = { .rtm_family = AF_INET6 };

	if (there) {
		struct rtnl_req q = rtnl_req(RTM_NEWROUTE, NLM_F_MULTI | flags, &rtm, sizeof(rtm));

		rtnl_put_u32(&q, RTA_OIF, 2);
		tell(f, &q);
	}
	tell_end(f, flags);
}

/* Interface 3 answers for 10.1.0.1, marked as ours; or nobody. */
static void tell_proxy(struct fake *f, bool there, int flags)
{
	const struct ndmsg ndm = { .ndm_family = AF_INET, .ndm_ifindex = 3 };
	const uint8_t ip[4] = { 10, 1, 0, 1 }, protocol = PROXY_PROTOCOL;

	if (there) {
		struct rtnl_req q = rtnl_req(RTM_NEWNEIGH, NLM_F_MULTI | flags, &ndm, sizeof(ndm));

		rtnl_put(&q, NDA_DST, ip, sizeof(ip));
		rtnl_put(&q, NDA_PROTOCOL, &protocol, sizeof(protocol));
		tell(f, &q);
	}
	tell_end(f, flags);
}

/* How often it was asked since the last time. */
static int asked(const struct fake *f)
{
	char buf[ANSWER_MAX];
	int n = 0;

	while (recv(f->end, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

TEST(a_torn_list_is_asked_for_again_but_not_for_ever)
{
	auto_arena struct arena a = { 0 };
	__attribute__((cleanup(fake_close))) struct fake f;
	struct inet_addrs addrs;
	struct pairs pairs;
	struct err e;

	ASSERT(fake_open(&f));
	tell_addrs(&f, 1, NLM_F_DUMP_INTR);
	tell_addrs(&f, 2, 0);
	ASSERT(!inet_addr_list(&f.r, 0, &a, &addrs, &e));
	CHECK(addrs.n == 2 && !f.r.torn && asked(&f) == 2);
	tell_veths(&f, 1, NLM_F_DUMP_INTR);
	tell_veths(&f, 2, 0);
	ASSERT(!pairs_list(&f.r, PAIR_VETH, &a, &pairs, &e));
	CHECK(pairs.n == 2 && !f.r.torn && asked(&f) == 2);
	for (int i = 0; i < 3; i++)
		tell_addrs(&f, i, NLM_F_DUMP_INTR);
	for (int i = 0; i < 3; i++)
		tell_veths(&f, i, NLM_F_DUMP_INTR);
	ASSERT(!inet_addr_list(&f.r, 0, &a, &addrs, &e));
	CHECK(addrs.n == 2 && f.r.torn && asked(&f) == 3);
	ASSERT(!pairs_list(&f.r, PAIR_VETH, &a, &pairs, &e));
	CHECK(pairs.n == 2 && f.r.torn && asked(&f) == 3);
}

TEST(a_route_is_looked_for_again_in_a_torn_list_but_not_for_ever)
{
	const struct inet_route route = { .dst = { .ip = { .len = 16 } } };
	__attribute__((cleanup(fake_close))) struct fake f;
	struct err e;

	ASSERT(fake_open(&f));
	tell_route(&f, false, NLM_F_DUMP_INTR);
	tell_route(&f, true, 0);
	CHECK(inet_route_find(&f.r, 2, &route, &e) == 1 && asked(&f) == 2);
	tell_route(&f, true, NLM_F_DUMP_INTR);
	CHECK(inet_route_find(&f.r, 2, &route, &e) == 1 && asked(&f) == 1);
	for (int i = 0; i < 3; i++)
		tell_route(&f, false, NLM_F_DUMP_INTR);
	CHECK(inet_route_find(&f.r, 2, &route, &e) == 0 && f.r.torn && asked(&f) == 3);
}

TEST(who_answers_is_looked_for_again_in_a_torn_list_but_not_for_ever)
{
	const struct ip_addr ip = { .len = 4, .b = { 10, 1, 0, 1 } };
	__attribute__((cleanup(fake_close))) struct fake f;
	struct err e;

	ASSERT(fake_open(&f));
	tell_proxy(&f, false, NLM_F_DUMP_INTR);
	tell_proxy(&f, true, 0);
	CHECK(proxy_find(&f.r, &ip, &e) == 3 && asked(&f) == 2);
	tell_proxy(&f, true, NLM_F_DUMP_INTR);
	CHECK(proxy_find(&f.r, &ip, &e) == 3 && asked(&f) == 1);
	for (int i = 0; i < 3; i++)
		tell_proxy(&f, false, NLM_F_DUMP_INTR);
	CHECK(proxy_find(&f.r, &ip, &e) == 0 && f.r.torn && asked(&f) == 3);
}

TEST(an_address_that_a_torn_list_does_not_show_may_be_tentative)
{
	__attribute__((cleanup(fake_close))) struct fake f;
	struct err e;

	ASSERT(fake_open(&f));
	tell_addrs(&f, 1, NLM_F_DUMP_INTR);
	tell_addrs(&f, 1, 0);
	CHECK(inet_addr_tentative(&f.r, 1, &e) == 1);
	CHECK(inet_addr_tentative(&f.r, 1, &e) == 0);
}

TEST(a_subnet_that_a_torn_list_does_not_show_is_taken_as_used)
{
	auto_fd int home = leave_home();
	auto_arena struct arena a = { 0 };
	struct net n = NET_INIT;
	struct plan p = { .a = &a };
	struct ip_net other;
	struct fake f;
	struct op *op;
	struct err e = { 0 };

	if (home < 0) {
		test_skip("needs root");
		return;
	}
	ASSERT(!ip_net_parse("10.1.0.0/16", &other));
	op = plan_op(&p, OP_MASQ, ON_HOST, NULL);
	op->masq.network = "net";
	ASSERT(!ip_net_parse("10.1.7.0/24", &op->masq.subnet));
	if (net_need_nft(&n, &e) || masq_ensure(&n.nft, "other", &other, NULL, NULL, &e)) {
		test_skip("needs nftables");
	} else {
		ASSERT(fake_open(&f));
		n.host = f.r;
		for (int i = 0; i < 3; i++)
			tell_addrs(&f, 1, NLM_F_DUMP_INTR);
		CHECK(apply(&n, &p, &e));
		CHECK_HAS(e.msg, "overlaps 10.1.0.0/16 of network 'other'");
		tell_addrs(&f, 1, 0);
		CHECK(!apply(&n, &p, &e));
		fake_close(&f);
	}
	nft_close(&n.nft);
	CHECK(!setns(home, CLONE_NEWNET));
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
