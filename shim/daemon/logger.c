/* SPDX-License-Identifier: Apache-2.0 */
/* logger: fork, place the fds, exec, wait until it is ready. */
#include "shim/daemon/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "shim/daemon/uri.h"
#include "spec/base/auto.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"

#define ARGS_MAX 64
#define V2	 "binary-v2://"

enum {
	FD_STDOUT = 3,
	FD_STDERR,
	FD_READY,
	FD_FREE, /* where the fds wait to be placed */
};

/* As containerd's shim has them: each key once, with its first value, which may be empty. */
static int add_pair(char **argv, size_t *n, char *pair, struct err *e)
{
	char *value = strchrnul(pair, '=');

	if (!*pair)
		return 0;
	if (*value)
		*value++ = '\0';
	if (uri_decode(pair, true, e) || uri_decode(value, true, e))
		return -1;
	for (size_t i = 1; i < *n; i += 2)
		if (str_eq(argv[i], pair))
			return 0;
	if (*n + 3 > ARGS_MAX)
		return err_set(e, E2BIG, "too many arguments");
	argv[(*n)++] = pair;
	argv[(*n)++] = value;
	return 0;
}

char **logger_argv(const char *uri, struct arena *a, struct err *e)
{
	char **argv = arena_array(a, ARGS_MAX, sizeof(*argv)), *query, **pairs;
	size_t n = 0, n_pairs = 0;

	argv[n++] = uri_path(uri, a, &query, e);
	if (!argv[0]) {
		err_ctx(e, "logger '%s'", uri);
		return NULL;
	}
	pairs = *query ? str_split(a, query, '&', &n_pairs) : NULL;
	for (size_t i = 0; i < n_pairs; i++) {
		if (add_pair(argv, &n, pairs[i], e)) {
			err_ctx(e, "logger '%s'", uri);
			return NULL;
		}
	}
	return argv;
}

/* In the new process: fds 3, 4, 5, an environment of two, exec. */
static void become(char **argv, const char *id, const char *ns, const int log[2], int ready)
{
	auto_arena struct arena a = { 0 };
	char *env[] = { arena_printf(&a, "CONTAINER_ID=%s", id),
			arena_printf(&a, "CONTAINER_NAMESPACE=%s", ns), NULL };
	int from[] = { log[0], log[1], ready };

	for (int i = 0; i < 3; i++) {
		if (from[i] < 0)
			from[i] = open("/dev/null", O_RDONLY);
		from[i] = fcntl(from[i], F_DUPFD, FD_FREE);
	}
	for (int i = 0; i < 3; i++)
		dup2(from[i], FD_STDOUT + i);
	proc_close_from(FD_FREE);
	setsid();
	execve(argv[0], argv, env);
	_exit(127);
}

static int wait_ready(int fd, bool v2, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;
	ssize_t n;

	if (poll(&p, 1, LOGGER_READY_MS) <= 0)
		return err_set(e, ETIMEDOUT, "it is not ready after %d ms", LOGGER_READY_MS);
	n = read(fd, &byte, 1);
	if (v2 && n != 1)
		return err_set(e, EPIPE, "it ended before it was ready");
	return 0;
}

int logger_start(const char *uri, const char *id, const char *ns, const int log[2], pid_t *pid,
		 struct err *e)
{
	auto_arena struct arena a = { 0 };
	char **argv = logger_argv(uri, &a, e);
	int ready[2], bad;
	pid_t child;

	if (!argv)
		return -1;
	if (access(argv[0], X_OK))
		return err_sys(e, "logger '%s'", argv[0]);
	if (pipe2(ready, O_CLOEXEC))
		return err_sys(e, "create a pipe");
	child = fork();
	if (!child)
		become(argv, id, ns, log, ready[1]);
	close(ready[1]);
	bad = child < 0 ? err_sys(e, "start a process")
			: wait_ready(ready[0], str_starts(uri, V2), e);
	close(ready[0]);
	if (bad) {
		if (child > 0)
			kill(child, SIGKILL);
		return err_ctx(e, "logger '%s'", argv[0]);
	}
	*pid = child;
	return 0;
}

void logger_stop(pid_t pid)
{
	auto_fd int fd = proc_pidfd(pid);

	if (fd < 0 || proc_signal(fd, SIGTERM))
		return;
	if (proc_wait_end(fd, LOGGER_STOP_MS) == 0)
		proc_signal(fd, SIGKILL);
}
