/* SPDX-License-Identifier: Apache-2.0 */
/* publish: events to containerd, in order, over a connection that may come and go. */
#ifndef SHIM_DAEMON_PUBLISH_H
#define SHIM_DAEMON_PUBLISH_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "shim/daemon/link.h"
#include "spec/base/err.h"
#include "spec/base/loop.h"
#include "spec/ttrpc/frame.h"

#define PUBLISH_QUEUE_MAX 2048 /* events; the oldest go first when containerd is away for long */

/*
 * One event is under way at a time, and stays at the head of the queue until
 * containerd has answered it: order holds across reconnects, and an event may
 * arrive twice but not out of turn.
 */
struct publisher {
	struct loop *loop;
	const char *address; /* path of containerd's ttrpc socket; "" or NULL: nowhere */
	const char *ns;
	struct link queue;
	size_t n_queue;
	struct loop_source src, timer; /* the connection; reconnect or answer time-out */
	struct frame_reader in;
	uint32_t stream;
	bool waiting; /* for the answer to the head of the queue */
	unsigned int failures;
};

/* Strings are borrowed. Nothing is connected before the first event. */
void publisher_init(struct publisher *p, struct loop *loop, const char *address, const char *ns);

/* Queue an event: its topic and its message, "containerd.events." + short name being its type. */
void publish(struct publisher *p, const char *topic, const ProtobufCMessage *event);

/* Nothing is left to send. */
bool publisher_idle(const struct publisher *p);

void publisher_done(struct publisher *p);

#endif
