/* SPDX-License-Identifier: Apache-2.0 */
/* dbus_msg: D-Bus messages to bytes and back; pure. */
#ifndef SHIM_ENGINE_DBUS_MSG_H
#define SHIM_ENGINE_DBUS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

/*
 * As dbus.freedesktop.org's specification has it ("Message Protocol",
 * "Marshaling (Wire Format)"), in the machine's own byte order, which is what both ends of
 * a unix socket have. Bodies start at a multiple of 8, so alignment within a
 * body is that of the whole message.
 */
#define DBUS_HEADER_SIZE 16	   /* of the fixed part */
#define DBUS_MESSAGE_MAX (4 << 20) /* bytes of one that comes in; the protocol has 128 MiB */

enum dbus_type {
	DBUS_CALL = 1,
	DBUS_RETURN,
	DBUS_ERROR,
	DBUS_SIGNAL,
};

struct dbus_msg {
	enum dbus_type type;
	bool no_reply;		 /* a call that wants none */
	uint32_t serial;	 /* of the sender; not 0 */
	uint32_t reply_serial;	 /* of a return or error */
	const char *destination; /* bus name; NULL on a direct connection */
	const char *path, *interface, *member, *error, *sender;
	const char *signature; /* of the body; NULL: none */
	const void *body;
	size_t body_len;
};

/* Put values into a body; nothing fails (sizes from outside are capped by the caller). */
void dbus_put_byte(struct str *b, uint8_t v);
void dbus_put_u16(struct str *b, uint16_t v);
void dbus_put_u32(struct str *b, uint32_t v);	  /* also b (0 or 1) and i */
void dbus_put_u64(struct str *b, uint64_t v);	  /* also x and, by its bits, d */
void dbus_put_text(struct str *b, const char *s); /* s and o */
void dbus_put_signature(struct str *b, const char *s);
void dbus_put_struct(struct str *b); /* before the first member; ends by itself */

/* An array whose elements are aligned to `align`: begin, its elements, end with begin's result. */
size_t dbus_array_begin(struct str *b, size_t align);
void dbus_array_end(struct str *b, size_t begun, size_t align);

/* The alignment of a basic type by its code: 1, 2, 4 or 8. */
size_t dbus_align_of(char type);

/* The whole message behind what is in `out`, which must be empty or a multiple of 8 long. */
void dbus_encode(const struct dbus_msg *m, struct str *out);

/*
 * The whole length of the message that begins with these DBUS_HEADER_SIZE
 * bytes; -1 when it is none, or too long.
 */
ssize_t dbus_size(const void *header, struct err *e);

/* Decode one whole message. Strings and body point into data; in the arena where not. */
int dbus_decode(const void *data, size_t len, struct dbus_msg *m, struct err *e);

/* Read a body from its beginning. A reader that came to something wrong gives 0 and "". */
struct dbus_reader {
	const uint8_t *p;
	size_t len, at;
	bool bad;
};
uint32_t dbus_get_u32(struct dbus_reader *r);
uint64_t dbus_get_u64(struct dbus_reader *r);
const char *dbus_get_text(struct dbus_reader *r);      /* s and o */
const char *dbus_get_signature(struct dbus_reader *r); /* g */

#endif
