/* SPDX-License-Identifier: Apache-2.0 */
/*
 * killat: end a program at an exact moment.
 *   killat [--send|--sent] N COMMAND...
 *                         SIGKILL it when it is about to make its Nth system call; with --send its
 *                         Nth call that sends a message (netlink's are those of a program that
 *                         logs nowhere), with --sent when the kernel has carried that one out and
 *                         the program does not know yet. Its children are neither stopped nor
 *                         counted. Exits with 137, or its own code when it made fewer.
 *   killat [...] 0 COMMAND...
 *                         run it to its end and print the number of those calls on fd 9
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_FD 9

enum when {
	ANY,
	SEND,
	SENT
};

static int failed(const char *what)
{
	perror(what);
	return 2;
}

/* Does the call that the program is stopped at count? entering: it has not been made yet. */
static int counts(pid_t pid, enum when when, int entering, int *sending)
{
	struct __ptrace_syscall_info info = { 0 };

	if (when == ANY)
		return entering;
	if (entering) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
			return 0;
		*sending = info.entry.nr == SYS_sendmsg || info.entry.nr == SYS_sendto ||
			   info.entry.nr == SYS_sendmmsg;
	}
	return *sending && entering == (when == SEND);
}

static int child(char **argv)
{
	close(COUNT_FD);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

static int follow(pid_t pid, enum when when, unsigned long at)
{
	unsigned long count = 0;
	int status, sig = 0, entering = 1, sending = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, sig) && errno != ESRCH) /* dying */
			return failed("ptrace");
		if (waitpid(pid, &status, 0) != pid)
			return failed("wait");
		if (!WIFSTOPPED(status))
			break;
		sig = 0;
		if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
			/* its own signals go on to it; an exec is no signal */
			sig = status >> 16 ? 0 : WSTOPSIG(status);
			continue;
		}
		if (counts(pid, when, entering, &sending) && ++count == at && at)
			kill(pid, SIGKILL);
		entering = !entering;
	}
	if (!at)
		dprintf(COUNT_FD, "%lu\n", count);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	enum when when = ANY;
	int status;
	pid_t pid;

	if (argc > 1 && (!strcmp(argv[1], "--send") || !strcmp(argv[1], "--sent"))) {
		when = strcmp(argv[1], "--send") ? SENT : SEND;
		argv++;
		argc--;
	}
	if (argc < 3)
		return 2;
	pid = fork();
	if (!pid)
		return child(argv + 2);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return failed("start");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC))
		return failed("ptrace");
	return follow(pid, when, strtoul(argv[1], NULL, 10));
}
