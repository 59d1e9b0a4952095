/* SPDX-License-Identifier: Apache-2.0 */
/* relay: copies between a terminal's master and the two pipes of containerd, in the loop. */
#ifndef SHIM_DAEMON_RELAY_H
#define SHIM_DAEMON_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/err.h"
#include "spec/base/loop.h"
#include "spec/base/str.h"

/*
 * Nothing blocks: what the other side does not take is kept (one piece in each
 * direction) and its source is not read until it is gone. That nobody has the
 * terminal open (EIO) is no end while the process lives, which may close it, or
 * hang it up, and open it again. After that it is; or, where somebody else holds
 * the terminal, that nothing has come for a while.
 */
struct relay {
	struct loop *loop;
	struct loop_source master_src, in_src, out_src, timer;
	int master, in, out; /* owned; -1: none, or ended */
	struct str to_master, to_out;
	uint32_t watched; /* events that master_src waits for */
	bool hung;	  /* nobody has the terminal open */
	bool ended;	  /* the process has */
};

/* in (read end of stdin, or -1) and out (write end of stdout) become the relay's. */
struct relay *relay_new(struct loop *loop, int in, int out);

/* The terminal is there: start to copy. master becomes the relay's. */
int relay_start(struct relay *r, int master, struct err *e);

/* No more is to be expected than what is on its way. */
void relay_process_ended(struct relay *r);

/* There is output that containerd's pipe has not taken. */
bool relay_busy(const struct relay *r);

int relay_resize(const struct relay *r, unsigned int width, unsigned int height, struct err *e);

void relay_free(struct relay *r);

#endif
