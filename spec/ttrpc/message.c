/* SPDX-License-Identifier: Apache-2.0 */
/* message: protobuf-c with an arena as its allocator. */
#include "spec/ttrpc/message.h"

#include <errno.h>
#include <string.h>

#include "spec/base/str.h"

static void *take(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void keep(void *arena, void *p)
{
	(void)arena; /* the arena frees everything at once */
	(void)p;
}

void *message_unpack(const ProtobufCMessageDescriptor *type, const void *data, size_t len,
		     struct arena *a, struct err *e)
{
	ProtobufCAllocator allocator = { .alloc = take, .free = keep, .allocator_data = a };
	void *m = protobuf_c_message_unpack(type, &allocator, len, data ? data : "");

	if (!m)
		err_set(e, EBADMSG, "the bytes are no %s message", type->short_name);
	return m;
}

uint8_t *message_pack(const ProtobufCMessage *m, struct arena *a, size_t *len)
{
	uint8_t *out;

	*len = protobuf_c_message_get_packed_size(m);
	out = arena_alloc(a, *len);
	protobuf_c_message_pack(m, out);
	return out;
}

bool any_is(const Pb__Any *any, const char *type)
{
	const char *slash;

	if (!any)
		return false;
	slash = strrchr(any->type_url, '/');
	return str_eq(any->type_url, type) || (slash && str_eq(slash + 1, type));
}

Pb__Any *any_pack(const char *type_url, const ProtobufCMessage *m, struct arena *a)
{
	Pb__Any *any = arena_alloc(a, sizeof(*any));

	pb__any__init(any);
	any->type_url = arena_strdup(a, type_url);
	any->value.data = message_pack(m, a, &any->value.len);
	return any;
}

Pb__Timestamp *message_time(const struct timespec *t, struct arena *a)
{
	Pb__Timestamp *out;

	if (!t->tv_sec && !t->tv_nsec)
		return NULL;
	out = arena_alloc(a, sizeof(*out));
	pb__timestamp__init(out);
	out->seconds = t->tv_sec;
	out->nanos = (int32_t)t->tv_nsec;
	return out;
}
