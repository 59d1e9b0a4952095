/* SPDX-License-Identifier: Apache-2.0 */
/* holder: one file in a tmpfs, then the engine. */
#include "shim/daemon/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "shim/daemon/sandbox_files.h"
#include "shim/engine/engine.h"
#include "shim/engine/host.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

/* build/pause, see the Makefile */
extern const char pause_program[], pause_program_end[];

static int write_program(const char *rootfs, struct err *e)
{
	auto_fd int dir = open(rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), fd = -1;
	/* cppcheck-suppress comparePointers; both are of one object, see the Makefile */
	size_t len = (size_t)(pause_program_end - pause_program);

	if (dir < 0)
		return err_sys(e, "open '%s'", rootfs);
	fd = openat(dir, "pause", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0555);
	if (fd < 0 || write_all(fd, pause_program, len) || mkdirat(dir, "dev", 0755))
		return err_sys(e, "fill '%s'", rootfs);
	return 0;
}

static int make_rootfs(const char *rootfs, struct err *e)
{
	if (path_mkdirs(rootfs, 0755, e))
		return -1;
	if (mount("holder", rootfs, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64k"))
		return err_sys(e, "mount '%s'", rootfs);
	return write_program(rootfs, e);
}

/* The user namespace that owns the pod's network is the pod's: containerd made both. */
static int join_owner(const struct sandbox_plan *p, int *owner, struct arena *a, struct err *e)
{
	auto_fd int net = -1;

	if (!p->modes.userns || !p->netns)
		return 0;
	net = open(p->netns, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (net < 0)
		return err_sys(e, "open '%s'", p->netns);
	*owner = ioctl(net, NS_GET_USERNS);
	if (*owner < 0 || fcntl(*owner, F_SETFD, FD_CLOEXEC))
		return err_sys(e, "find the user namespace of '%s'", p->netns);
	for (size_t i = 0; i < p->config->linux_->namespaces.n; i++) {
		struct oci_namespace *ns = &p->config->linux_->namespaces.v[i];

		if (ns->type == OCI_NS_USER)
			ns->path = arena_printf(a, "/proc/self/fd/%d", *owner);
	}
	return 0;
}

pid_t holder_start(const struct work *w, const struct sandbox_plan *p, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *dir = arena_printf(&a, "%s/" SANDBOX_DIR, w->place->dir);
	struct engine_create req = ENGINE_CREATE_INIT;
	struct engine en = { .root = w->place->root, .cgroups = work_cgroup_driver(p->config) };
	auto_fd int owner = -1;
	pid_t pid;

	en.host = host_probe(&a, e);
	if (!en.host || make_rootfs(arena_printf(&a, "%s/" HOLDER_ROOTFS, dir), e) ||
	    join_owner(p, &owner, &a, e))
		return -1;
	req.id = w->id;
	req.bundle = arena_printf(&a, "%s/" HOLDER_BUNDLE, dir);
	req.config = p->config;
	req.stdio[0] = req.stdio[1] = req.stdio[2] = -1;
	req.start = true;
	return engine_create(&en, &req, &pid, NULL, e) ? -1 : pid;
}
