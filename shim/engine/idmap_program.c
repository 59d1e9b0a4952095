/* SPDX-License-Identifier: Apache-2.0 */
/* idmap_program: find it, run it, hear what it says. */
#include "shim/engine/idmap_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim/engine/plan_ns.h"
#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"
#define SAID_MAX     300 /* bytes of its error output that are told */
#define EXIT_NO_EXEC 127

bool idmap_is_own(const char *map, unsigned int own)
{
	unsigned int in, out, size;
	int end = 0;

	return sscanf(map, "%u %u %u\n%n", &in, &out, &size, &end) == 3 && !map[end] && size == 1 &&
	       out == own;
}

/* Absolute directories only: what is in the current one is not asked. */
static char *find(const char *program, struct arena *a)
{
	const char *path = getenv("PATH");

	for (char **dir = str_split(a, path && *path ? path : DEFAULT_PATH, ':', NULL); *dir;
	     dir++) {
		char *file = arena_printf(a, "%s/%s", *dir, program);

		if (**dir == '/' && !access(file, X_OK))
			return file;
	}
	return NULL;
}

/* program, pid, then three numbers a line. */
static char **arguments(const char *program, pid_t pid, const char *map, struct arena *a)
{
	char *text = arena_strdup(a, map);
	char **argv;
	size_t n;

	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	argv = str_split(a, arena_printf(a, "%s %d %s", program, pid, text), ' ', &n);
	while (n && !*argv[n - 1])
		argv[--n] = NULL;
	return argv;
}

_Noreturn static void run(const char *file, char **argv, int said)
{
	char *const no_env[] = { NULL };
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(said, STDERR_FILENO) < 0)
		_exit(EXIT_NO_EXEC);
	proc_close_from(STDERR_FILENO + 1);
	execve(file, argv, no_env);
	_exit(EXIT_NO_EXEC);
}

/* The beginning of what it says, on one line, until it closes its output. */
static void listen_to(int said, char *text, size_t size)
{
	struct pollfd p = { .fd = said, .events = POLLIN };
	size_t n = 0;
	char more[256];

	while (poll(&p, 1, IDMAP_PROGRAM_MS) > 0) {
		ssize_t got = n + 1 < size ? read(said, text + n, size - n - 1)
					   : read(said, more, sizeof(more));

		if (got <= 0)
			break;
		if (n + 1 < size)
			n += (size_t)got;
	}
	text[n] = '\0';
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = c[1] ? ' ' : '\0';
}

int idmap_program(const char *program, const char *key, pid_t pid, const char *map, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct clone_args args = { .exit_signal = SIGCHLD };
	char *file = find(program, &a), **argv = arguments(program, pid, map, &a);
	char text[SAID_MAX];
	int said[2], code;
	pid_t child;

	if (!file)
		return err_set(e, ENOENT,
			       "linux: %s: to map more than the caller's own id takes %s (package "
			       "uidmap), which is not in $PATH",
			       key, program);
	if (pipe2(said, O_CLOEXEC))
		return err_sys(e, "make a pipe");
	child = proc_clone(&args);
	if (!child)
		run(file, argv, said[1]);
	close_fd(&said[1]);
	if (child < 0) {
		err_sys(e, "run %s", program);
		close_fd(&said[0]);
		return -1;
	}
	listen_to(said[0], text, sizeof(text));
	close_fd(&said[0]);
	kill(child, SIGKILL); /* it has ended, or takes too long */
	code = proc_reap(child);
	if (!code)
		return 0;
	/* it puts its name in front itself */
	return err_set(e, EPERM, "linux: %s: %s%s%s", key, str_starts(text, program) ? "" : program,
		       str_starts(text, program) ? "" : ": ",
		       *text ? text : "does not end, or failed without a word");
}
