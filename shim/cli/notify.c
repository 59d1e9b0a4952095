/* SPDX-License-Identifier: Apache-2.0 */
/* notify: one socket that the container writes to, one to the service manager. */
#include "shim/cli/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/path.h"
#include "spec/base/proc.h"

#define NOTIFY_DRAIN_MAX                                                                           \
	1024		 /* others may still write: exec'd processes of a shared pid namespace */
#define SOCKET_MODE 0777 /* the container's users; nobody else has the directory in sight */

/* Assignments of sd_notify(3) that are about the sender's own progress. */
static const char *const passed[] = {
	"READY",	  "RELOADING",		 "STOPPING",	  "STATUS", "ERRNO", "WATCHDOG",
	"MONOTONIC_USEC", "EXTEND_TIMEOUT_USEC", "WATCHDOG_USEC",
};

bool notify_filter(const char *text, size_t len, struct str *out)
{
	bool ready = false;

	for (const char *end = text + len; text < end;) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		size_t n = eol ? (size_t)(eol - text) : (size_t)(end - text);
		const char *equals = memchr(text, '=', n);

		for (size_t i = 0; equals && i < countof(passed); i++) {
			if (strlen(passed[i]) != (size_t)(equals - text) ||
			    strncmp(passed[i], text, strlen(passed[i])) != 0 ||
			    memchr(text, '\0', n))
				continue;
			str_addf(out, "%s%.*s", out->len ? "\n" : "", (int)n, text);
			ready |= n == strlen("READY=1") && !strncmp(text, "READY=1", n);
		}
		text += n + 1;
	}
	return ready;
}

static int connect_manager(const char *address, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t n = strlen(address);
	auto_fd int fd = -1;

	if ((*address != '/' && *address != '@') || n < 2)
		return err_set(e, EINVAL, "NOTIFY_SOCKET: '%.100s' is neither a path nor '@NAME'",
			       address);
	if (n >= sizeof(addr.sun_path))
		return err_set(e, ENAMETOOLONG, "NOTIFY_SOCKET: longer than a socket's name");
	memcpy(addr.sun_path, address, n);
	if (*address == '@')
		addr.sun_path[0] = '\0';
	fd = fd_above_stdio(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)))
		return err_sys(e, "NOTIFY_SOCKET: connect to '%s'", address);
	return take_fd(&fd);
}

/* -1 with ENOENT: the container was made without. */
static int listen_container(const char *root, const char *id, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	auto_fd int dir = open(arena_printf(&a, "%s/%s/" ENGINE_NOTIFY_DIR, root, id),
			       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_fd int fd = -1;

	if (dir < 0)
		return err_sys(e, "the container's directory for NOTIFY_SOCKET");
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/" ENGINE_NOTIFY_SOCKET, fd_path(dir).s);
	fd = fd_above_stdio(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (fd < 0 || (unlinkat(dir, ENGINE_NOTIFY_SOCKET, 0) && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    fchmodat(dir, ENGINE_NOTIFY_SOCKET, SOCKET_MODE, 0))
		return err_sys(e, "listen on the container's NOTIFY_SOCKET");
	return take_fd(&fd);
}

int notify_open(struct notify *n, const struct engine *en, const char *id, struct err *e)
{
	const char *address = getenv("NOTIFY_SOCKET");

	if (!address || !*address)
		return 0;
	n->container = listen_container(en->root, id, e);
	if (n->container < 0)
		return e->num == ENOENT ? 0 : -1;
	n->manager = connect_manager(address, e);
	return n->manager < 0 ? -1 : 0;
}

void notify_done(struct notify *n)
{
	close_fd(&n->container);
	close_fd(&n->manager);
}

static void tell(const struct notify *n, const char *text, size_t len)
{
	if (send(n->manager, text, len, MSG_NOSIGNAL) < 0)
		log_msg(LOG_WARN, "NOTIFY_SOCKET: %s: the service manager is not told",
			strerror(errno));
}

bool notify_carry(struct notify *n)
{
	auto_str struct str out = { 0 };
	char text[NOTIFY_MESSAGE_MAX];
	/* without room for control data fds are dropped by the kernel */
	ssize_t len = recv(n->container, text, sizeof(text), MSG_DONTWAIT);
	bool ready = len > 0 && notify_filter(text, (size_t)len, &out);

	if (ready && n->main)
		str_addf(&out, "\nMAINPID=%d", n->main);
	if (out.len)
		tell(n, out.s, out.len);
	return ready;
}

void notify_drain(struct notify *n)
{
	struct pollfd p = { .fd = n->container, .events = POLLIN };

	for (int i = 0; i < NOTIFY_DRAIN_MAX && poll(&p, 1, 0) > 0; i++)
		notify_carry(n);
}

/* sd_notify(3): the manager closes the pipe when it has come to this message. */
static void barrier(const struct notify *n)
{
	static const char text[] = "BARRIER=1";
	int ends[2];
	struct pollfd p;

	if (pipe2(ends, O_CLOEXEC))
		return;
	if (!send_fds(n->manager, text, strlen(text), &ends[1], 1)) {
		close_fd(&ends[1]);
		p = (struct pollfd){ .fd = ends[0], .events = POLLIN };
		if (!poll(&p, 1, NOTIFY_BARRIER_MS))
			log_msg(LOG_WARN,
				"NOTIFY_SOCKET: the service manager takes no note: going on");
	}
	close_fd(&ends[1]);
	close_fd(&ends[0]);
}

int notify_wait(struct notify *n, pid_t pid, struct err *e)
{
	auto_fd int pidfd = n->container < 0 ? -1 : proc_pidfd(pid);
	struct pollfd p[] = { { .fd = n->container, .events = POLLIN },
			      { .fd = pidfd, .events = POLLIN } };

	if (n->container < 0)
		return 0;
	if (pidfd < 0)
		return errno == ESRCH ? 0 : err_sys(e, "open a pidfd of process %d", pid);
	for (;;) {
		if (poll(p, countof(p), -1) < 0 && errno != EINTR)
			return err_sys(e, "wait for READY=1");
		if (p[0].revents && notify_carry(n)) {
			barrier(n);
			return 0;
		}
		/* what it said before its end has been read: the socket comes first */
		if (p[1].revents && !p[0].revents)
			return 0;
	}
}
