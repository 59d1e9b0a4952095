/* SPDX-License-Identifier: Apache-2.0 */
/* netdev: look, move, give the addresses again, set up. */
#include "shim/engine/netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "shim/engine/netlink.h"
#include "spec/base/auto.h"
#include "spec/base/log.h"

#define ADDRESSES_MAX 256 /* of one interface */
#define BYTES_MAX     16  /* of an address */

struct address {
	struct ifaddrmsg head;
	uint32_t flags;
	unsigned char local[BYTES_MAX], peer[BYTES_MAX], broadcast[BYTES_MAX];
	size_t n_local, n_peer, n_broadcast; /* bytes, 0: absent */
};

struct netdev {
	const char *host, *name;
	int index;
	bool was_up;
	struct address *addresses;
	size_t n_addresses;
};

static int see_link(const struct nlmsghdr *h, void *to, struct err *e)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	struct netdev *d = to;

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return err_set(e, EPROTO, "rtnetlink: an answer of another kind");
	d->index = info->ifi_index;
	d->was_up = info->ifi_flags & IFF_UP;
	return 0;
}

/* By one name, for a host may have thousands of links. */
static int look_up(int sock, const char *name, struct netdev *d, struct err *e)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink m;

	netlink_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
	netlink_put_text(&m, IFLA_IFNAME, name);
	if (netlink_talk(sock, &m, see_link, d, e))
		return e->num == ENODEV ? err_set(e, ENODEV, "there is no such interface") : -1;
	return d->index > 0 ? 0 : err_set(e, ENODEV, "there is no such interface");
}

static size_t copy_bytes(const struct nlmsghdr *h, uint16_t attr, unsigned char out[BYTES_MAX])
{
	size_t n = 0;
	const void *data = netlink_attr(h, sizeof(struct ifaddrmsg), attr, &n);

	if (!data || n > BYTES_MAX)
		return 0;
	memcpy(out, data, n);
	return n;
}

static int see_address(const struct nlmsghdr *h, void *to, struct err *e)
{
	const struct ifaddrmsg *head = NLMSG_DATA(h);
	struct netdev *d = to;
	struct address *at;
	const void *wide;
	size_t n;

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*head)) ||
	    (int)head->ifa_index != d->index || head->ifa_scope != RT_SCOPE_UNIVERSE)
		return 0;
	if (d->n_addresses == ADDRESSES_MAX)
		return err_set(e, E2BIG, "more than %d addresses", ADDRESSES_MAX);
	at = &d->addresses[d->n_addresses];
	*at = (struct address){ .head = *head, .flags = head->ifa_flags };
	wide = netlink_attr(h, sizeof(*head), IFA_FLAGS, &n);
	if (wide && n == sizeof(at->flags))
		memcpy(&at->flags, wide, n);
	if (!(at->flags & IFA_F_PERMANENT))
		return 0;
	at->n_local = copy_bytes(h, IFA_LOCAL, at->local);
	at->n_peer = copy_bytes(h, IFA_ADDRESS, at->peer);
	at->n_broadcast = copy_bytes(h, IFA_BROADCAST, at->broadcast);
	d->n_addresses++;
	return 0;
}

/* The kernel filters where it can; see_address() looks again. */
static int read_addresses(int sock, struct netdev *d, struct err *e)
{
	struct ifaddrmsg head = { .ifa_index = (uint32_t)d->index };
	struct netlink m;

	netlink_begin(&m, RTM_GETADDR, NLM_F_DUMP, &head, sizeof(head));
	return netlink_talk(sock, &m, see_address, d, e);
}

static int change_ns(int sock, const struct netdev *d, const char *name, int ns, struct err *e)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = d->index };
	struct netlink m;

	netlink_begin(&m, RTM_SETLINK, 0, &info, sizeof(info));
	netlink_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)ns);
	netlink_put_text(&m, IFLA_IFNAME, name);
	if (!netlink_talk(sock, &m, NULL, NULL, e))
		return 0;
	if (e->num == EEXIST)
		return err_set(e, EEXIST, "an interface '%s' is there already", name);
	return err_ctx(e, "move it");
}

static int add_address(int sock, int index, const struct address *at, struct err *e)
{
	struct ifaddrmsg head = at->head;
	struct netlink m;

	head.ifa_index = (uint32_t)index;
	head.ifa_flags = 0;
	netlink_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	netlink_put_u32(&m, IFA_FLAGS, at->flags & ~(uint32_t)IFA_F_TENTATIVE);
	if (at->n_local)
		netlink_put(&m, IFA_LOCAL, at->local, at->n_local);
	if (at->n_peer)
		netlink_put(&m, IFA_ADDRESS, at->peer, at->n_peer);
	if (at->n_broadcast)
		netlink_put(&m, IFA_BROADCAST, at->broadcast, at->n_broadcast);
	return netlink_talk(sock, &m, NULL, NULL, e) ? err_ctx(e, "give it an address again") : 0;
}

/* In the namespace of the socket, where it may have another number. */
static int set_up(int sock, const struct netdev *d, const char *name, bool up, struct err *e)
{
	struct netdev there = { 0 };
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink m;

	if (look_up(sock, name, &there, e))
		return -1;
	for (size_t i = 0; i < d->n_addresses; i++) {
		if (add_address(sock, there.index, &d->addresses[i], e))
			return -1;
	}
	if (!up)
		return 0;
	info.ifi_index = there.index;
	info.ifi_flags = IFF_UP;
	info.ifi_change = IFF_UP;
	netlink_begin(&m, RTM_SETLINK, 0, &info, sizeof(info));
	return netlink_talk(sock, &m, NULL, NULL, e) ? err_ctx(e, "set it up") : 0;
}

/* A socket of that namespace; we are in it for the moment only. */
static int socket_in(int ns, struct err *e)
{
	auto_fd int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int sock;

	if (own < 0)
		return err_sys(e, "open our network namespace");
	if (setns(ns, CLONE_NEWNET))
		return err_sys(e, "enter the container's network namespace");
	sock = netlink_open(e);
	if (setns(own, CLONE_NEWNET)) {
		close_fd(&sock);
		return err_sys(e, "go back to our network namespace");
	}
	return sock;
}

/* The process's namespace, which must not be our own. */
static int open_ns(int proc, pid_t pid, struct err *e)
{
	struct stat theirs, ours;
	char path[32];
	auto_fd int fd = -1;

	snprintf(path, sizeof(path), "%d/ns/net", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &theirs) || stat("/proc/self/ns/net", &ours))
		return err_sys(e, "open the container's network namespace");
	if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
		return err_set(e, EINVAL, "the container's network namespace is the host's");
	return take_fd(&fd);
}

/*
 * The kernel moves, then renames: a name that is taken is found out too late. One that
 * became so since we looked leaves the interface there with its old name, to be undone.
 */
static int move_link(int here, int there, int ns, struct netdev *d, size_t *moved, struct err *e)
{
	struct netdev other = { 0 };
	struct err ignored;

	if (!look_up(there, d->name, &other, &ignored))
		return err_set(e, EEXIST, "an interface '%s' is there already", d->name);
	if (!change_ns(here, d, d->name, ns, e)) {
		++*moved;
		return 0;
	}
	if (look_up(here, d->host, &other, &ignored)) {
		d->name = d->host;
		++*moved;
	}
	return -1;
}

static int move_one(int here, int there, int ns, struct netdev *d, struct arena *a, size_t *moved,
		    struct err *e)
{
	if (look_up(here, d->host, d, e))
		return -1;
	d->addresses = arena_array(a, ADDRESSES_MAX, sizeof(*d->addresses));
	if (read_addresses(here, d, e) || move_link(here, there, ns, d, moved, e))
		return -1;
	return set_up(there, d, d->name, true, e);
}

int netdevs_move(const struct plan_netdevs *p, int proc, pid_t pid, struct arena *a,
		 struct netdevs *out, struct err *e)
{
	auto_fd int here = -1;
	auto_fd int there = -1;

	if (!p->n)
		return 0;
	out->ns = open_ns(proc, pid, e);
	here = out->ns < 0 ? -1 : netlink_open(e);
	there = here < 0 ? -1 : socket_in(out->ns, e);
	if (there < 0)
		return err_ctx(e, "linux: netDevices");
	out->v = arena_array(a, p->n, sizeof(*out->v));
	for (size_t i = 0; i < p->n; i++) {
		out->v[i] = (struct netdev){ .host = p->v[i].host, .name = p->v[i].name };
		if (move_one(here, there, out->ns, &out->v[i], a, &out->n, e))
			return err_ctx(e, "linux: netDevices: '%s'", p->v[i].host);
	}
	return 0;
}

static int bring_back(int here, int there, const struct netdev *d, struct err *e)
{
	auto_fd int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct netdev at = { 0 };

	if (own < 0)
		return err_sys(e, "open our network namespace");
	if (look_up(there, d->name, &at, e) || change_ns(there, &at, d->host, own, e))
		return -1;
	return set_up(here, d, d->host, d->was_up, e);
}

void netdevs_undo(struct netdevs *d)
{
	auto_fd int here = -1;
	auto_fd int there = -1;
	struct err e;

	if (!d->n)
		return;
	here = netlink_open(&e);
	there = here < 0 ? -1 : socket_in(d->ns, &e);
	if (there < 0)
		log_msg(LOG_WARN, "linux: netDevices: bring them back: %s", e.msg);
	for (; there >= 0 && d->n; d->n--) {
		const struct netdev *at = &d->v[d->n - 1];

		if (bring_back(here, there, at, &e))
			log_msg(LOG_WARN, "linux: netDevices: '%s': bring it back: %s", at->host,
				e.msg);
	}
	d->n = 0;
}

void netdevs_close(struct netdevs *d)
{
	close_fd(&d->ns);
}
