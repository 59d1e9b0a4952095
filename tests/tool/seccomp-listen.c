/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp-listen SOCKET ERRNO: what stands behind linux.seccomp.listenerPath. Listen, take one
 * filter, print the container process state as a line, and answer every notification with the
 * errno, until the last process with the filter has ended.
 */
#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/str.h"

#define TEXT_MAX 65536

static int failed(const char *what)
{
	fprintf(stderr, "seccomp-listen: %s: %s\n", what, strerror(errno));
	return 1;
}

/* The name is there when connections are taken. */
static int take_connection(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.new", path);
	if (s < 0 || bind(s, (struct sockaddr *)&addr, sizeof(addr)) || listen(s, 1) ||
	    rename(addr.sun_path, path))
		return -1;
	return accept(s, NULL, NULL);
}

static int answer(int filter, int error)
{
	struct seccomp_notif call = { 0 };
	struct seccomp_notif_resp resp = { .error = -error };

	if (ioctl(filter, SECCOMP_IOCTL_NOTIF_RECV, &call))
		return errno == ENOENT || errno == EINTR ? 0 : -1;
	resp.id = call.id;
	if (ioctl(filter, SECCOMP_IOCTL_NOTIF_SEND, &resp) && errno != ENOENT)
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	static char text[TEXT_MAX];
	struct pollfd p = { .fd = -1, .events = POLLIN };
	size_t n = 0;
	ssize_t len;
	uint64_t num;
	int conn;

	if (argc != 3 || parse_u64(argv[2], 10, INT_MAX, &num))
		return 2;
	conn = take_connection(argv[1]);
	if (conn < 0)
		return failed(argv[1]);
	len = recv_fds(conn, text, sizeof(text) - 1, &p.fd, 1, &n);
	if (len <= 0 || n != 1)
		return failed("receive the filter");
	printf("%.*s\n", (int)len, text);
	fflush(stdout);
	while (poll(&p, 1, -1) > 0 || errno == EINTR) {
		if (p.revents & POLLHUP)
			return 0;
		if (answer(p.fd, (int)num))
			return failed("answer");
	}
	return failed("poll");
}
