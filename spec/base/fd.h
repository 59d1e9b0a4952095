/* SPDX-License-Identifier: Apache-2.0 */
/* fd: whole reads and writes, small files, and fds over a socket. */
#ifndef SPEC_BASE_FD_H
#define SPEC_BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"

#define FDS_MAX 16 /* that one message may carry */

/* Write all of it, through EINTR and short writes. 0, or -1 with errno. */
int write_all(int fd, const void *data, size_t n);

/* Read until n bytes or the end. The count, or -1 with errno. */
ssize_t read_full(int fd, void *data, size_t n);

/*
 * The content of a file (size of /proc files is unknown before), NUL-terminated
 * in the arena, its length in *len unless len is NULL. More than max bytes is
 * an error (E2BIG). path is relative to dirfd; "" reads dirfd itself.
 */
char *read_file(int dirfd, const char *path, size_t max, struct arena *a, size_t *len,
		struct err *e);

/* Write text in one write() to an existing file (a kernel control file). */
int write_file(int dirfd, const char *path, const char *text, struct err *e);

/*
 * Replace a file at once: a temporary file ".NAME.tmp" in the same directory,
 * then rename. No fsync: the files are about running processes.
 */
int replace_file(int dirfd, const char *name, const void *data, size_t n, mode_t mode,
		 struct err *e);

/*
 * One packet with fds over a unix socket; the received ones are close-on-exec.
 * Nothing blocks longer than the socket's own timeout. recv_fds gives the
 * length of the data, 0 at the end of the stream; a message with more than
 * max fds, or one cut short, is EMSGSIZE and leaks nothing.
 */
int send_fds(int sock, const void *data, size_t n, const int *fds, size_t n_fds);
ssize_t recv_fds(int sock, void *data, size_t n, int *fds, size_t max, size_t *n_fds);

bool fd_is_open(int fd);

/* Set or clear close-on-exec. 0, or -1 with errno. */
int fd_cloexec(int fd, bool on);

/* Move the fd to at least 3 if it is 0, 1 or 2 (a caller started with closed stdio). */
int fd_above_stdio(int fd);

#endif
