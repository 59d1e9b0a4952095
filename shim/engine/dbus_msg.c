/* SPDX-License-Identifier: Apache-2.0 */
/* dbus_msg: marshalling: every value at a multiple of its size, strings with length and NUL. */
#include "shim/engine/dbus_msg.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "spec/base/auto.h"

#define VERSION_1     1
#define FLAG_NO_REPLY 1
#define ALIGN_STRUCT  8

/* Header fields, by their codes. */
enum field {
	FIELD_PATH = 1,
	FIELD_INTERFACE,
	FIELD_MEMBER,
	FIELD_ERROR,
	FIELD_REPLY_SERIAL,
	FIELD_DESTINATION,
	FIELD_SENDER,
	FIELD_SIGNATURE,
};

static char byte_order(void)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B';
}

static void pad(struct str *b, size_t align)
{
	while (b->len % align)
		str_addc(b, '\0');
}

static void put(struct str *b, const void *v, size_t n)
{
	pad(b, n);
	str_addn(b, v, n);
}

void dbus_put_byte(struct str *b, uint8_t v)
{
	put(b, &v, sizeof(v));
}

void dbus_put_u16(struct str *b, uint16_t v)
{
	put(b, &v, sizeof(v));
}

void dbus_put_u32(struct str *b, uint32_t v)
{
	put(b, &v, sizeof(v));
}

void dbus_put_u64(struct str *b, uint64_t v)
{
	put(b, &v, sizeof(v));
}

void dbus_put_text(struct str *b, const char *s)
{
	size_t n = strlen(s);

	dbus_put_u32(b, (uint32_t)n);
	str_addn(b, s, n + 1);
}

void dbus_put_signature(struct str *b, const char *s)
{
	size_t n = strlen(s);

	dbus_put_byte(b, (uint8_t)n);
	str_addn(b, s, n + 1);
}

void dbus_put_struct(struct str *b)
{
	pad(b, ALIGN_STRUCT);
}

/* The length counts from the first element, so the padding in front of it does not. */
size_t dbus_array_begin(struct str *b, size_t align)
{
	size_t begun;

	dbus_put_u32(b, 0);
	begun = b->len;
	pad(b, align);
	return begun;
}

void dbus_array_end(struct str *b, size_t begun, size_t align)
{
	size_t first = (begun + align - 1) / align * align;
	uint32_t n = (uint32_t)(b->len - first);

	memcpy(b->s + begun - sizeof(n), &n, sizeof(n));
}

size_t dbus_align_of(char type)
{
	switch (type) {
	case 'y':
	case 'g':
		return 1;
	case 'n':
	case 'q':
		return 2;
	case 'x':
	case 't':
	case 'd':
	case '(':
		return ALIGN_STRUCT;
	default:
		return sizeof(uint32_t);
	}
}

static void put_field(struct str *b, enum field code, const char *type, const char *text)
{
	if (!text)
		return;
	dbus_put_struct(b);
	dbus_put_byte(b, (uint8_t)code);
	dbus_put_signature(b, type);
	if (*type == 'g')
		dbus_put_signature(b, text);
	else
		dbus_put_text(b, text);
}

void dbus_encode(const struct dbus_msg *m, struct str *out)
{
	auto_str struct str b = { 0 };
	size_t fields;

	dbus_put_byte(&b, (uint8_t)byte_order());
	dbus_put_byte(&b, (uint8_t)m->type);
	dbus_put_byte(&b, m->no_reply ? FLAG_NO_REPLY : 0);
	dbus_put_byte(&b, VERSION_1);
	dbus_put_u32(&b, (uint32_t)m->body_len);
	dbus_put_u32(&b, m->serial);
	fields = dbus_array_begin(&b, ALIGN_STRUCT);
	put_field(&b, FIELD_PATH, "o", m->path);
	put_field(&b, FIELD_INTERFACE, "s", m->interface);
	put_field(&b, FIELD_MEMBER, "s", m->member);
	put_field(&b, FIELD_ERROR, "s", m->error);
	put_field(&b, FIELD_DESTINATION, "s", m->destination);
	put_field(&b, FIELD_SENDER, "s", m->sender);
	put_field(&b, FIELD_SIGNATURE, "g", m->signature);
	if (m->reply_serial) {
		dbus_put_struct(&b);
		dbus_put_byte(&b, FIELD_REPLY_SERIAL);
		dbus_put_signature(&b, "u");
		dbus_put_u32(&b, m->reply_serial);
	}
	dbus_array_end(&b, fields, ALIGN_STRUCT);
	pad(&b, ALIGN_STRUCT);
	str_addn(out, b.s, b.len);
	if (m->body_len)
		str_addn(out, m->body, m->body_len);
}

static uint32_t u32_at(const void *data, size_t at)
{
	uint32_t v;

	memcpy(&v, (const uint8_t *)data + at, sizeof(v));
	return v;
}

ssize_t dbus_size(const void *header, struct err *e)
{
	const uint8_t *h = header;
	size_t body, fields, size;

	if ((char)h[0] != byte_order() || h[3] != VERSION_1)
		return err_set(e, EPROTO, "what came is no D-Bus message");
	body = u32_at(header, 4);
	fields = u32_at(header, 12);
	if (body > DBUS_MESSAGE_MAX || fields > DBUS_MESSAGE_MAX)
		return err_set(e, EMSGSIZE, "a D-Bus message is longer than %d bytes",
			       DBUS_MESSAGE_MAX);
	size = (DBUS_HEADER_SIZE + fields + ALIGN_STRUCT - 1) / ALIGN_STRUCT * ALIGN_STRUCT + body;
	return (ssize_t)size;
}

/* The next n bytes at a multiple of align; NULL: there are not so many. */
static const uint8_t *take(struct dbus_reader *r, size_t n, size_t align)
{
	size_t at = (r->at + align - 1) / align * align;

	if (r->bad || at > r->len || n > r->len - at) {
		r->bad = true;
		return NULL;
	}
	r->at = at + n;
	return r->p + at;
}

uint32_t dbus_get_u32(struct dbus_reader *r)
{
	const uint8_t *p = take(r, sizeof(uint32_t), sizeof(uint32_t));

	return p ? u32_at(p, 0) : 0;
}

uint64_t dbus_get_u64(struct dbus_reader *r)
{
	const uint8_t *p = take(r, sizeof(uint64_t), sizeof(uint64_t));
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

static uint8_t get_byte(struct dbus_reader *r)
{
	const uint8_t *p = take(r, 1, 1);

	return p ? *p : 0;
}

/* n bytes and a NUL, and no NUL before. */
static const char *get_chars(struct dbus_reader *r, size_t n)
{
	const uint8_t *p = r->bad || n >= r->len ? NULL : take(r, n + 1, 1);

	if (!p || memchr(p, '\0', n + 1) != p + n) {
		r->bad = true;
		return "";
	}
	return (const char *)p;
}

const char *dbus_get_text(struct dbus_reader *r)
{
	return get_chars(r, dbus_get_u32(r));
}

const char *dbus_get_signature(struct dbus_reader *r)
{
	return get_chars(r, get_byte(r));
}

/* One (code, variant) of the header; a code that we do not know has a basic type, too. */
static void get_field(struct dbus_reader *r, struct dbus_msg *m)
{
	uint8_t code;
	const char *type, *text = NULL;
	uint32_t number = 0;

	take(r, 0, ALIGN_STRUCT);
	code = get_byte(r);
	type = dbus_get_signature(r);
	if (!strcmp(type, "s") || !strcmp(type, "o"))
		text = dbus_get_text(r);
	else if (!strcmp(type, "g"))
		text = dbus_get_signature(r);
	else if (!strcmp(type, "u"))
		number = dbus_get_u32(r);
	else
		r->bad = true;
	switch ((enum field)code) {
	case FIELD_PATH:
		m->path = text;
		break;
	case FIELD_INTERFACE:
		m->interface = text;
		break;
	case FIELD_MEMBER:
		m->member = text;
		break;
	case FIELD_ERROR:
		m->error = text;
		break;
	case FIELD_REPLY_SERIAL:
		m->reply_serial = number;
		break;
	case FIELD_DESTINATION:
		m->destination = text;
		break;
	case FIELD_SENDER:
		m->sender = text;
		break;
	case FIELD_SIGNATURE:
		m->signature = text;
		break;
	default:
		break;
	}
}

int dbus_decode(const void *data, size_t len, struct dbus_msg *m, struct err *e)
{
	const uint8_t *h = data;
	struct dbus_msg out = { 0 };
	struct dbus_reader r = { .p = data, .at = DBUS_HEADER_SIZE };
	ssize_t size = len < DBUS_HEADER_SIZE ? 0 : dbus_size(data, e);

	if (size < 0)
		return -1;
	if ((size_t)size != len || !len)
		return err_set(e, EPROTO, "a D-Bus message is cut short");
	out.type = (enum dbus_type)h[1];
	out.no_reply = h[2] & FLAG_NO_REPLY;
	out.serial = u32_at(data, 8);
	out.body_len = u32_at(data, 4);
	out.body = h + len - out.body_len;
	r.len = DBUS_HEADER_SIZE + u32_at(data, 12);
	while (!r.bad && r.at < r.len)
		get_field(&r, &out);
	if (r.bad)
		return err_set(e, EPROTO, "a D-Bus message has a damaged header");
	*m = out;
	return 0;
}
