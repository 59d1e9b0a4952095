/* SPDX-License-Identifier: Apache-2.0 */
/* netns_ahead: a process that makes a namespace in our memory, by bare system calls. */
#include "shim/engine/netns_ahead.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

#include "shim/engine/raw_call.h"

#define STACK_SIZE 16384

/* One at a time: the engine's callers are single-threaded, and it is taken before the next. */
static char stack[STACK_SIZE] __attribute__((aligned(16)));
static int made; /* the fd, or negative; written by the process before its end */

static int run(void *unused)
{
	(void)unused;
	made = -1;
	if (!raw_call(__NR_unshare, CLONE_NEWNET, 0, 0, 0, 0))
		made = (int)raw_call(__NR_openat, AT_FDCWD, (long)"/proc/self/ns/net",
				     O_RDONLY | O_CLOEXEC, 0, 0);
	raw_call(__NR_exit, 0, 0, 0, 0, 0);
	__builtin_unreachable();
}

void netns_ahead_begin(struct netns_ahead *n)
{
	/* no exit signal: nobody who waits for children of ours ever sees it (__WCLONE) */
	int pid = clone(run, stack + STACK_SIZE, CLONE_VM | CLONE_FILES | CLONE_FS, NULL);

	n->pid = pid < 0 ? 0 : pid;
}

int netns_ahead_take(struct netns_ahead *n)
{
	pid_t pid = n->pid, got;
	int status;

	n->pid = 0;
	if (!pid)
		return -1;
	do
		got = waitpid(pid, &status, __WCLONE);
	while (got < 0 && errno == EINTR);
	if (got != pid)
		return -1;
	if (made >= 0 && WIFEXITED(status))
		return made;
	return -1;
}
