/* SPDX-License-Identifier: Apache-2.0 */
/* oom: tell of kills, and leave with the cgroup. */
#include "shim/daemon/oom.h"

static void on_event(struct loop_source *src, uint32_t events)
{
	struct oom *o = container_of(src, struct oom, src);
	int kills = oom_read(&o->watch);

	(void)events;
	if (kills < 0)
		oom_done(o);
	else if (kills)
		o->fn(o->arg);
}

int oom_start(struct oom *o, struct loop *loop, const struct oci_state *s, void (*fn)(void *arg),
	      void *arg, struct err *e)
{
	if (oom_open(s, &o->watch, e))
		return -1;
	if (loop_add(loop, &o->src, o->watch.fd, EPOLLIN, on_event, e)) {
		oom_close(&o->watch);
		return -1;
	}
	o->loop = loop;
	o->fn = fn;
	o->arg = arg;
	return 0;
}

void oom_done(struct oom *o)
{
	if (o->loop)
		loop_del(o->loop, &o->src);
	oom_close(&o->watch);
	*o = (struct oom)OOM_INIT;
}
