/* SPDX-License-Identifier: Apache-2.0 */
/* detach: the child sends the request; the parent looks until the name is free. */
#include "cni/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cni/link.h"
#include "spec/base/proc.h"
#include "spec/base/when.h"

#define STEP_NS	    50000L /* first pause between two looks; doubles up to STEP_MAX_NS */
#define STEP_MAX_NS 5000000L

/* Nothing of the caller's stays open: stdio is /dev/null, all else but these two is closed. */
static int let_go(int one, int other)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int last = one > other ? one : other;

	if (null < 0)
		return -1;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return -1;
	for (int fd = STDERR_FILENO + 1; fd < last; fd++)
		if (fd != one && fd != other)
			close(fd);
	setsid();
	return proc_close_from((unsigned int)last + 1);
}

static void child(struct rtnl *r, int index, int other)
{
	struct err ignored;

	if (let_go(nl_socket_get_fd(r->sock), other))
		_exit(EXIT_FAILURE);
	_exit(link_delete(r, index, &ignored) ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* Whoever closes it last waits, so the child goes on when the caller has ended. */
static void hold(int fd, int caller)
{
	char c;

	if (!let_go(fd, caller))
		(void)!read(caller, &c, sizeof(c));
	_exit(EXIT_SUCCESS);
}

void close_detached(int fd)
{
	int pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC))
		return;
	pid = fork();
	if (!pid) {
		close(pair[1]);
		hold(fd, pair[0]);
	}
	close(pair[0]);
	if (pid < 0)
		close(pair[1]);
	/* else it stays open up to the end of this process */
}

/*
 * Until it is gone. The child has ended (or never begun), and it is still there:
 * hear the reason ourselves.
 */
static int wait_gone(struct rtnl *r, const char *name, int index, pid_t pid, struct err *e)
{
	struct timespec pause = { 0, STEP_NS };
	int64_t end = when_ms() + r->wait_ms;
	struct link link;
	int there;

	while ((there = link_get(r, name, &link, e)) > 0 && link.index == index) {
		if (pid < 0 || waitpid(pid, NULL, WNOHANG) == pid)
			return link_delete(r, index, e) ? -1 : 0;
		if (when_ms() >= end)
			return err_set(e, ETIMEDOUT, "the kernel did not remove it within %d ms",
				       r->wait_ms);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < STEP_MAX_NS)
			pause.tv_nsec *= 2;
	}
	return there < 0 ? -1 : 0;
}

int link_delete_detached(struct rtnl *r, const char *name, int index, int other, struct err *e)
{
	struct rtnl own = { 0 };
	pid_t pid;
	int rc;

	/* The child's: of a socket that both read each could take the other's answers. */
	if (rtnl_open(&own, e))
		return -1;
	pid = fork();
	if (!pid)
		child(&own, index, other);
	rc = wait_gone(r, name, index, pid, e);
	rtnl_close(&own);
	return rc;
}
