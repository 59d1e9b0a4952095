/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ttrpc-events: containerd's end of the events that a shim sends.
 *   ttrpc-events SOCKET
 * Listens there and prints each event as it comes, "TOPIC CONTAINER [ID] [STATUS]" a line, until it
 * is killed. One shim at a time; it may connect again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/ttrpc/events.pb-c.h"
#include "spec/ttrpc/forward.pb-c.h"
#include "spec/ttrpc/frame.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/ttrpc.pb-c.h"

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* All events have the container's id as their first field. */
static void print_event(const Pb__Envelope *v, struct arena *a)
{
	struct err e;
	const Pb__TaskExit *x;
	const Pb__TaskExecAdded *added;

	if (str_eq(v->topic, "/tasks/exit")) {
		x = message_unpack(&pb__task_exit__descriptor, v->event->value.data,
				   v->event->value.len, a, &e);
		if (x)
			printf("%s %s %s %u\n", v->topic, x->container_id, x->id, x->exit_status);
	} else if (str_starts(v->topic, "/tasks/exec-")) {
		added = message_unpack(&pb__task_exec_added__descriptor, v->event->value.data,
				       v->event->value.len, a, &e);
		if (added)
			printf("%s %s %s\n", v->topic, added->container_id, added->exec_id);
	} else {
		const Pb__TaskOOM *any =
			message_unpack(&pb__task_oom__descriptor, v->event->value.data,
				       v->event->value.len, a, &e);

		if (any)
			printf("%s %s\n", v->topic, any->container_id);
	}
}

static void take(const void *data, size_t len)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	Pb__Request *r = message_unpack(&pb__request__descriptor, data, len, &a, &e);
	Pb__ForwardRequest *f = r ? message_unpack(&pb__forward_request__descriptor,
						   r->payload.data, r->payload.len, &a, &e)
				  : NULL;

	if (f && f->envelope && f->envelope->event && f->envelope->timestamp)
		print_event(f->envelope, &a);
	else
		puts("not an event");
	fflush(stdout);
}

static int answer(int fd, uint32_t stream)
{
	struct frame f = { .stream = stream, .type = FRAME_RESPONSE };
	uint8_t head[FRAME_HEAD_LEN];

	frame_put(head, &f);
	return write_all(fd, head, sizeof(head));
}

static void serve(int fd)
{
	struct frame_reader reader = { 0 };

	for (;;) {
		void *at;
		size_t room = frame_room(&reader, &at);
		ssize_t n = read(fd, at, room);

		if (n <= 0)
			break;
		if (frame_filled(&reader, (size_t)n) == FRAME_PARTIAL)
			continue;
		take(reader.data, reader.head.len);
		if (answer(fd, reader.head.stream))
			break;
		frame_next(&reader);
	}
	frame_next(&reader);
	close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 2 || strlen(argv[1]) >= sizeof(addr.sun_path))
		return 2;
	memcpy(addr.sun_path, argv[1], strlen(argv[1]));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 8))
		die(argv[1]);
	for (;;) {
		int conn = accept(fd, NULL, NULL);

		if (conn < 0)
			die("accept");
		serve(conn);
	}
}
