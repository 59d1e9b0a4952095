/* SPDX-License-Identifier: Apache-2.0 */
/* netns: open, compare, enter; and the sysctls, which follow the caller's namespace. */
#include "cni/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/cni/error.h"

#define SYSCTL_MAX 256 /* bytes of a path, and of a value */

int netns_open(const char *path, int *fd, struct err *e)
{
	/* O_NONBLOCK: the path may lead to a FIFO. */
	auto_fd int ns = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (ns < 0) {
		int num = errno;

		cni_err(e, CNI_ERR_NETNS, "open network namespace '%.200s': %s", path,
			strerror(num));
		return num == ENOENT || num == ENOTDIR || num == EINVAL || num == ENXIO ? 0 : -1;
	}
	if (ioctl(ns, NS_GET_NSTYPE) != CLONE_NEWNET) {
		cni_err(e, CNI_ERR_NETNS, "'%.200s' is not a network namespace", path);
		return 0;
	}
	*fd = take_fd(&ns);
	return 1;
}

int netns_self(struct err *e)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open /proc/self/ns/net") : fd;
}

bool netns_same(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

int netns_enter(int fd, struct err *e)
{
	if (setns(fd, CLONE_NEWNET) < 0)
		return err_sys(e, "enter a network namespace");
	return 0;
}

static int sysctl_open(const char *name, int flags)
{
	char path[SYSCTL_MAX];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	return open(path, flags | O_CLOEXEC);
}

/* The kernel has tabs between the numbers of some, and a newline at the end. */
static bool same_words(const char *a, const char *b)
{
	static const char space[] = " \t\n";

	for (;;) {
		size_t n;

		a += strspn(a, space);
		b += strspn(b, space);
		n = strcspn(a, space);
		if (n != strcspn(b, space) || strncmp(a, b, n) != 0)
			return false;
		if (!n)
			return true;
		a += n;
		b += n;
	}
}

int sysctl_is(const char *name, const char *value, struct err *e)
{
	auto_fd int fd = sysctl_open(name, O_RDONLY);
	char now[SYSCTL_MAX] = "";

	if (fd < 0 || read_full(fd, now, sizeof(now) - 1) < 0)
		return err_sys(e, "read sysctl %s", name);
	return same_words(now, value);
}

int sysctl_set(const char *name, const char *value, bool optional, struct err *e)
{
	int same = sysctl_is(name, value, e);
	auto_fd int fd = -1;

	if (same < 0 && optional && e->num == ENOENT)
		return 0;
	if (same)
		return same < 0 ? -1 : 0;
	fd = sysctl_open(name, O_WRONLY);
	if (fd < 0 || write_all(fd, value, strlen(value)) < 0)
		return err_sys(e, "set sysctl %s to %s", name, value);
	return 0;
}
