/* SPDX-License-Identifier: Apache-2.0 */
/* process: what create, run and exec have in common: fds, terminal rules, the pid file. */
#ifndef SHIM_CLI_PROCESS_H
#define SHIM_CLI_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/cli/cli.h"

/*
 * The fds 3.. that go to the process: first those of socket activation
 * (sd_listen_fds(3): LISTEN_FDS, meant for us by LISTEN_PID or, as some callers
 * do, without it), then `preserve` more. *listen is the number of the former.
 * Refused when one of them is not open.
 */
int process_fds(const struct cli *cli, uint32_t preserve, unsigned int *listen, struct err *e);

/*
 * A terminal whose user end nobody holds is useless: a detached one needs a
 * console socket, and a console socket needs a detached terminal. (The texts
 * are what callers of other runtimes know.)
 */
int process_terminal(bool terminal, bool detached, const char *console_socket, struct err *e);

/* Paths of the command line are about the current directory; NULL stays NULL. */
int process_abs(struct arena *a, char **path, struct err *e);

/*
 * The digits of the pid and nothing else, readers convert the whole content; by
 * rename, so that it is never seen half written. NULL: nothing to do.
 */
int pidfile_write(const char *path, pid_t pid, struct err *e);

/* Undo it when the command fails after all. */
void pidfile_remove(const char *path);

#endif
