/* SPDX-License-Identifier: Apache-2.0 */
/* D-Bus messages: bytes as the specification has them, and back; damaged ones. */
#include "shim/engine/dbus_msg.h"

#include <errno.h>
#include <string.h>

#include "spec/base/auto.h"
#include "tests/unit/test.h"

static const struct dbus_msg hello = {
	.type = DBUS_CALL,
	.serial = 7,
	.destination = "org.freedesktop.DBus",
	.path = "/org/freedesktop/DBus",
	.interface = "org.freedesktop.DBus",
	.member = "Hello",
};

/* As hex, groups of 8 bytes. */
static const char *hex(const struct str *s, struct arena *a)
{
	auto_str struct str out = { 0 };

	for (size_t i = 0; i < s->len; i++)
		str_addf(&out, "%s%02x", i && !(i % 8) ? " " : "", (unsigned char)s->s[i]);
	return arena_strdup(a, str_text(&out));
}

TEST(dbus_body_bytes)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str b = { 0 };
	size_t at;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return;
	dbus_put_byte(&b, 1);
	dbus_put_u16(&b, 0x203);
	dbus_put_text(&b, "ab");
	dbus_put_u64(&b, 5);
	CHECK_TEXT(hex(&b, &a), "0100030202000000 6162000000000000 0500000000000000");
	str_clear(&b);
	at = dbus_array_begin(&b, 8); /* empty: the padding is there all the same */
	dbus_array_end(&b, at, 8);
	CHECK_TEXT(hex(&b, &a), "0000000000000000");
	str_clear(&b);
	at = dbus_array_begin(&b, 8);
	dbus_put_struct(&b);
	dbus_put_text(&b, "x");
	dbus_put_signature(&b, "u");
	dbus_put_u32(&b, 9);
	dbus_array_end(&b, at, 8);
	CHECK_TEXT(hex(&b, &a), "1000000000000000 0100000078000175 0000000009000000");
	CHECK(dbus_align_of('y') == 1 && dbus_align_of('q') == 2 && dbus_align_of('s') == 4 &&
	      dbus_align_of('t') == 8 && dbus_align_of('(') == 8);
}

TEST(dbus_message_there_and_back)
{
	auto_str struct str bytes = { 0 }, body = { 0 };
	struct dbus_msg m, call = hello;
	struct dbus_reader r;
	struct err e;

	dbus_put_u32(&body, 42);
	dbus_put_text(&body, "/job/1");
	dbus_put_u64(&body, UINT64_MAX);
	call.signature = "uot";
	call.body = body.s;
	call.body_len = body.len;
	call.reply_serial = 3;
	call.sender = ":1.5";
	call.no_reply = true;
	dbus_encode(&call, &bytes);
	CHECK(dbus_size(bytes.s, &e) == (ssize_t)bytes.len);
	ASSERT(!dbus_decode(bytes.s, bytes.len, &m, &e));
	CHECK(m.type == DBUS_CALL && m.serial == 7 && m.reply_serial == 3 && m.no_reply);
	CHECK_TEXT(m.member, "Hello");
	CHECK_TEXT(m.destination, "org.freedesktop.DBus");
	CHECK_TEXT(m.path, "/org/freedesktop/DBus");
	CHECK_TEXT(m.sender, ":1.5");
	CHECK_TEXT(m.signature, "uot");
	CHECK(!m.error);
	r = (struct dbus_reader){ .p = m.body, .len = m.body_len };
	CHECK(dbus_get_u32(&r) == 42);
	CHECK_TEXT(dbus_get_text(&r), "/job/1");
	CHECK(dbus_get_u64(&r) == UINT64_MAX && !r.bad);
	CHECK(dbus_get_u32(&r) == 0 && r.bad); /* behind the end */
}

/* Whatever bytes come, nothing is read outside of them (the sanitizers watch). */
TEST(dbus_damaged_messages)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str bytes = { 0 };
	struct dbus_msg m;
	struct err e;
	size_t decoded = 0;

	dbus_encode(&hello, &bytes);
	for (size_t n = 0; n < bytes.len; n++) {
		char *cut = arena_memdup(&a, bytes.s, n);

		CHECK(dbus_decode(cut, n, &m, &e));
	}
	for (size_t i = 0; i < bytes.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			char *bad = arena_memdup(&a, bytes.s, bytes.len);

			bad[i] = (char)(bad[i] ^ 1 << bit);
			decoded += !dbus_decode(bad, bytes.len, &m, &e);
		}
	}
	CHECK(decoded > 0); /* a changed letter is still a message */
	bytes.s[0] = 'x';
	CHECK(dbus_size(bytes.s, &e) == -1 && e.num == EPROTO);
	bytes.s[0] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B';
	memset(bytes.s + 4, 0x7f, 4);
	CHECK(dbus_size(bytes.s, &e) == -1 && e.num == EMSGSIZE);
}

TEST(dbus_text_with_nul_is_refused)
{
	const uint8_t body[] = { 3, 0, 0, 0, 'a', 0, 'b', 0, 0xff, 0xff, 0xff, 0xff };
	struct dbus_reader r = { .p = body, .len = sizeof(body) };

	CHECK_TEXT(dbus_get_text(&r), "");
	CHECK(r.bad);
	r = (struct dbus_reader){ .p = body, .len = sizeof(body), .at = 8 };
	CHECK_TEXT(dbus_get_text(&r), "");
	CHECK(r.bad);
}
