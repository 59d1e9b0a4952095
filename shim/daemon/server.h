/* SPDX-License-Identifier: Apache-2.0 */
/* server: ttrpc connections on one socket; calls that may be answered later. */
#ifndef SHIM_DAEMON_SERVER_H
#define SHIM_DAEMON_SERVER_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "shim/daemon/link.h"
#include "spec/base/err.h"
#include "spec/base/loop.h"

/* gRPC status codes that containerd tells apart; it shows only the text of others. */
enum code {
	CODE_OK = 0,
	CODE_UNKNOWN = 2,
	CODE_INVALID_ARGUMENT = 3,
	CODE_DEADLINE_EXCEEDED = 4,
	CODE_NOT_FOUND = 5,
	CODE_ALREADY_EXISTS = 6,
	CODE_RESOURCE_EXHAUSTED = 8,
	CODE_FAILED_PRECONDITION = 9,
	CODE_UNIMPLEMENTED = 12,
	CODE_UNAVAILABLE = 14,
};

/* The code for an errno value: one table for the whole program. */
enum code code_of(int num);

struct call;

/*
 * Where somebody keeps a call for later. The call clears it when it ends
 * before its reply: `late` tells whether its deadline passed (else its
 * connection was lost), and then expired() is called at once, if there is one.
 * Zeroed is empty.
 */
struct call_slot {
	struct call *call;
	bool late;
	void (*expired)(struct call_slot *slot);
};

/*
 * One method. fn gets the decoded request, which is gone when fn returns, and
 * the call, which it must end by one of the call_ functions, now or later.
 */
struct method {
	const char *name;
	const ProtobufCMessageDescriptor *request;
	void (*fn)(void *ctx, struct call *c, const void *request);
};

struct service {
	const char *name;
	const struct method *methods; /* up to a row without a name */
};

struct server {
	struct loop *loop;
	struct loop_source listener, timer;
	const struct service *services; /* up to a row without a name */
	void *ctx;
	void (*alone)(void *ctx); /* the last connection has ended; may be NULL */
	struct link conns, calls;
};

/*
 * Serve what connects to the listening socket (owned from now on; non-blocking).
 * Only peers with our own uid are heard. services is borrowed.
 */
int server_init(struct server *s, struct loop *loop, int listener, const struct service *services,
		void *ctx, struct err *e);

/* Stop listening, flush what is queued as far as peers read it at once, drop everything. */
void server_done(struct server *s);

/* True when nobody is connected. */
bool server_alone(const struct server *s);

/* True when replies are still waiting for their peers to read. */
bool server_busy(const struct server *s);

/* End the call with a reply; NULL is an empty message. */
void call_reply(struct call *c, const ProtobufCMessage *reply);
/* The same with a reply that is packed already. */
void call_reply_packed(struct call *c, const void *data, size_t len);

/* End the call with an error: of code_of(e->num), or of the given code. */
void call_fail(struct call *c, const struct err *e);
void call_fail_code(struct call *c, enum code code, const char *message);

/* Keep the call in a slot (see there), all else of which is cleared; or in a list of waiters. */
void call_keep(struct call *c, struct call_slot *slot);
void call_wait(struct call *c, struct link *waiters);
/* Any call of that list, taken out of it; NULL when there is none. */
struct call *call_next(struct link *waiters);
/* Move the call of a slot out of it; NULL when it has ended already. */
struct call *call_take(struct call_slot *slot);

#endif
