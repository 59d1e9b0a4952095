/* SPDX-License-Identifier: Apache-2.0 */
/* message: protobuf-c messages with their memory in an arena. */
#ifndef SPEC_TTRPC_MESSAGE_H
#define SPEC_TTRPC_MESSAGE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/ttrpc/google.pb-c.h"

/*
 * The message that the bytes hold, or NULL (EBADMSG, the message's name in the
 * text). Strings are never NULL in it; all memory is the arena's. The bytes
 * need not outlive the call.
 */
void *message_unpack(const ProtobufCMessageDescriptor *type, const void *data, size_t len,
		     struct arena *a, struct err *e);

/* Its bytes, in the arena (a valid pointer even when *len is 0). */
uint8_t *message_pack(const ProtobufCMessage *m, struct arena *a, size_t *len);

/*
 * Is it of that type ("containerd.runc.v1.Options")? Type URLs are bare names
 * or have something up to a slash in front. NULL is of no type.
 */
bool any_is(const Pb__Any *any, const char *type);

/* An Any in the arena that holds the packed message. */
Pb__Any *any_pack(const char *type_url, const ProtobufCMessage *m, struct arena *a);

/* A Timestamp in the arena; NULL for a zero time, which means "not yet" on the wire. */
Pb__Timestamp *message_time(const struct timespec *t, struct arena *a);

#endif
