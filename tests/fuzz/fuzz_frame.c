/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_frame: a byte stream through the frame reader and the request decoder. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/arena.h"
#include "spec/ttrpc/frame.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/ttrpc.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const struct frame_reader *r)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	Pb__Request *req = message_unpack(&pb__request__descriptor, r->data, r->head.len, &a, &e);
	size_t len;

	if (req)
		message_pack(&req->base, &a, &len);
}

/* The first byte is the size of the pieces in which the rest arrives. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_reader r = { 0 };
	size_t step, at = 1;

	if (!size)
		return 0;
	step = (size_t)data[0] + 1;
	while (at < size) {
		enum frame_event event;
		void *room;
		size_t n = frame_room(&r, &room);

		if (!n)
			abort();
		n = n < step ? n : step;
		n = n < size - at ? n : size - at;
		memcpy(room, data + at, n);
		at += n;
		event = frame_filled(&r, n);
		if (event == FRAME_WHOLE)
			decode(&r);
		if (event != FRAME_PARTIAL)
			frame_next(&r);
	}
	frame_next(&r);
	return 0;
}
