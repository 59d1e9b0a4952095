/* SPDX-License-Identifier: Apache-2.0 */
/* frame: header codec and a reader that fills its own buffers. */
#include "spec/ttrpc/frame.h"

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/arena.h"

#define SKIP_SIZE 4096 /* data of an oversized frame is dropped in pieces of this */

void frame_put(uint8_t out[FRAME_HEAD_LEN], const struct frame *f)
{
	uint32_t len = htobe32(f->len), stream = htobe32(f->stream);

	memcpy(out, &len, sizeof(len));
	memcpy(out + 4, &stream, sizeof(stream));
	out[8] = f->type;
	out[9] = f->flags;
}

void frame_get(const uint8_t in[FRAME_HEAD_LEN], struct frame *f)
{
	uint32_t len, stream;

	memcpy(&len, in, sizeof(len));
	memcpy(&stream, in + 4, sizeof(stream));
	*f = (struct frame){
		.len = be32toh(len), .stream = be32toh(stream), .type = in[8], .flags = in[9]
	};
}

static bool oversized(const struct frame_reader *r)
{
	return r->head.len > FRAME_DATA_MAX;
}

size_t frame_room(struct frame_reader *r, void **at)
{
	size_t left;

	if (r->n_raw < FRAME_HEAD_LEN) {
		*at = r->raw + r->n_raw;
		return FRAME_HEAD_LEN - r->n_raw;
	}
	left = r->head.len - r->have;
	if (oversized(r)) {
		*at = r->data;
		return left < SKIP_SIZE ? left : SKIP_SIZE;
	}
	*at = r->data + r->have;
	return left;
}

static enum frame_event state_of(const struct frame_reader *r)
{
	if (r->n_raw < FRAME_HEAD_LEN || r->have < r->head.len)
		return FRAME_PARTIAL;
	return oversized(r) ? FRAME_OVERSIZED : FRAME_WHOLE;
}

enum frame_event frame_filled(struct frame_reader *r, size_t n)
{
	if (r->n_raw == FRAME_HEAD_LEN) {
		assert(n <= r->head.len - r->have);
		r->have += (uint32_t)n;
		return state_of(r);
	}
	assert(n <= (size_t)(FRAME_HEAD_LEN - r->n_raw));
	r->n_raw += (uint8_t)n;
	if (r->n_raw == FRAME_HEAD_LEN) {
		frame_get(r->raw, &r->head);
		if (r->head.len)
			r->data = mem_grow(NULL, oversized(r) ? SKIP_SIZE : r->head.len, 1);
	}
	return state_of(r);
}

void frame_next(struct frame_reader *r)
{
	free(r->data);
	*r = (struct frame_reader){ 0 };
}
