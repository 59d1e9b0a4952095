/* SPDX-License-Identifier: Apache-2.0 */
/* idmap: a child makes the namespace and waits until we have its fd; nothing else is needed. */
#include "shim/engine/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "shim/engine/plan_ns.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"

static int write_maps(pid_t pid, const char *file, const struct oci_idmaps *maps, struct err *e)
{
	auto_str struct str text = { 0 };
	char path[64];

	if (maps->n > PLAN_IDMAPS_MAX)
		return err_set(e, EINVAL, "more than %d mappings", PLAN_IDMAPS_MAX);
	for (size_t i = 0; i < maps->n; i++)
		str_addf(&text, "%u %u %u\n", maps->v[i].container_id, maps->v[i].host_id,
			 maps->v[i].size);
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return write_file(AT_FDCWD, path, str_text(&text), e);
}

static int open_mapped(pid_t pid, const struct oci_idmaps *uids, const struct oci_idmaps *gids,
		       struct err *e)
{
	char path[64];
	int fd;

	if (write_maps(pid, "uid_map", uids, e) || write_maps(pid, "gid_map", gids, e))
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", path) : fd;
}

int idmap_userns(const struct oci_idmaps *uids, const struct oci_idmaps *gids, struct err *e)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = proc_clone(&args);
	int fd;

	if (pid < 0)
		return err_sys(e, "make a user namespace for the mappings");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	fd = open_mapped(pid, uids, gids, e);
	kill(pid, SIGKILL);
	proc_reap(pid);
	return fd;
}

int idmap_tree(int tree, int userns, bool recursive, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };
	unsigned int flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);

	if (!mount_setattr(tree, "", flags, &attr, sizeof(attr)))
		return 0;
	return err_sys(e, "map ids%s",
		       errno == EINVAL ? " (its file system cannot, or is mapped already)" : "");
}
