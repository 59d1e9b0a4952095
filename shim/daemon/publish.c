/* SPDX-License-Identifier: Apache-2.0 */
/* publish: a ttrpc client for one method, Events.Forward. */
#include "shim/daemon/publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/str.h"
#include "spec/ttrpc/forward.pb-c.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/ttrpc.pb-c.h"

#define FORWARD_SERVICE	 "containerd.services.events.ttrpc.v1.Events"
#define FORWARD_METHOD	 "Forward"
#define FORWARD_TYPE	 "containerd.events."
#define NAMESPACE_KEY	 "containerd-namespace-ttrpc"
#define ANSWER_MS	 5000 /* as containerd's own shim allows */
#define RETRY_MS	 100
#define RETRY_DOUBLE_MAX 5 /* 100 ms ... 3.2 s */

struct event {
	struct link link;
	size_t len;
	uint8_t data[]; /* a packed Request */
};

static void pump(struct publisher *p);

void publisher_init(struct publisher *p, struct loop *loop, const char *address, const char *ns)
{
	*p = (struct publisher){ .loop = loop,
				 .address = address,
				 .ns = ns,
				 .src = LOOP_SOURCE_INIT,
				 .timer = LOOP_SOURCE_INIT };
	link_init(&p->queue);
}

bool publisher_idle(const struct publisher *p)
{
	return link_alone(&p->queue);
}

static void drop_head(struct publisher *p)
{
	struct event *ev = container_of(p->queue.next, struct event, link);

	link_del(&ev->link);
	p->n_queue--;
	free(ev);
}

static void on_retry(struct loop_source *src, uint32_t events)
{
	struct publisher *p = container_of(src, struct publisher, timer);

	(void)events;
	pump(p);
}

/* Give the connection up; the head of the queue is sent again over the next one. */
static void disconnect(struct publisher *p)
{
	unsigned int doubled = p->failures < RETRY_DOUBLE_MAX ? p->failures : RETRY_DOUBLE_MAX;
	int fd = p->src.fd;
	struct err e;

	loop_del(p->loop, &p->src);
	close_fd(&fd);
	frame_next(&p->in);
	p->waiting = false;
	p->failures++;
	if (publisher_idle(p))
		loop_del(p->loop, &p->timer);
	else if (loop_timer(p->loop, &p->timer, (uint64_t)RETRY_MS << doubled, 0, on_retry, &e))
		log_msg(LOG_WARN, "%s, events wait for the next one", e.msg);
}

static void on_late(struct loop_source *src, uint32_t events)
{
	struct publisher *p = container_of(src, struct publisher, timer);

	(void)events;
	log_msg(LOG_WARN, "containerd does not answer an event, connecting again");
	disconnect(p);
}

/* The answer to the head of the queue; whatever it is, the event is dealt with. */
static void take_answer(struct publisher *p)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	Pb__Response *r;

	if (p->in.head.type != FRAME_RESPONSE || p->in.head.stream != p->stream || !p->waiting)
		return;
	r = message_unpack(&pb__response__descriptor, p->in.data, p->in.head.len, &a, &e);
	if (!r)
		log_msg(LOG_WARN, "answer to an event: %s, ignored", e.msg);
	else if (r->status && r->status->code)
		log_msg(LOG_WARN, "containerd refuses an event: %.200s, dropped",
			r->status->message);
	p->waiting = false;
	p->failures = 0;
	loop_del(p->loop, &p->timer);
	drop_head(p);
	pump(p);
}

static void on_conn(struct loop_source *src, uint32_t events)
{
	struct publisher *p = container_of(src, struct publisher, src);

	(void)events;
	while (p->src.fd >= 0) {
		enum frame_event event;
		void *at;
		size_t room = frame_room(&p->in, &at);
		ssize_t n = recv(p->src.fd, at, room, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			disconnect(p);
			return;
		}
		event = frame_filled(&p->in, (size_t)n);
		if (event == FRAME_PARTIAL)
			continue;
		if (event == FRAME_WHOLE)
			take_answer(p);
		frame_next(&p->in);
	}
}

static int connect_to(struct publisher *p, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	auto_fd int fd = -1;

	if (strlen(p->address) >= sizeof(addr.sun_path))
		return err_set(e, ENAMETOOLONG, "address '%s' is too long", p->address);
	memcpy(addr.sun_path, p->address, strlen(p->address));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return err_sys(e, "connect to '%s'", p->address);
	if (loop_add(p->loop, &p->src, fd, EPOLLIN, on_conn, e))
		return -1;
	p->stream = (uint32_t)-1; /* the first one is 1 */
	take_fd(&fd);
	return 0;
}

/* An event is far smaller than a socket's buffer, of which we use one event at a time. */
static int send_head(struct publisher *p)
{
	const struct event *ev = container_of(p->queue.next, struct event, link);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): drop_head() takes it out first */
	struct frame f = { .len = (uint32_t)ev->len, .type = FRAME_REQUEST };
	auto_str struct str out = { 0 };
	uint8_t head[FRAME_HEAD_LEN];

	p->stream += 2;
	f.stream = p->stream;
	frame_put(head, &f);
	str_addn(&out, head, sizeof(head));
	str_addn(&out, ev->data, ev->len);
	return send(p->src.fd, out.s, out.len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)out.len
		       ? 0
		       : -1;
}

static void pump(struct publisher *p)
{
	struct err e;

	if (p->waiting || publisher_idle(p))
		return;
	if (p->src.fd < 0 && connect_to(p, &e)) {
		log_msg(LOG_DEBUG, "events: %s", e.msg);
		disconnect(p);
		return;
	}
	if (send_head(p)) {
		disconnect(p);
		return;
	}
	p->waiting = true;
	if (loop_timer(p->loop, &p->timer, ANSWER_MS, 0, on_late, &e))
		log_msg(LOG_WARN, "%s, waiting for an answer without a limit", e.msg);
}

static uint8_t *pack_event(const struct publisher *p, const char *topic,
			   const ProtobufCMessage *event, struct arena *a, size_t *len)
{
	Pb__Request r = PB__REQUEST__INIT;
	Pb__ForwardRequest forward = PB__FORWARD_REQUEST__INIT;
	Pb__Envelope envelope = PB__ENVELOPE__INIT;
	Pb__KeyValue ns = PB__KEY_VALUE__INIT, *metadata = &ns;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	envelope.timestamp = message_time(&now, a);
	envelope.namespace_ = arena_strdup(a, p->ns);
	envelope.topic = arena_strdup(a, topic);
	envelope.event = any_pack(arena_printf(a, FORWARD_TYPE "%s", event->descriptor->short_name),
				  event, a);
	forward.envelope = &envelope;
	r.service = arena_strdup(a, FORWARD_SERVICE);
	r.method = arena_strdup(a, FORWARD_METHOD);
	r.timeout_nano = (int64_t)ANSWER_MS * 1000000;
	ns.key = arena_strdup(a, NAMESPACE_KEY);
	ns.value = envelope.namespace_;
	r.n_metadata = 1;
	r.metadata = &metadata;
	r.payload.data = message_pack(&forward.base, a, &r.payload.len);
	return message_pack(&r.base, a, len);
}

void publish(struct publisher *p, const char *topic, const ProtobufCMessage *event)
{
	auto_arena struct arena a = { 0 };
	struct event *ev;
	uint8_t *data;
	size_t len;

	if (!p->address || !*p->address)
		return;
	if (p->n_queue >= PUBLISH_QUEUE_MAX) {
		log_msg(LOG_WARN, "%d events wait for containerd, the oldest is dropped",
			PUBLISH_QUEUE_MAX);
		p->waiting = false; /* an answer to it may still come and is ignored */
		drop_head(p);
	}
	data = pack_event(p, topic, event, &a, &len);
	ev = mem_alloc(sizeof(*ev) + len);
	link_init(&ev->link);
	memcpy(ev->data, data, len);
	ev->len = len;
	link_add(&p->queue, &ev->link);
	p->n_queue++;
	if (p->timer.fd < 0 || p->waiting)
		pump(p);
}

void publisher_done(struct publisher *p)
{
	int fd = p->src.fd;

	while (!publisher_idle(p))
		drop_head(p);
	loop_del(p->loop, &p->src);
	loop_del(p->loop, &p->timer);
	close_fd(&fd);
	frame_next(&p->in);
}
