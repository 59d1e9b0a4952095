/* SPDX-License-Identifier: Apache-2.0 */
/* server: requests of all connections run side by side; each one's reply may come at any time. */
#include "shim/daemon/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/str.h"
#include "spec/base/when.h"
#include "spec/ttrpc/frame.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/ttrpc.pb-c.h"

/*
 * A connection owns the bytes under way in both directions. A call knows its
 * connection until that is lost, and is in the server's list until it ends; it
 * is known to at most one more place, a list of waiters or a slot, from which
 * it takes itself when its deadline passes or its peer is gone. ttrpc has no
 * cancel message, so deadlines are ours to keep: one timer, set to the nearest.
 */

#define OUT_MAX	    (16U << 20) /* unread replies of one peer before it is dropped */
#define CONNS_MAX   512
#define TIME_NEVER  UINT64_MAX
#define NANO_PER_MS 1000000

struct conn {
	struct link link;
	struct server *server;
	struct loop_source src;
	struct frame_reader in;
	struct str out;
	size_t sent;	      /* of out */
	uint32_t last_stream; /* ids of a client are odd and rise */
	bool watching_out;
};

struct call {
	struct link link, waiting;
	struct server *server;
	struct conn *conn;
	struct call_slot *slot;
	uint32_t stream;
	uint64_t deadline; /* ms of CLOCK_MONOTONIC */
};

static const struct {
	int num;
	enum code code;
} codes[] = {
	{ EINVAL, CODE_INVALID_ARGUMENT },
	{ EBADMSG, CODE_INVALID_ARGUMENT },
	{ ENAMETOOLONG, CODE_INVALID_ARGUMENT },
	{ ETIMEDOUT, CODE_DEADLINE_EXCEEDED },
	{ ENOENT, CODE_NOT_FOUND },
	{ ESRCH, CODE_NOT_FOUND },
	{ EEXIST, CODE_ALREADY_EXISTS },
	{ E2BIG, CODE_RESOURCE_EXHAUSTED },
	{ EMSGSIZE, CODE_RESOURCE_EXHAUSTED },
	{ EBUSY, CODE_FAILED_PRECONDITION },
	{ ENOTSUP, CODE_UNIMPLEMENTED },
	{ ENOSYS, CODE_UNIMPLEMENTED },
	{ ESHUTDOWN, CODE_UNAVAILABLE },
};

enum code code_of(int num)
{
	for (size_t i = 0; i < countof(codes); i++) {
		if (codes[i].num == num)
			return codes[i].code;
	}
	return CODE_UNKNOWN;
}

/* The call is over: nobody knows it any more. */
static void call_free(struct call *c)
{
	link_del(&c->link);
	link_del(&c->waiting);
	if (c->slot)
		c->slot->call = NULL;
	free(c);
}

/* Drop the connection and the calls that came over it. */
static void conn_free(struct conn *conn)
{
	struct server *s = conn->server;
	int fd = conn->src.fd;

	link_each(l, &s->calls)
	{
		struct call *c = container_of(l, struct call, link);

		if (c->conn == conn)
			call_free(c);
	}
	link_del(&conn->link);
	loop_del(s->loop, &conn->src);
	close_fd(&fd);
	frame_next(&conn->in);
	str_done(&conn->out);
	free(conn);
	if (link_alone(&s->conns) && s->alone)
		s->alone(s->ctx);
}

static void conn_watch_out(struct conn *conn, bool on)
{
	struct err e;

	if (conn->watching_out == on)
		return;
	conn->watching_out = on;
	if (loop_change(conn->server->loop, &conn->src, on ? EPOLLIN | EPOLLOUT : EPOLLIN, &e))
		log_msg(LOG_WARN, "%s, a reply is delayed", e.msg);
}

/* Send what is queued as far as the peer takes it. -1: the connection is broken. */
static int conn_flush(struct conn *conn)
{
	while (conn->sent < conn->out.len) {
		ssize_t n = send(conn->src.fd, conn->out.s + conn->sent, conn->out.len - conn->sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			conn->sent += (size_t)n;
	}
	str_done(&conn->out); /* an idle connection holds no memory */
	conn->sent = 0;
	return 0;
}

/* Queue one frame and send as much as goes now. A broken connection shows up at its next read. */
static void conn_send(struct conn *conn, uint32_t stream, const void *data, size_t len)
{
	struct frame f = { .len = (uint32_t)len, .stream = stream, .type = FRAME_RESPONSE };
	uint8_t head[FRAME_HEAD_LEN];

	if (conn->out.len - conn->sent > OUT_MAX) {
		shutdown(conn->src.fd, SHUT_RDWR);
		return;
	}
	frame_put(head, &f);
	str_addn(&conn->out, head, sizeof(head));
	str_addn(&conn->out, data, len);
	if (!conn_flush(conn))
		conn_watch_out(conn, conn->out.len > conn->sent);
}

static void send_status(struct conn *conn, uint32_t stream, enum code code, const char *message)
{
	auto_arena struct arena a = { 0 };
	Pb__Response r = PB__RESPONSE__INIT;
	Pb__Status status = PB__STATUS__INIT;
	size_t len;
	uint8_t *data;

	status.code = (int32_t)code;
	status.message = arena_strdup(&a, message);
	str_make_utf8(status.message); /* Go refuses the whole status for one wrong byte */
	r.status = &status;
	data = message_pack(&r.base, &a, &len);
	conn_send(conn, stream, data, len);
}

void call_reply_packed(struct call *c, const void *data, size_t len)
{
	auto_arena struct arena a = { 0 };
	Pb__Response r = PB__RESPONSE__INIT;
	size_t n;
	uint8_t *packed;

	r.payload.data = (uint8_t *)(uintptr_t)data;
	r.payload.len = len;
	packed = message_pack(&r.base, &a, &n);
	conn_send(c->conn, c->stream, packed, n);
	call_free(c);
}

void call_reply(struct call *c, const ProtobufCMessage *reply)
{
	auto_arena struct arena a = { 0 };
	size_t len = 0;
	uint8_t *data = reply ? message_pack(reply, &a, &len) : NULL;

	call_reply_packed(c, data, len);
}

void call_fail_code(struct call *c, enum code code, const char *message)
{
	send_status(c->conn, c->stream, code, message);
	call_free(c);
}

void call_fail(struct call *c, const struct err *e)
{
	call_fail_code(c, code_of(e->num), e->msg);
}

void call_keep(struct call *c, struct call_slot *slot)
{
	*slot = (struct call_slot){ .call = c };
	c->slot = slot;
}

struct call *call_take(struct call_slot *slot)
{
	struct call *c = take_ptr(slot->call);

	if (c)
		c->slot = NULL;
	return c;
}

void call_wait(struct call *c, struct link *waiters)
{
	link_add(waiters, &c->waiting);
}

struct call *call_next(struct link *waiters)
{
	struct call *c;

	if (link_alone(waiters))
		return NULL;
	c = container_of(waiters->next, struct call, waiting);
	link_del(&c->waiting);
	return c;
}

static void set_timer(struct server *s);

static void on_timer(struct loop_source *src, uint32_t events)
{
	struct server *s = container_of(src, struct server, timer);
	uint64_t now = (uint64_t)when_ms();

	(void)events;
	link_each(l, &s->calls)
	{
		struct call *c = container_of(l, struct call, link);
		struct call_slot *slot = c->slot;

		if (c->deadline > now)
			continue;
		call_fail_code(c, CODE_DEADLINE_EXCEEDED, "context deadline exceeded");
		if (!slot)
			continue;
		slot->late = true;
		if (slot->expired)
			slot->expired(slot);
	}
	set_timer(s);
}

static void set_timer(struct server *s)
{
	uint64_t now = (uint64_t)when_ms(), first = TIME_NEVER;
	struct err e;

	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): calls leave the list first */
	link_each(l, &s->calls)
	{
		struct call *c = container_of(l, struct call, link);

		if (c->deadline < first)
			first = c->deadline;
	}
	if (first == TIME_NEVER)
		return;
	if (loop_timer(s->loop, &s->timer, first > now ? first - now : 0, 0, on_timer, &e))
		log_msg(LOG_WARN, "%s, deadlines of calls are not kept", e.msg);
}

static const struct method *find_method(const struct server *s, const char *service,
					const char *method)
{
	for (const struct service *v = s->services; v->name; v++) {
		if (strcmp(v->name, service) != 0)
			continue;
		for (const struct method *m = v->methods; m->name; m++) {
			if (!strcmp(m->name, method))
				return m;
		}
	}
	return NULL;
}

static struct call *call_new(struct conn *conn, uint32_t stream, int64_t timeout_nano)
{
	struct call *c = mem_alloc(sizeof(*c));

	c->server = conn->server;
	c->conn = conn;
	c->stream = stream;
	c->deadline = TIME_NEVER;
	link_init(&c->waiting);
	link_add(&conn->server->calls, &c->link);
	if (timeout_nano > 0) {
		c->deadline = (uint64_t)when_ms() + (uint64_t)timeout_nano / NANO_PER_MS;
		set_timer(conn->server);
	}
	return c;
}

static void handle_request(struct conn *conn, const struct frame *f, const void *data)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	const struct method *m;
	Pb__Request *r = message_unpack(&pb__request__descriptor, data, f->len, &a, &e);
	void *request;

	if (!r) {
		send_status(conn, f->stream, CODE_INVALID_ARGUMENT, e.msg);
		return;
	}
	m = find_method(conn->server, r->service, r->method);
	if (!m) {
		send_status(conn, f->stream, CODE_UNIMPLEMENTED,
			    arena_printf(&a, "%.100s/%.100s is not implemented", r->service,
					 r->method));
		return;
	}
	request = message_unpack(m->request, r->payload.data, r->payload.len, &a, &e);
	if (!request) {
		send_status(conn, f->stream, CODE_INVALID_ARGUMENT, e.msg);
		return;
	}
	log_msg(LOG_DEBUG, "call %s", m->name);
	m->fn(conn->server->ctx, call_new(conn, f->stream, r->timeout_nano), request);
}

static void handle_frame(struct conn *conn, enum frame_event event)
{
	const struct frame *f = &conn->in.head;

	if (f->type == FRAME_DATA) {
		send_status(conn, f->stream, CODE_INVALID_ARGUMENT, "no such stream");
		return;
	}
	if (f->type != FRAME_REQUEST)
		return;
	if (f->stream % 2 == 0 || f->stream <= conn->last_stream) {
		send_status(conn, f->stream, CODE_INVALID_ARGUMENT,
			    "stream ids must be odd and rising");
		return;
	}
	conn->last_stream = f->stream;
	if (event == FRAME_OVERSIZED)
		send_status(conn, f->stream, CODE_RESOURCE_EXHAUSTED,
			    "the message is larger than 4 MiB");
	else if (f->flags)
		send_status(conn, f->stream, CODE_UNIMPLEMENTED, "streaming is not implemented");
	else
		handle_request(conn, f, conn->in.data);
}

/* Read what is there. -1: the connection has ended. */
static int conn_read(struct conn *conn)
{
	for (;;) {
		enum frame_event event;
		void *at;
		size_t room = frame_room(&conn->in, &at);
		ssize_t n = recv(conn->src.fd, at, room, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0)
			return -1;
		event = frame_filled(&conn->in, (size_t)n);
		if (event == FRAME_PARTIAL)
			continue;
		handle_frame(conn, event);
		frame_next(&conn->in);
	}
}

static void on_conn(struct loop_source *src, uint32_t events)
{
	struct conn *conn = container_of(src, struct conn, src);

	if (events & EPOLLOUT) {
		if (conn_flush(conn)) {
			conn_free(conn);
			return;
		}
		conn_watch_out(conn, conn->out.len > conn->sent);
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && conn_read(conn))
		conn_free(conn);
}

static bool peer_is_us(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) && peer.uid == geteuid();
}

static size_t count_conns(const struct server *s)
{
	size_t n = 0;

	for (const struct link *l = s->conns.next; l != &s->conns; l = l->next)
		n++;
	return n;
}

static void on_listener(struct loop_source *src, uint32_t events)
{
	struct server *s = container_of(src, struct server, listener);
	int fd = loop_accept(src);
	struct conn *conn;
	struct err e;

	(void)events;
	if (fd < 0)
		return;
	if (!peer_is_us(fd) || count_conns(s) >= CONNS_MAX) {
		log_msg(LOG_WARN, "a connection by another user, or one too many, refused");
		close_fd(&fd);
		return;
	}
	conn = mem_alloc(sizeof(*conn));
	conn->server = s;
	link_add(&s->conns, &conn->link);
	if (loop_add(s->loop, &conn->src, fd, EPOLLIN, on_conn, &e)) {
		link_del(&conn->link);
		free(conn);
		close_fd(&fd);
	}
}

int server_init(struct server *s, struct loop *loop, int listener, const struct service *services,
		void *ctx, struct err *e)
{
	*s = (struct server){ .loop = loop,
			      .listener = LOOP_SOURCE_INIT,
			      .timer = LOOP_SOURCE_INIT,
			      .services = services,
			      .ctx = ctx };
	link_init(&s->conns);
	link_init(&s->calls);
	return loop_add(loop, &s->listener, listener, EPOLLIN, on_listener, e);
}

bool server_alone(const struct server *s)
{
	return link_alone(&s->conns);
}

bool server_busy(const struct server *s)
{
	for (struct link *l = s->conns.next; l != &s->conns; l = l->next) {
		if (container_of(l, struct conn, link)->out.len)
			return true;
	}
	return false;
}

void server_done(struct server *s)
{
	int fd = s->listener.fd;

	s->alone = NULL;
	loop_del(s->loop, &s->listener);
	close_fd(&fd);
	link_each(l, &s->conns) conn_free(container_of(l, struct conn, link));
	loop_del(s->loop, &s->timer);
}
