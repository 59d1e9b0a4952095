/* SPDX-License-Identifier: Apache-2.0 */
/* oom: a wake-up is only a hint; the count in the file decides. */
#include "shim/daemon/oom.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define FILE_MAX 4096

/* The count of kills so far; -1 when the cgroup is gone. */
static int64_t count(const char *file)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	const char *text = read_file(-1, file, FILE_MAX, &a, NULL, &e), *line;

	if (!text)
		return -1;
	line = strstr(text, "oom_kill ");
	return line ? strtoll(line + strlen("oom_kill "), NULL, 10) : 0;
}

static void on_event(struct loop_source *src, uint32_t events)
{
	struct oom *o = container_of(src, struct oom, src);
	char drain[FILE_MAX];
	int64_t kills = count(o->file);
	int fd = src->fd;

	(void)events;
	if (read(fd, drain, sizeof(drain)) < 0 || kills < 0) {
		loop_del(o->loop, src);
		close_fd(&fd);
		return;
	}
	/* v1 wakes us before it kills, so there the count may still be the old one. */
	if (!o->v2 || (uint64_t)kills > o->kills)
		o->fn(o->arg);
	o->kills = (uint64_t)kills;
}

/* cgroup-v1/memory.rst, 10: "<event_fd> <fd of memory.oom_control>". */
static int watch_v1(const char *dir, const char *file, struct err *e)
{
	auto_fd int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	auto_fd int control = open(file, O_RDONLY | O_CLOEXEC);
	auto_free char *path = NULL;
	char text[64];

	if (event < 0 || control < 0)
		return err_sys(e, "watch '%s'", file);
	if (asprintf(&path, "%s/cgroup.event_control", dir) < 0)
		abort();
	snprintf(text, sizeof(text), "%d %d", event, control);
	if (write_file(-1, path, text, e))
		return -1;
	return take_fd(&event);
}

static int watch_v2(const char *file, struct err *e)
{
	auto_fd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0 || inotify_add_watch(fd, file, IN_MODIFY | IN_DELETE_SELF) < 0)
		return err_sys(e, "watch '%s'", file);
	return take_fd(&fd);
}

int oom_watch(struct oom *o, struct loop *loop, const char *dir, bool v2, void (*fn)(void *arg),
	      void *arg, struct err *e)
{
	auto_free char *file = NULL;
	int64_t kills;
	int fd;

	if (asprintf(&file, "%s/%s", dir, v2 ? "memory.events" : "memory.oom_control") < 0)
		abort();
	fd = v2 ? watch_v2(file, e) : watch_v1(dir, file, e);
	if (fd < 0)
		return -1;
	if (loop_add(loop, &o->src, fd, EPOLLIN, on_event, e)) {
		close(fd);
		return -1;
	}
	kills = count(file);
	o->loop = loop;
	o->file = take_ptr(file);
	o->kills = kills > 0 ? (uint64_t)kills : 0;
	o->v2 = v2;
	o->fn = fn;
	o->arg = arg;
	return 0;
}

void oom_done(struct oom *o)
{
	int fd = o->src.fd;

	if (o->loop)
		loop_del(o->loop, &o->src);
	close_fd(&fd);
	free(o->file);
	*o = (struct oom)OOM_INIT;
}
