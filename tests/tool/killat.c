/* SPDX-License-Identifier: Apache-2.0 */
/*
 * killat: end a program at an exact moment.
 *   killat N COMMAND...   SIGKILL it when it is about to make its Nth system call; its children
 *                         are neither stopped nor counted. Exits with 137, or its own code when
 *                         it made fewer.
 *   killat 0 COMMAND...   run it to its end and print the number of its system calls on fd 9
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_FD 9

static int failed(const char *what)
{
	perror(what);
	return 2;
}

int main(int argc, char **argv)
{
	unsigned long at, count = 0;
	int status, sig = 0, entering = 1;
	pid_t pid;

	if (argc < 3)
		return 2;
	at = strtoul(argv[1], NULL, 10);
	pid = fork();
	if (!pid) {
		close(COUNT_FD);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(126);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return failed("start");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD))
		return failed("ptrace");
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, sig) && errno != ESRCH) /* dying */
			return failed("ptrace");
		if (waitpid(pid, &status, 0) != pid)
			return failed("wait");
		if (!WIFSTOPPED(status))
			break;
		sig = 0;
		if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
			sig = WSTOPSIG(status); /* its own signals go on to it */
			continue;
		}
		count += (unsigned long)entering;
		if (entering && at && count == at)
			kill(pid, SIGKILL);
		entering = !entering;
	}
	if (!at)
		dprintf(COUNT_FD, "%lu\n", count);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
