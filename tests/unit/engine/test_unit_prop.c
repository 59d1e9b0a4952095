/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of units: from annotations, as text and bytes. */
#include "shim/engine/unit_prop.h"

#include <errno.h>
#include <string.h>

#include "shim/engine/dbus_msg.h"
#include "spec/base/auto.h"
#include "tests/unit/test.h"

/* What comes of an annotation, or "refused: ...". */
static const char *annotation(const char *name, const char *value, struct arena *a)
{
	auto_str struct str out = { 0 };
	struct unit_prop p;
	struct err e;
	size_t n;

	if (unit_prop_of_annotation(arena_printf(a, "org.systemd.property.%s", name), value, &p, a,
				    &e))
		return arena_printf(a, "refused: %s", e.msg);
	unit_prop_print(&p, &out);
	n = strcspn(str_text(&out), "\n");
	return arena_strndup(a, str_text(&out), n);
}

static void check(const char *name, const char *value, const char *want)
{
	auto_arena struct arena a = { 0 };
	const char *got = annotation(name, value, &a);

	if (!strncmp(want, "refused: ", strlen("refused: ")))
		CHECK_HAS(got, want + strlen("refused: "));
	else
		CHECK_TEXT(got, arena_printf(&a, "%s, annotation", want));
}

TEST(unit_prop_types)
{
	check("KillMode", "'process'", "KillMode = s 'process'");
	check("KillMode", "\"it's \\\"so\\\"\"", "KillMode = s 'it's \"so\"'");
	check("SendSIGHUP", "true", "SendSIGHUP = b true");
	check("TasksMax", "uint64 42", "TasksMax = t 42");
	check("TasksMax", "42", "TasksMax = i 42");
	check("TasksMax", "-42", "TasksMax = i -42");
	check("TasksMax", "@t 0x10", "TasksMax = t 16");
	check("Nice", "int16 -5", "Nice = n -5");
	check("Some", "byte 255", "Some = y 0xff");
	check("Some", "1.5", "Some = d 1.5");
	check("Wants", "['a.service', \"b.service\"]", "Wants = as ['a.service', 'b.service']");
	check("Wants", "@as []", "Wants = as []");
	check("Some", "[1, 2]", "Some = ai [1, 2]");
	check("Some", "[uint32 1]", "refused: a number that is none");
	check("Some", "@au [1]", "Some = au [1]");
	check("Some", "objectpath '/a'", "Some = o '/a'");
	check("TasksMax", "uint64 18446744073709551615", "TasksMax = t infinity");
}

TEST(unit_prop_seconds)
{
	check("TimeoutStopSec", "uint64 5", "TimeoutStopUSec = t 5000000");
	check("TimeoutStopSec", "5", "TimeoutStopUSec = t 5000000");
	check("TimeoutStopSec", "1.5", "TimeoutStopUSec = t 1500000");
	check("TimeoutStopUSec", "uint64 7", "TimeoutStopUSec = t 7");
	check("XSec", "uint64 5", "XSec = t 5"); /* an upper-case letter in front: a name */
	check("TimeoutStopSec", "'5'", "refused: seconds expected");
	check("TimeoutStopSec", "-1", "refused: negative");
	check("TimeoutStopSec", "uint64 18446744073709551615", "refused: out of range");
}

TEST(unit_prop_refused)
{
	check("PIDs", "[uint32 1]", "refused: annotations: org.systemd.property.PIDs: belongs");
	check("Slice", "'x.slice'", "refused: belongs to the runtime");
	check("Delegate", "false", "refused: belongs to the runtime");
	check("A", "1", "refused: too short");
	check("Kill-Mode", "1", "refused: letters only");
	check("KillMode", "", "refused: no value");
	check("KillMode", "'x", "refused: text without its end");
	check("KillMode", "'x' y", "refused: more text");
	check("KillMode", "word", "refused: a number");
	check("KillMode", "[]", "refused: an empty list needs a type");
	check("KillMode", "[1, 'x']", "refused: text in place of a number");
	check("KillMode", "['x', 1]", "refused: a number in place of text");
	check("KillMode", "[1 2]", "refused: ',' or ']' expected");
	check("KillMode", "[1", "refused: expected at");
	check("KillMode", "@(ss) ('a','b')", "refused: a type that is not supported");
	check("KillMode", "complex 1", "refused: an unknown type");
	check("KillMode", "uint32 -1", "refused: out of range");
	check("KillMode", "byte 256", "refused: out of range");
	check("KillMode", "'\\u1234'", "refused: an escape");
	check("KillMode", "true 1", "refused: ");
	check("KillMode", "uint32 true", "refused: another type");
}

/* A variant: signature, then the value, each at its multiple. */
TEST(unit_prop_bytes)
{
	auto_str struct str b = { 0 };
	struct unit_value pairs[] = { { .text = "/dev/char/1:3", .second = "rw" },
				      { .text = "x", .second = "m" } };
	struct unit_value rate = { .text = "/d", .second_number = 7 };
	struct unit_prop p = { .name = "DeviceAllow", .type = "a(ss)", .v = pairs, .n = 2 };
	struct dbus_reader r;

	unit_prop_encode(&p, &b);
	r = (struct dbus_reader){ .p = (const uint8_t *)b.s, .len = b.len };
	CHECK_TEXT(dbus_get_signature(&r), "a(ss)");
	CHECK(dbus_get_u32(&r) == b.len - 16);
	r.at = 16;
	CHECK_TEXT(dbus_get_text(&r), "/dev/char/1:3");
	CHECK_TEXT(dbus_get_text(&r), "rw");
	r.at = (r.at + 7) / 8 * 8;
	CHECK_TEXT(dbus_get_text(&r), "x");
	CHECK_TEXT(dbus_get_text(&r), "m");
	CHECK(!r.bad && r.at == b.len);
	str_clear(&b);
	p = (struct unit_prop){ .name = "IOReadBandwidthMax", .type = "a(st)", .v = &rate, .n = 1 };
	unit_prop_encode(&p, &b);
	r = (struct dbus_reader){ .p = (const uint8_t *)b.s, .len = b.len, .at = 16 };
	CHECK_TEXT(dbus_get_text(&r), "/d");
	CHECK(dbus_get_u64(&r) == 7 && !r.bad && r.at == b.len);
}
