/* SPDX-License-Identifier: Apache-2.0 */
/* fd: reading, writing and passing descriptors. */
#include "spec/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/str.h"

int write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

ssize_t read_full(int fd, void *data, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = read(fd, (char *)data + have, n - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

char *read_file(int dirfd, const char *path, size_t max, struct arena *a, size_t *len,
		struct err *e)
{
	auto_fd int opened = -1;
	auto_str struct str text = { 0 };
	const char *shown = *path ? path : "(open file)";
	int fd = dirfd;

	if (*path) {
		fd = opened = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (opened < 0) {
			err_sys(e, "open '%s'", path);
			return NULL;
		}
	}
	for (;;) {
		char buf[4096];
		ssize_t got = read_full(fd, buf, sizeof(buf));

		if (got < 0) {
			err_sys(e, "read '%s'", shown);
			return NULL;
		}
		if (text.len + (size_t)got > max) {
			err_set(e, E2BIG, "'%s' is larger than %zu bytes", shown, max);
			return NULL;
		}
		str_addn(&text, buf, (size_t)got);
		if ((size_t)got < sizeof(buf))
			break;
	}
	if (len)
		*len = text.len;
	return arena_memdup(a, text.s, text.len + 1);
}

int write_file(int dirfd, const char *path, const char *text, struct err *e)
{
	auto_fd int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t done;

	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	do {
		done = write(fd, text, strlen(text));
	} while (done < 0 && errno == EINTR);
	if (done < 0)
		return err_sys(e, "write '%.80s' to '%s'", text, path);
	if ((size_t)done != strlen(text))
		return err_set(e, EIO, "write '%.80s' to '%s': cut short", text, path);
	return 0;
}

int replace_file(int dirfd, const char *name, const void *data, size_t n, mode_t mode,
		 struct err *e)
{
	auto_fd int fd = -1;
	char tmp[NAME_MAX + 1];

	if ((size_t)snprintf(tmp, sizeof(tmp), ".%s.tmp", name) >= sizeof(tmp))
		return err_set(e, ENAMETOOLONG, "file name '%.80s...' is too long", name);
	if (unlinkat(dirfd, tmp, 0) && errno != ENOENT)
		return err_sys(e, "remove '%s'", tmp);
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return err_sys(e, "create '%s'", tmp);
	if (write_all(fd, data, n)) {
		err_sys(e, "write '%s'", tmp);
		unlinkat(dirfd, tmp, 0);
		return -1;
	}
	if (renameat(dirfd, tmp, dirfd, name)) {
		err_sys(e, "rename '%s' to '%s'", tmp, name);
		unlinkat(dirfd, tmp, 0);
		return -1;
	}
	return 0;
}

int send_fds(int sock, const void *data, size_t n, const int *fds, size_t n_fds)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = n };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t done;

	if (n_fds > FDS_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if (n_fds) {
		struct cmsghdr *c = &control.align;

		memset(&control, 0, sizeof(control));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
	}
	do {
		done = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (done < 0 && errno == EINTR);
	if (done < 0)
		return -1;
	if ((size_t)done != n) {
		errno = EMSGSIZE;
		return -1;
	}
	return 0;
}

static size_t take_rights(struct msghdr *msg, int *fds, size_t max)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (n < max)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

ssize_t recv_fds(int sock, void *data, size_t n, int *fds, size_t max, size_t *n_fds)
{
	struct iovec iov = { .iov_base = data, .iov_len = n };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(int) * (max < FDS_MAX ? max : FDS_MAX)),
	};
	ssize_t got;
	size_t count;

	if (!max) {
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
	}
	do {
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	count = take_rights(&msg, fds, max);
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		while (count)
			close(fds[--count]);
		errno = EMSGSIZE;
		return -1;
	}
	if (n_fds)
		*n_fds = count;
	return got;
}

bool fd_is_open(int fd)
{
	return fd >= 0 && fcntl(fd, F_GETFD) >= 0;
}

int fd_cloexec(int fd, bool on)
{
	return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0);
}

int fd_above_stdio(int fd)
{
	int moved;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved >= 0)
		close(fd);
	return moved;
}
