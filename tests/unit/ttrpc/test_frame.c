/* SPDX-License-Identifier: Apache-2.0 */
/* test_frame: header layout, split headers, limits. */
#include "spec/ttrpc/frame.h"

#include <stdlib.h>

#include "tests/unit/test.h"

/* Feed in pieces of at most `step` bytes; the event of the last piece. */
static enum frame_event feed(struct frame_reader *r, const void *data, size_t n, size_t step,
			     size_t *used)
{
	enum frame_event event = FRAME_PARTIAL;
	size_t at = 0;

	while (at < n && event == FRAME_PARTIAL) {
		void *room;
		size_t take = frame_room(r, &room);

		CHECK(take > 0);
		if (take > step)
			take = step;
		if (take > n - at)
			take = n - at;
		memcpy(room, (const char *)data + at, take);
		at += take;
		event = frame_filled(r, take);
	}
	*used = at;
	return event;
}

TEST(frame_header_is_big_endian)
{
	struct frame f = { .len = 0x01020304, .stream = 0x0a0b0c0d, .type = 1, .flags = 2 }, g;
	static const uint8_t want[] = { 1, 2, 3, 4, 10, 11, 12, 13, 1, 2 };
	uint8_t out[FRAME_HEAD_LEN];

	frame_put(out, &f);
	CHECK(!memcmp(out, want, sizeof(want)));
	frame_get(out, &g);
	CHECK(g.len == f.len && g.stream == f.stream && g.type == f.type && g.flags == f.flags);
}

TEST(frame_reader_takes_any_split)
{
	uint8_t wire[FRAME_HEAD_LEN * 2 + 5];
	struct frame f = { .len = 5, .stream = 3, .type = FRAME_REQUEST };
	struct frame empty = { .stream = 5, .type = FRAME_DATA };

	frame_put(wire, &f);
	memset(wire + FRAME_HEAD_LEN, 'x', 5);
	frame_put(wire + FRAME_HEAD_LEN + 5, &empty);
	for (size_t step = 1; step <= sizeof(wire); step++) {
		struct frame_reader r = { 0 };
		size_t used, more;

		CHECK(feed(&r, wire, sizeof(wire), step, &used) == FRAME_WHOLE);
		CHECK(used == FRAME_HEAD_LEN + 5 && r.head.stream == 3 && r.head.len == 5);
		CHECK(r.data && !memcmp(r.data, "xxxxx", 5));
		frame_next(&r);
		CHECK(feed(&r, wire + used, sizeof(wire) - used, step, &more) == FRAME_WHOLE);
		CHECK(r.head.stream == 5 && r.head.len == 0 && !r.data);
		frame_next(&r);
	}
}

TEST(frame_of_the_largest_size_is_whole)
{
	struct frame f = { .len = FRAME_DATA_MAX, .stream = 1, .type = FRAME_REQUEST };
	uint8_t *wire = calloc(1, FRAME_HEAD_LEN + FRAME_DATA_MAX);
	struct frame_reader r = { 0 };
	size_t used;

	ASSERT(wire);
	frame_put(wire, &f);
	CHECK(feed(&r, wire, FRAME_HEAD_LEN + FRAME_DATA_MAX, 65536, &used) == FRAME_WHOLE);
	frame_next(&r);
	free(wire);
}

TEST(frame_one_byte_too_long_is_skipped)
{
	struct frame f = { .len = FRAME_DATA_MAX + 1, .stream = 9, .type = FRAME_REQUEST };
	struct frame next = { .stream = 11, .type = FRAME_REQUEST };
	size_t n = FRAME_HEAD_LEN + FRAME_DATA_MAX + 1, used;
	uint8_t *wire = calloc(1, n + FRAME_HEAD_LEN);
	struct frame_reader r = { 0 };

	ASSERT(wire);
	frame_put(wire, &f);
	frame_put(wire + n, &next);
	CHECK(feed(&r, wire, n, 65536, &used) == FRAME_OVERSIZED);
	CHECK(used == n && r.head.stream == 9);
	frame_next(&r);
	CHECK(feed(&r, wire + n, FRAME_HEAD_LEN, 3, &used) == FRAME_WHOLE);
	CHECK(r.head.stream == 11);
	frame_next(&r);
	free(wire);
}
