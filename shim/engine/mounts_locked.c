/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_locked: one process holds a lesser copy of the mounts, another one clones from it. */
#include "shim/engine/mounts_locked.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/engine/mounts_make.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"

/* The holder is its user namespace's owner, but has no rights on our files; the opener has. */

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	proc_reap(pid);
}

/* The mount namespace of a holder that is gone again; the fd keeps it. */
static int make_mntns(struct err *e)
{
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_NEWNS, .exit_signal = SIGCHLD };
	pid_t pid = proc_clone(&args);
	char path[64];
	int fd;

	if (pid < 0)
		return err_sys(e, "copy the mounts for a user namespace");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err_sys(e, "open '%s'", path);
	end(pid);
	return fd;
}

/* Each answer is an error, or the next mount's fd and an error of 0. */
static int open_one(const struct mount_source *s, struct err *e)
{
	int fd = mount_clone(AT_FDCWD, s->path, s->flags, e);

	return fd < 0 ? err_ctx(e, "%s '%s'", s->what, s->path) : fd;
}

static void opener(const struct mount_source *v, size_t n, int mntns, int sock)
{
	struct err e = { 0 };

	if (setns(mntns, CLONE_NEWNS)) {
		err_sys(&e, "enter the copy of the mounts");
		send_fds(sock, &e, sizeof(e), NULL, 0);
		return;
	}
	for (size_t i = 0; i < n && !e.num; i++) {
		int fd = open_one(&v[i], &e);

		if (send_fds(sock, &e, sizeof(e), &fd, fd >= 0))
			return;
		close_fd(&fd);
	}
}

static int receive(struct mount_source *v, size_t n, int sock, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct err answer;
		size_t n_fds = 0;
		ssize_t got = recv_fds(sock, &answer, sizeof(answer), &v[i].fd, 1, &n_fds);

		if (got == sizeof(answer) && !answer.num && n_fds == 1)
			continue;
		if (got == sizeof(answer) && answer.num)
			*e = answer;
		else
			err_set(e, EIO, "clone mounts: the process that does it has died");
		while (i)
			close_fd(&v[--i].fd);
		return -1;
	}
	return 0;
}

int mounts_clone_locked(struct mount_source *v, size_t n, struct err *e)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	auto_fd int mntns = make_mntns(e), ours = -1, theirs = -1;
	int pair[2], r;
	pid_t pid;

	if (mntns < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_sys(e, "make a socket");
	ours = pair[0];
	theirs = pair[1];
	pid = proc_clone(&args);
	if (pid < 0)
		return err_sys(e, "start a process that clones mounts");
	if (!pid) {
		opener(v, n, mntns, theirs);
		_exit(0);
	}
	close_fd(&theirs);
	r = receive(v, n, ours, e);
	end(pid);
	return r;
}
