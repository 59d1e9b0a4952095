/* SPDX-License-Identifier: Apache-2.0 */
/* process: rules about the fds, the terminal and the pid file of a new process. */
#include "shim/cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#define FIRST_FD     3
#define FDS_LIMIT    65536 /* more cannot be meant */
#define PIDFILE_MODE 0644

/* 0 when there is no socket activation, or it is for another process. */
static int listen_fds(unsigned int *n, struct err *e)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint64_t v = 0;

	*n = 0;
	if (!fds || !*fds)
		return 0;
	if (pid && *pid && (parse_u64(pid, 10, INT32_MAX, &v) || (pid_t)v != getpid()))
		return 0;
	if (parse_u64(fds, 10, FDS_LIMIT, &v))
		return err_set(e, EINVAL, "LISTEN_FDS: '%s' is not a number in range", fds);
	*n = (unsigned int)v;
	return 0;
}

int process_fds(const struct cli *cli, uint32_t preserve, unsigned int *listen, struct err *e)
{
	unsigned int n;

	if (listen_fds(&n, e))
		return -1;
	if (n > cli->inherited)
		return err_set(e, EBADF, "LISTEN_FDS is %u, but file descriptor %u is not open", n,
			       FIRST_FD + cli->inherited);
	if (preserve > cli->inherited - n)
		return err_set(e, EBADF,
			       "cannot preserve %u file descriptors: number %u is not open",
			       preserve, FIRST_FD + cli->inherited);
	*listen = n;
	return 0;
}

int process_terminal(bool terminal, bool detached, const char *console_socket, struct err *e)
{
	if (terminal && detached && !console_socket)
		return err_set(e, EINVAL,
			       "cannot allocate tty if " CLI_NAME
			       " will detach without setting console socket");
	if (console_socket && (!terminal || !detached))
		return err_set(e, EINVAL,
			       "cannot use console socket if " CLI_NAME
			       " will not detach or allocate tty");
	return 0;
}

int process_abs(struct arena *a, char **path, struct err *e)
{
	char *abs;

	if (!*path)
		return 0;
	abs = path_abs(a, *path, e);
	if (!abs)
		return -1;
	*path = abs;
	return 0;
}

int pidfile_write(const char *path, pid_t pid, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int dir = -1;
	char *at, *name;
	char digits[16];
	int n;

	if (!path)
		return 0;
	at = arena_strdup(&a, path);
	name = strrchr(at, '/');
	if (!name || !name[1])
		return err_set(e, EINVAL, "pid file '%s' is not a file name", path);
	*name++ = '\0';
	dir = open(*at ? at : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open the directory of pid file '%s'", path);
	n = snprintf(digits, sizeof(digits), "%d", pid);
	if (replace_file(dir, name, digits, (size_t)n, PIDFILE_MODE, e))
		return err_ctx(e, "pid file '%s'", path);
	return 0;
}

void pidfile_remove(const char *path)
{
	if (path)
		(void)unlink(path);
}
