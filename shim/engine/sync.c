/* SPDX-License-Identifier: Apache-2.0 */
/* sync: fixed-size packets over a SEQPACKET socket. */
#include "shim/engine/sync.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spec/base/log.h"

static const char *const type_names[] = {
	[SYNC_FAILED] = "failed",   [SYNC_WARNING] = "warning",	  [SYNC_STAGED] = "staged",
	[SYNC_MOUNTED] = "mounted", [SYNC_READY] = "ready",	  [SYNC_GO] = "go",
	[SYNC_EXEC] = "exec",	    [SYNC_LISTENER] = "listener",
};
_Static_assert(sizeof(type_names) / sizeof(type_names[0]) == SYNC_LISTENER + 1, "a name a type");

int sync_pair(int out[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out))
		return err_sys(e, "make the sync socket");
	return 0;
}

int sync_send(int fd, enum sync_type type, pid_t pid, const struct err *err)
{
	struct sync_msg m = { .type = type, .pid = pid };
	ssize_t n;

	if (err)
		m.err = *err;
	do
		n = send(fd, &m, sizeof(m), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == sizeof(m) ? 0 : -1;
}

int sync_listener(int fd, int number)
{
	struct sync_msg m = { .type = SYNC_LISTENER, .pid = number };

	if (write(fd, &m, sizeof(m)) != sizeof(m))
		return -1;
	if (read(fd, &m, sizeof(m)) == sizeof(m) && m.type == SYNC_GO)
		return 0;
	errno = EPIPE;
	return -1;
}

void sync_warn(int fd, const char *fmt, ...)
{
	struct err text = { .num = EAGAIN };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text.msg, sizeof(text.msg), fmt, ap);
	va_end(ap);
	sync_send(fd, SYNC_WARNING, 0, &text);
}

int sync_recv(int fd, struct sync_msg *m)
{
	bool reset = false;
	ssize_t n;

	/* That a peer has ended with messages unread is told once, before the last ones it sent. */
	do {
		n = recv(fd, m, sizeof(*m), 0);
		if (n < 0 && errno == ECONNRESET && !reset) {
			reset = true;
			errno = EINTR;
		}
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == ECONNRESET)
		return 0;
	if (n <= 0)
		return (int)n;
	if (n != sizeof(*m) || m->type < SYNC_FAILED || m->type > SYNC_LISTENER) {
		errno = EPROTO;
		return -1;
	}
	m->err.msg[sizeof(m->err.msg) - 1] = '\0';
	return 1;
}

void sync_log(const struct sync_msg *m)
{
	log_msg(LOG_WARN, "%s", m->err.msg);
}

int sync_expect(int fd, enum sync_type type, struct sync_msg *m, struct err *e)
{
	for (;;) {
		int got = sync_recv(fd, m);

		if (got < 0)
			return err_sys(e, "wait for '%s' from the container's process",
				       type_names[type]);
		if (!got)
			return err_set(e, ESRCH, "the other side ended before '%s'",
				       type_names[type]);
		if (m->type == type)
			return 0;
		if (m->type == SYNC_FAILED) {
			*e = m->err;
			return -1;
		}
		if (m->type != SYNC_WARNING)
			return err_set(e, EPROTO, "got '%s' instead of '%s'", type_names[m->type],
				       type_names[type]);
		sync_log(m);
	}
}
