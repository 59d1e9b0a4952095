/* SPDX-License-Identifier: Apache-2.0 */
/* oom: a wake-up is only a hint; on v2 the count in the file decides, on v1 that the file is there.
 */
#include "shim/engine/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "shim/engine/cgroup_dir.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#define V1_FILE "memory.oom_control"
#define V2_FILE "memory.events"

/* What is waiting in the fd; of no interest but that it wakes. */
#define DRAIN_MAX (8 * (sizeof(struct inotify_event) + NAME_MAX + 1))

static int watch_v1(int dir, struct err *e)
{
	auto_fd int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	auto_fd int control = openat(dir, V1_FILE, O_RDONLY | O_CLOEXEC);
	char text[32];

	if (event < 0 || control < 0)
		return err_sys(e, "open '%s'", event < 0 ? "an eventfd" : V1_FILE);
	snprintf(text, sizeof(text), "%d %d", event, control);
	if (write_file(dir, "cgroup.event_control", text, e))
		return -1;
	return take_fd(&event);
}

/* cgroup.events changes when the last process leaves. */
static int watch_v2(int dir, struct err *e)
{
	static const char *const files[] = { V2_FILE, "cgroup.events" };
	auto_fd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[64];

	if (fd < 0)
		return err_sys(e, "start inotify");
	for (size_t i = 0; i < countof(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", fd_path(dir).s, files[i]);
		if (inotify_add_watch(fd, path, IN_MODIFY | IN_DELETE_SELF) < 0)
			return err_sys(e, "watch '%s'", files[i]);
	}
	return take_fd(&fd);
}

int oom_open(const struct oci_state *s, struct oom_watch *out, struct err *e)
{
	const struct oci_cgroup_dir *v1 = cgroup_find_v1(s, "memory");
	const struct oci_cgroup_dir *d = v1 ? v1 : cgroup_find_v2(s);
	auto_fd int dir = -1, fd = -1;
	struct oom_watch w = { .v2 = !v1 };

	if (!d)
		return err_set(e, ENOTSUP, "the container has no memory cgroup to watch");
	dir = cgroup_open(d->path, e);
	if (dir < 0)
		return -1;
	if (w.v2 && faccessat(dir, V2_FILE, F_OK, 0))
		return err_set(e, ENOTSUP, "cgroup '%s' has no memory controller", d->path);
	fd = w.v2 ? watch_v2(dir, e) : watch_v1(dir, e);
	if (fd < 0)
		return err_ctx(e, "watch for OOM kills in cgroup '%s'", d->path);
	if (w.v2)
		cgroup_read_key(dir, V2_FILE, "oom_kill", &w.kills);
	w.fd = take_fd(&fd);
	w.dir = take_fd(&dir);
	*out = w;
	return 0;
}

int oom_read(struct oom_watch *w)
{
	_Alignas(struct inotify_event) char drain[DRAIN_MAX];
	uint64_t kills = 0;
	bool woken = false;

	while (read(w->fd, drain, sizeof(drain)) > 0)
		woken = true;
	if (!w->v2) {
		if (faccessat(w->dir, V1_FILE, F_OK, 0))
			return -1;
		return woken;
	}
	if (!cgroup_read_key(w->dir, V2_FILE, "oom_kill", &kills))
		return -1;
	woken = kills > w->kills;
	w->kills = kills;
	return woken;
}

void oom_close(struct oom_watch *w)
{
	close_fd(&w->fd);
	close_fd(&w->dir);
}
