/* SPDX-License-Identifier: Apache-2.0 */
/* frame: the ten bytes in front of every ttrpc message, and cutting a stream into frames; pure. */
#ifndef SPEC_TTRPC_FRAME_H
#define SPEC_TTRPC_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* containerd/ttrpc PROTOCOL.md: big endian u32 length, u32 stream, u8 type, u8 flags; then data. */
#define FRAME_HEAD_LEN 10
#define FRAME_DATA_MAX (4U << 20)

enum frame_type {
	FRAME_REQUEST = 1,
	FRAME_RESPONSE = 2,
	FRAME_DATA = 3,
};

enum frame_flag {
	FRAME_REMOTE_CLOSED = 1,
	FRAME_REMOTE_OPEN = 2,
	FRAME_NO_DATA = 4,
};

struct frame {
	uint32_t len; /* of the data behind the header */
	uint32_t stream;
	uint8_t type, flags;
};

void frame_put(uint8_t out[FRAME_HEAD_LEN], const struct frame *f);
void frame_get(const uint8_t in[FRAME_HEAD_LEN], struct frame *f);

/*
 * Cuts what a stream socket gives into frames, without an extra copy: ask
 * frame_room() where the next bytes go, put some there, and report them to
 * frame_filled(). A zeroed struct is at the start of a frame. Memory for the
 * data is allocated once the header is known; the data of an oversized frame
 * is read and thrown away, so that the stream stays usable.
 */
struct frame_reader {
	struct frame head; /* valid from FRAME_WHOLE or FRAME_OVERSIZED on */
	uint8_t raw[FRAME_HEAD_LEN];
	uint8_t n_raw;
	uint8_t *data; /* head.len bytes; NULL when head.len is 0 */
	uint32_t have;
};

enum frame_event {
	FRAME_PARTIAL,	 /* go on reading */
	FRAME_WHOLE,	 /* head and data are there until frame_next() */
	FRAME_OVERSIZED, /* head is there, its data was dropped */
};

/* Where the next bytes go, and how many at most (never 0). */
size_t frame_room(struct frame_reader *r, void **at);

/* n bytes have been put there. After anything but FRAME_PARTIAL call frame_next(). */
enum frame_event frame_filled(struct frame_reader *r, size_t n);

/* Drop the frame; the reader is at the start of the next one. */
void frame_next(struct frame_reader *r);

#endif
