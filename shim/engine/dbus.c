/* SPDX-License-Identifier: Apache-2.0 */
/* dbus: connect, authenticate, send, receive with a deadline. */
#include "shim/engine/dbus.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "spec/base/auto.h"
#include "spec/base/when.h"

#define LINE_MAX_AUTH 1024 /* of the server's answer to the authentication */
#define CHUNK	      4096
#define KEPT_MAX      1024 /* signals that nobody waited for yet */
#define ERROR_MAX     300  /* of the service's text */

/*
 * SASL EXTERNAL without a name: the kernel's word on who connects counts, also
 * from a user namespace where our number is another. All at once, as nothing in the answers
 * changes what we say next.
 */
static const char auth[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";

static int wait_for(const struct dbus *d, short events, int64_t end, struct err *e)
{
	struct pollfd p = { .fd = d->fd, .events = events };
	int64_t left = end - when_ms();
	int n;

	do {
		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "'%s': poll", d->peer);
	return n ? 0
		 : err_set(e, ETIMEDOUT, "'%s': no answer within %d s", d->peer,
			   d->timeout_ms / 1000);
}

static int write_bytes(const struct dbus *d, const char *p, size_t n, int64_t end, struct err *e)
{
	while (n) {
		ssize_t got = send(d->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return err_sys(e, "'%s': send", d->peer);
		if (got < 0 && errno == EAGAIN && wait_for(d, POLLOUT, end, e))
			return -1;
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
	return 0;
}

/* More bytes behind what is there. */
static int read_more(struct dbus *d, int64_t end, struct err *e)
{
	char buf[CHUNK];
	ssize_t n;

	for (;;) {
		n = recv(d->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			break;
		if (!n)
			return err_set(e, ECONNRESET, "'%s': the connection was closed", d->peer);
		if (errno != EAGAIN && errno != EINTR)
			return err_sys(e, "'%s': receive", d->peer);
		if (wait_for(d, POLLIN, end, e))
			return -1;
	}
	str_addn(&d->in, buf, (size_t)n);
	return 0;
}

static void drop_front(struct dbus *d, size_t n)
{
	memmove(d->in.s, d->in.s + n, d->in.len - n);
	d->in.len -= n;
}

/* "DATA" asks for what was sent already; "OK guid" ends it. */
static int authenticate(struct dbus *d, int64_t end, struct err *e)
{
	if (write_bytes(d, auth, sizeof(auth) - 1, end, e))
		return -1;
	for (;;) {
		char *eol = d->in.len ? memmem(d->in.s, d->in.len, "\r\n", 2) : NULL;
		bool ok, data;

		if (!eol && d->in.len > LINE_MAX_AUTH)
			return err_set(e, EPROTO, "'%s': is no D-Bus server", d->peer);
		if (!eol) {
			if (read_more(d, end, e))
				return -1;
			continue;
		}
		*eol = '\0';
		ok = str_starts(d->in.s, "OK ");
		data = str_starts(d->in.s, "DATA");
		if (!ok && !data)
			return err_set(e, EACCES, "'%s': refuses us: %.100s", d->peer, d->in.s);
		drop_front(d, (size_t)(eol - d->in.s) + 2);
		if (ok)
			return 0;
	}
}

static int say_hello(struct dbus *d, struct err *e)
{
	struct dbus_msg hello = {
		.destination = "org.freedesktop.DBus",
		.path = "/org/freedesktop/DBus",
		.interface = "org.freedesktop.DBus",
		.member = "Hello",
	};

	return dbus_call(d, &hello, NULL, NULL, e) ? err_ctx(e, "'%s'", d->peer) : 0;
}

int dbus_connect(struct dbus *d, const char *path, bool direct, int timeout_ms, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	*d = (struct dbus){ .fd = -1, .direct = direct, .timeout_ms = timeout_ms };
	d->peer = arena_strdup(&d->arena, path);
	if ((size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path) >=
	    sizeof(addr.sun_path))
		return err_set(e, ENAMETOOLONG, "'%.200s': too long for a socket", path);
	d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (d->fd < 0 || connect(d->fd, (struct sockaddr *)&addr, sizeof(addr))) {
		err_sys(e, "connect to '%s'", path);
		dbus_close(d);
		return -1;
	}
	if (authenticate(d, when_ms() + timeout_ms, e) || (!direct && say_hello(d, e))) {
		dbus_close(d);
		return -1;
	}
	return 0;
}

void dbus_close(struct dbus *d)
{
	close_fd(&d->fd);
	str_done(&d->in);
	arena_done(&d->arena);
	d->kept = NULL;
	d->n_kept = 0;
}

/* The next message. */
static int receive(struct dbus *d, int64_t end, struct dbus_msg *m, struct err *e)
{
	ssize_t size = -1;
	char *copy;

	while (d->in.len < DBUS_HEADER_SIZE)
		if (read_more(d, end, e))
			return -1;
	size = dbus_size(d->in.s, e);
	if (size < 0)
		return err_ctx(e, "'%s'", d->peer);
	while (d->in.len < (size_t)size)
		if (read_more(d, end, e))
			return -1;
	copy = arena_memdup(&d->arena, d->in.s, (size_t)size);
	drop_front(d, (size_t)size);
	return dbus_decode(copy, (size_t)size, m, e) ? err_ctx(e, "'%s'", d->peer) : 0;
}

static int keep(struct dbus *d, const struct dbus_msg *m, struct err *e)
{
	if (m->type != DBUS_SIGNAL)
		return 0;
	if (d->n_kept == KEPT_MAX)
		return err_set(e, EMSGSIZE, "'%s': sends more than %d signals", d->peer, KEPT_MAX);
	if (!d->kept)
		d->kept = arena_array(&d->arena, KEPT_MAX, sizeof(*d->kept));
	d->kept[d->n_kept++] = *m;
	return 0;
}

static int send_call(struct dbus *d, struct dbus_msg *call, int64_t end, struct err *e)
{
	auto_str struct str bytes = { 0 };

	call->type = DBUS_CALL;
	call->serial = ++d->serial;
	if (d->direct)
		call->destination = NULL;
	dbus_encode(call, &bytes);
	return write_bytes(d, bytes.s, bytes.len, end, e);
}

int dbus_send(struct dbus *d, struct dbus_msg *call, struct err *e)
{
	call->no_reply = true;
	return send_call(d, call, when_ms() + d->timeout_ms, e);
}

/* "name: text", by the error's own words; it comes from outside, so it is cut. */
static int refused(const struct dbus_msg *m, const char **error, struct err *e)
{
	struct dbus_reader r = { .p = m->body, .len = m->body_len };
	bool text = m->signature && m->signature[0] == 's';

	if (error)
		*error = m->error ? m->error : "";
	return err_set(e, EREMOTEIO, "%.*s", ERROR_MAX,
		       text	  ? dbus_get_text(&r)
		       : m->error ? m->error
				  : "refused");
}

int dbus_call(struct dbus *d, struct dbus_msg *call, struct dbus_msg *reply, const char **error,
	      struct err *e)
{
	int64_t end = when_ms() + d->timeout_ms;
	struct dbus_msg m;

	if (error)
		*error = NULL;
	if (send_call(d, call, end, e))
		return -1;
	for (;;) {
		if (receive(d, end, &m, e) || keep(d, &m, e))
			return -1;
		if ((m.type != DBUS_RETURN && m.type != DBUS_ERROR) ||
		    m.reply_serial != call->serial)
			continue;
		if (m.type == DBUS_ERROR)
			return refused(&m, error, e);
		if (reply)
			*reply = m;
		return 0;
	}
}

int dbus_wait(struct dbus *d, const char *member,
	      bool (*wanted)(const struct dbus_msg *m, void *arg), void *arg, struct err *e)
{
	int64_t end = when_ms() + d->timeout_ms;
	struct dbus_msg m;

	for (size_t i = 0; i < d->n_kept; i++)
		if (str_eq(d->kept[i].member, member) && wanted(&d->kept[i], arg))
			return 0;
	for (;;) {
		if (receive(d, end, &m, e))
			return -1;
		if (m.type == DBUS_SIGNAL && str_eq(m.member, member) && wanted(&m, arg))
			return 0;
	}
}
