/* SPDX-License-Identifier: Apache-2.0 */
/* oom: tell of kills, and leave with the cgroup. */
#include "shim/daemon/oom.h"

void oom_look(struct oom *o)
{
	int kills = o->loop ? oom_read(&o->watch) : 0;

	if (kills < 0)
		oom_done(o);
	else if (kills)
		o->fn(o->arg);
}

static void on_event(struct loop_source *src, uint32_t events)
{
	(void)events;
	oom_look(container_of(src, struct oom, src));
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
