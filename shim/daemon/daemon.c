/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: leaving: not before what was said has arrived. */
#include "shim/daemon/daemon.h"

#include <unistd.h>

#define LEAVE_STEP_MS  10
#define LEAVE_HEARD_MS 1000 /* for clients to hang up */
#define LEAVE_MAX_MS   5000 /* for events that nobody takes */

static void on_leave(struct loop_source *src, uint32_t events)
{
	struct daemon *d = container_of(src, struct daemon, leave_timer);
	bool delivered = publisher_idle(&d->events) && !server_busy(&d->server);

	(void)events;
	d->leave_ms += LEAVE_STEP_MS;
	/*
	 * containerd's client takes an answer for lost if the connection ends before
	 * it has looked at it, though it has arrived. It hangs up when it has.
	 */
	if (!server_alone(&d->server) && d->leave_ms < LEAVE_HEARD_MS)
		return;
	if (delivered || d->leave_ms >= LEAVE_MAX_MS)
		loop_stop(&d->loop);
}

void daemon_leave(struct daemon *d)
{
	struct err e;

	if (d->leaving)
		return;
	d->leaving = true;
	unlink(d->socket);
	if (loop_timer(&d->loop, &d->leave_timer, LEAVE_STEP_MS, LEAVE_STEP_MS, on_leave, &e))
		loop_stop(&d->loop);
}
