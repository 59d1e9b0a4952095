/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps OUT COMMAND [ARG...]: run COMMAND and write to OUT how many user-space instructions it and
 * all that it starts executed, up to the execve of another program. It ends with COMMAND; OUT comes
 * when all that COMMAND left running has ended, too, or has become another program.
 *
 * Every instruction is single-stepped (ptrace(2)). callgrind counts the same thing faster, but
 * knows neither clone3 with namespaces nor open_tree, so it cannot run what makes a container.
 * What a container's own program does after its execve is not ours, and not counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS                                                                                    \
	(PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC)

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void run(char **argv)
{
	need(!ptrace(PTRACE_TRACEME, 0, NULL, NULL), "traceme");
	kill(getpid(), SIGSTOP);
	execv(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

/* Does it run the program that we were given, which may run itself again? */
static bool is_same(pid_t pid, const struct stat *program)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return !stat(path, &st) && st.st_dev == program->st_dev && st.st_ino == program->st_ino;
}

/* A stop of one of ours: go on, with the signal that it was meant to get. True: one step done. */
static bool go_on(pid_t pid, int status, const struct stat *program)
{
	int sig = WSTOPSIG(status), event = status >> 16;
	bool step = sig == SIGTRAP && !event;

	if (event == PTRACE_EVENT_EXEC && !is_same(pid, program)) {
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
		return false;
	}
	if (sig == SIGTRAP || sig == SIGSTOP || event)
		sig = 0;
	ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)(long)sig); /* ESRCH: it was killed */
	return step;
}

/* Whole when it is there. */
static void tell(const char *path, unsigned long long steps)
{
	char new[4096];
	FILE *out;

	snprintf(new, sizeof(new), "%s.new", path);
	out = fopen(new, "w");
	need(out != NULL, new);
	fprintf(out, "%llu\n", steps);
	need(!fclose(out) && !rename(new, path), path);
}

/* A step is a switch to us and back: on one CPU that takes less time. */
static void share_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	need(!sched_setaffinity(0, sizeof(set), &set), "share a CPU");
}

/* Never returns. ended: where to tell the exit code of the first process. */
static void trace(char **argv, int ended)
{
	unsigned long long steps = 0;
	struct stat program;
	int status, code;
	pid_t first, pid;

	need(!stat(argv[2], &program), argv[2]);
	share_cpu();
	first = fork();
	need(first >= 0, "fork");
	if (!first)
		run(argv + 2);
	need(waitpid(first, &status, 0) == first && WIFSTOPPED(status), "start");
	need(!ptrace(PTRACE_SETOPTIONS, first, NULL, OPTIONS), "options");
	need(!ptrace(PTRACE_CONT, first, NULL, NULL), "continue");
	/* its own execve is the beginning */
	need(waitpid(first, &status, 0) == first && WIFSTOPPED(status), argv[2]);
	need(!ptrace(PTRACE_SINGLESTEP, first, NULL, NULL), "step");
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status)) {
			steps += go_on(pid, status, &program);
		} else if (pid == first) {
			code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			need(write(ended, &code, sizeof(code)) == sizeof(code), "tell the end");
		}
	}
	tell(argv[1], steps);
	exit(0);
}

int main(int argc, char **argv)
{
	int pair[2], code = 1;
	pid_t tracer;

	if (argc < 3) {
		fprintf(stderr, "usage: steps OUT COMMAND [ARG...]\n");
		return 2;
	}
	need(!pipe2(pair, O_CLOEXEC), "pipe");
	tracer = fork();
	need(tracer >= 0, "fork");
	if (!tracer)
		trace(argv, pair[1]);
	close(pair[1]);
	return read(pair[0], &code, sizeof(code)) == sizeof(code) ? code : 1;
}
