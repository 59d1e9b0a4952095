/* SPDX-License-Identifier: Apache-2.0 */
/* logger: the program behind a binary:// log URI. */
#ifndef SHIM_DAEMON_LOGGER_H
#define SHIM_DAEMON_LOGGER_H

#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

#define LOGGER_READY_MS 10000
#define LOGGER_STOP_MS	12000 /* between SIGTERM and SIGKILL, as containerd's own shim gives it */

/*
 * argv of a logger: the path of binary:///PATH?KEY=VALUE&KEY=VALUE, then each key and its
 * first value, "" where it has none.
 */
char **logger_argv(const char *uri, struct arena *a, struct err *e);

/*
 * Start it: stdout's read end is its fd 3, stderr's fd 4, and fd 5 a pipe
 * whose end (or, for binary-v2, whose first byte) says that it is ready. It
 * finds CONTAINER_ID and CONTAINER_NAMESPACE in its environment, and nothing
 * else. fds are borrowed; -1 becomes /dev/null. To be called in a helper: the
 * logger becomes the daemon's child.
 */
int logger_start(const char *uri, const char *id, const char *ns, const int log[2], pid_t *pid,
		 struct err *e);

/*
 * To be called in a helper, when the pipes are closed: SIGTERM, and SIGKILL if it
 * has not ended LOGGER_STOP_MS later. One that is gone is fine.
 */
void logger_stop(pid_t pid);

#endif
