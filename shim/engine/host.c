/* SPDX-License-Identifier: Apache-2.0 */
/* host: gather the facts, with as few files as possible. */
#include "shim/engine/host.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "shim/engine/host_cgroup.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/names.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/oci/fields.h"

#define CGROUP_BASE    "/sys/fs/cgroup"
#define APPARMOR_FILE  "/sys/module/apparmor/parameters/enabled"
#define SELINUX_DIR    "/sys/fs/selinux"
#define SMALL_FILE_MAX (64 << 10)
#define CAPS_MAX       64

#define KERNEL(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor))

/* Kernel versions that brought what has no cheaper test. */
#define KERNEL_CLONE_INTO_CGROUP KERNEL(5, 7)
#define KERNEL_IDMAP		 KERNEL(5, 12)
#define KERNEL_CGROUP_KILL	 KERNEL(5, 14)

static const struct name mode_names[] = {
	{ "none", HOST_CGROUP_NONE },
	{ "v1", HOST_CGROUP_V1 },
	{ "hybrid", HOST_CGROUP_HYBRID },
	{ "v2", HOST_CGROUP_V2 },
	{ NULL, 0 },
};

static const struct json_field cgroup_fields[] = {
	F_STR(struct host_cgroup, key, "key", JSON_REQUIRED),
	F_STR(struct host_cgroup, mountpoint, "mountpoint", JSON_REQUIRED),
	F_STR(struct host_cgroup, root, "root", JSON_REQUIRED),
	F_STR(struct host_cgroup, own, "own", JSON_REQUIRED),
	F_STRS(struct host_cgroup, controllers, "controllers", 0),
	{ 0 },
};

const struct json_field host_fields[] = {
	F_ENUM(struct host, cgroup_mode, "cgroup_mode", JSON_ALWAYS, mode_names),
	F_LIST(JSON_OBJS, struct host, cgroups, "cgroups", 0, cgroup_fields),
	F_NUM(JSON_U32, struct host, kernel, "kernel", JSON_ALWAYS),
	F_NUM(JSON_U32, struct host, euid, "euid", JSON_ALWAYS),
	F_NUM(JSON_U64, struct host, bounding, "bounding", JSON_ALWAYS),
	F_NUM(JSON_I32, struct host, last_cap, "last_cap", JSON_ALWAYS),
	F_BOOL(struct host, in_userns, "in_userns", 0),
	F_LIST(JSON_OBJS, struct host, gids, "gids", 0, oci_idmap_fields),
	F_BOOL(struct host, apparmor, "apparmor", 0),
	F_BOOL(struct host, selinux, "selinux", 0),
	F_BOOL(struct host, seccomp, "seccomp", 0),
	F_BOOL(struct host, swap_accounting, "swap_accounting", 0),
	F_BOOL(struct host, has_timens, "has_timens", 0),
	F_BOOL(struct host, has_idmap, "has_idmap", 0),
	F_BOOL(struct host, has_clone_into_cgroup, "has_clone_into_cgroup", 0),
	F_BOOL(struct host, has_cgroup_kill, "has_cgroup_kill", 0),
	F_STR(struct host, cgroup_base, "cgroup_base", 0),
	{ 0 },
};

static int probe_kernel(struct host *h, struct err *e)
{
	struct utsname uts;
	unsigned int major, minor;
	struct statfs fs;

	if (uname(&uts))
		return err_sys(e, "uname");
	if (sscanf(uts.release, "%5u.%5u", &major, &minor) != 2)
		return err_set(e, EINVAL, "cannot read the kernel version '%s'", uts.release);
	h->kernel = KERNEL(major, minor);
	h->has_clone_into_cgroup = h->kernel >= KERNEL_CLONE_INTO_CGROUP;
	h->has_idmap = h->kernel >= KERNEL_IDMAP;
	h->has_cgroup_kill = h->kernel >= KERNEL_CGROUP_KILL;
	h->has_timens = !access("/proc/self/ns/time", F_OK);
	/* everything below asks /proc, and would take it for the answer of a poor kernel */
	if (!h->has_timens && (statfs("/proc", &fs) || fs.f_type != PROC_SUPER_MAGIC))
		return err_set(e, ENOTSUP, "/proc is not procfs: the runtime needs a real one");
	return 0;
}

/* The number of the first capability that the kernel does not know ends the loop (EINVAL). */
static void probe_caps(struct host *h)
{
	h->last_cap = -1;
	for (int cap = 0; cap < CAPS_MAX; cap++) {
		int in_set = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (in_set < 0)
			break;
		h->last_cap = cap;
		h->bounding |= (uint64_t)(in_set > 0) << cap;
	}
}

/* The first user namespace maps every id onto itself (user_namespaces(7)). */
bool host_in_userns(struct arena *a)
{
	struct err ignored;
	char *map = read_file(AT_FDCWD, "/proc/self/uid_map", SMALL_FILE_MAX, a, NULL, &ignored);
	unsigned long inner, outer, count;

	return map && (sscanf(map, "%10lu %10lu %10lu", &inner, &outer, &count) != 3 ||
		       inner != 0 || outer != 0 || count != UINT32_MAX);
}

static void probe_gids(struct host *h, struct arena *a)
{
	struct err ignored;
	char *map = read_file(AT_FDCWD, "/proc/self/gid_map", SMALL_FILE_MAX, a, NULL, &ignored);
	size_t n;
	char **lines = map ? str_split(a, map, '\n', &n) : NULL;

	if (!lines)
		return;
	h->gids.v = arena_array(a, n, sizeof(*h->gids.v));
	for (size_t i = 0; i < n; i++) {
		struct oci_idmap *m = &h->gids.v[h->gids.n];

		h->gids.n += sscanf(lines[i], "%10" SCNu32 " %10" SCNu32 " %10" SCNu32,
				    &m->container_id, &m->host_id, &m->size) == 3;
	}
}

static void probe_security(struct host *h)
{
	auto_fd int fd = open(APPARMOR_FILE, O_RDONLY | O_CLOEXEC);
	uint32_t action = SECCOMP_RET_ERRNO;
	struct statfs fs;
	char yes = 'N';

	h->apparmor = fd >= 0 && read(fd, &yes, 1) == 1 && yes == 'Y';
	h->selinux = !statfs(SELINUX_DIR, &fs) && fs.f_type == SELINUX_MAGIC;
	h->seccomp = !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
}

/*
 * v1 has the file in the top directory; v2 only below it, so there our own
 * directory is asked, and at the top swap accounting is taken for the default: on.
 */
static void probe_swap(struct host *h, struct arena *a)
{
	for (size_t i = 0; i < h->cgroups.n; i++) {
		const struct host_cgroup *c = &h->cgroups.v[i];
		bool memory = false;

		for (size_t k = 0; k < c->controllers.n; k++)
			memory |= !strcmp(c->controllers.v[k], "memory");
		if (!memory)
			continue;
		if (*c->key)
			h->swap_accounting = !access(
				arena_printf(a, "%s/memory.memsw.limit_in_bytes", c->mountpoint),
				F_OK);
		else
			h->swap_accounting =
				access(arena_printf(a, "%s%s/memory.max", c->mountpoint, c->own),
				       F_OK) ||
				!access(arena_printf(a, "%s%s/memory.swap.max", c->mountpoint,
						     c->own),
					F_OK);
	}
}

struct host *host_probe(struct arena *a, struct err *e)
{
	struct host *h = arena_alloc(a, sizeof(*h));
	struct host_cgroups cgroups = { .base = CGROUP_BASE };

	h->cgroup_base = arena_strdup(a, CGROUP_BASE);
	h->euid = geteuid();
	if (probe_kernel(h, e) || host_cgroups_probe(&cgroups, a, e)) {
		err_ctx(e, "probe the host");
		return NULL;
	}
	h->cgroup_mode = cgroups.mode;
	h->cgroups.n = cgroups.n;
	h->cgroups.v = cgroups.v;
	probe_caps(h);
	h->in_userns = host_in_userns(a);
	if (h->in_userns)
		probe_gids(h, a);
	probe_security(h);
	probe_swap(h, a);
	return h;
}
