/* SPDX-License-Identifier: Apache-2.0 */
/* home: setns(2) and unshare(2) by a process of one thread. */
#include "shim/daemon/home.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"

static const struct {
	const char *path, *name;
	int flag;
} kinds[HOME_KINDS] = {
	[HOME_NET] = { "/proc/self/ns/net", "network", CLONE_NEWNET },
	[HOME_IPC] = { "/proc/self/ns/ipc", "ipc", CLONE_NEWIPC },
	[HOME_UTS] = { "/proc/self/ns/uts", "uts", CLONE_NEWUTS },
};

static int open_ns(const char *path, int flag, struct err *e)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	if (ioctl(fd, NS_GET_NSTYPE) != flag)
		return err_set(e, EINVAL, "'%s' is not a namespace of that kind", path);
	return take_fd(&fd);
}

static int leave_one(struct home *h, int kind, const char *to, struct err *e)
{
	auto_fd int target = to ? open_ns(to, kinds[kind].flag, e) : -1;
	int own;

	if (to && target < 0)
		return -1;
	own = open_ns(kinds[kind].path, kinds[kind].flag, e);
	if (own < 0)
		return -1;
	if (to ? setns(target, kinds[kind].flag) : unshare(kinds[kind].flag)) {
		err_sys(e, "enter '%s'", to ? to : "a new one");
		close_fd(&own);
		return -1;
	}
	h->fd[kind] = own;
	return 0;
}

int home_leave(struct home *h, const char *netns, bool ipc, bool uts, struct err *e)
{
	const bool leave[HOME_KINDS] = { [HOME_NET] = netns, [HOME_IPC] = ipc, [HOME_UTS] = uts };
	struct err ignored;

	for (int i = 0; i < HOME_KINDS; i++) {
		if (!leave[i] || !leave_one(h, i, i == HOME_NET ? netns : NULL, e))
			continue;
		err_ctx(e, "%s namespace", kinds[i].name);
		(void)home_return(h, &ignored);
		return -1;
	}
	return 0;
}

int home_enter(const struct home *h, struct err *e)
{
	for (int i = 0; i < HOME_KINDS; i++) {
		if (h->fd[i] >= 0 && setns(h->fd[i], kinds[i].flag))
			return err_sys(e, "go back to the host's %s namespace", kinds[i].name);
	}
	return 0;
}

int home_return(struct home *h, struct err *e)
{
	int bad = home_enter(h, e);

	for (int i = 0; !bad && i < HOME_KINDS; i++)
		close_fd(&h->fd[i]);
	return bad;
}
