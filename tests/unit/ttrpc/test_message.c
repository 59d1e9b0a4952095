/* SPDX-License-Identifier: Apache-2.0 */
/* test_message: bytes on the wire, unknown fields, type URLs. */
#include "spec/ttrpc/message.h"

#include "spec/ttrpc/bootstrap.pb-c.h"
#include "spec/ttrpc/task.pb-c.h"
#include "spec/ttrpc/ttrpc.pb-c.h"
#include "tests/unit/test.h"

TEST(message_of_known_bytes)
{
	/* Request { service: "a" method: "b" payload: "c" timeout_nano: 5 metadata { "k" "v" } },
	 * then a field 15 that we do not know. */
	static const uint8_t wire[] = "\x0a\x01"
				      "a\x12\x01"
				      "b\x1a\x01"
				      "c\x20\x05\x2a\x06\x0a\x01k\x12\x01v\x78\x01";
	auto_arena struct arena a = { 0 };
	struct err e;
	Pb__Request *r = message_unpack(&pb__request__descriptor, wire, sizeof(wire) - 1, &a, &e);

	ASSERT(r);
	CHECK_TEXT(r->service, "a");
	CHECK_TEXT(r->method, "b");
	CHECK(r->payload.len == 1 && r->payload.data[0] == 'c');
	CHECK(r->timeout_nano == 5);
	ASSERT(r->n_metadata == 1);
	CHECK_TEXT(r->metadata[0]->value, "v");
}

TEST(message_cut_short_is_refused)
{
	auto_arena struct arena a = { 0 };
	struct err e;

	CHECK(!message_unpack(&pb__request__descriptor, "\x0a\x05x", 3, &a, &e));
	CHECK_HAS(e.msg, "Request");
}

TEST(message_empty_has_default_values)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	Pb__StateRequest *r = message_unpack(&pb__state_request__descriptor, NULL, 0, &a, &e);
	size_t len;

	ASSERT(r);
	CHECK_TEXT(r->id, "");
	CHECK(message_pack(&r->base, &a, &len) && len == 0);
}

TEST(message_negative_log_level)
{
	auto_arena struct arena a = { 0 };
	Pb__BootstrapParams p = PB__BOOTSTRAP_PARAMS__INIT, *q;
	struct err e;
	size_t len;
	uint8_t *wire;

	p.log_level = -4;
	wire = message_pack(&p.base, &a, &len);
	CHECK(len == 11); /* a tag and a ten-byte varint */
	q = message_unpack(&pb__bootstrap_params__descriptor, wire, len, &a, &e);
	CHECK(q && q->log_level == -4);
}

TEST(any_type_is_bare_or_behind_a_slash)
{
	Pb__Any any = PB__ANY__INIT;

	any.type_url = "containerd.runc.v1.Options";
	CHECK(any_is(&any, "containerd.runc.v1.Options"));
	any.type_url = "type.googleapis.com/containerd.runc.v1.Options";
	CHECK(any_is(&any, "containerd.runc.v1.Options"));
	any.type_url = "xcontainerd.runc.v1.Options";
	CHECK(!any_is(&any, "containerd.runc.v1.Options"));
	CHECK(!any_is(NULL, "containerd.runc.v1.Options"));
}

TEST(time_zero_is_left_out)
{
	auto_arena struct arena a = { 0 };
	struct timespec none = { 0 }, t = { .tv_sec = 5, .tv_nsec = 7 };
	Pb__Timestamp *out = message_time(&t, &a);

	CHECK(!message_time(&none, &a));
	CHECK(out && out->seconds == 5 && out->nanos == 7);
}
