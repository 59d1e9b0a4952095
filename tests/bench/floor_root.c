/* SPDX-License-Identifier: Apache-2.0 */
/* floor_root: the mounts that both configurations ask for. */
#include "tests/bench/floor.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

struct mount {
	const char *type, *target;
	unsigned long flags;
	const char *data;
};

#define SAFE (MS_NOSUID | MS_NOEXEC | MS_NODEV)

static const struct mount common[] = {
	{ "proc", "proc", SAFE, NULL },
	{ "tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k" },
	{ "devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5" },
	{ "tmpfs", "dev/shm", SAFE, "mode=1777,size=65536k" },
	{ "mqueue", "dev/mqueue", SAFE, NULL },
	{ "sysfs", "sys", SAFE | MS_RDONLY, NULL },
};

static const char *const masked[] = {
	"proc/acpi",
	"proc/asound",
	"proc/kcore",
	"proc/keys",
	"proc/timer_list",
	"proc/timer_stats",
	"proc/sched_debug",
	"proc/scsi",
	"proc/latency_stats",
	"sys/firmware",
	"sys/devices/virtual/powercap",
};

static const char *const read_only[] = {
	"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger",
};

static const char *const files[] = {
	"etc/hosts",
	"etc/hostname",
	"etc/resolv.conf",
	"dev/termination-log",
};

static const struct {
	const char *path;
	unsigned int major, minor;
} nodes[] = {
	{ "dev/null", 1, 3 },	{ "dev/zero", 1, 5 },	 { "dev/full", 1, 7 },
	{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
};

static void bind_over(const char *source, const char *target, bool ro)
{
	if (mount(source, target, NULL, MS_BIND | MS_REC, NULL))
		return; /* not there on this kernel */
	if (ro)
		need(!mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | SAFE, NULL),
		     target);
}

/* v1: every hierarchy's own directory, read-only, below a tmpfs. v2: the one directory. */
static void show_cgroups(const struct cgroups *c)
{
	char target[PATH_SIZE];

	if (c->unified) {
		bind_over(c->dir[0], "sys/fs/cgroup", true);
		return;
	}
	need(!mount("tmpfs", "sys/fs/cgroup", "tmpfs", SAFE, "mode=755"), "sys/fs/cgroup");
	for (int i = 0; i < c->count; i++) {
		const char *name = c->dir[i] + strlen("/sys/fs/cgroup/");

		snprintf(target, sizeof(target), "sys/fs/cgroup/%.*s", (int)strcspn(name, "/"),
			 name);
		need(!mkdir(target, 0755), target);
		bind_over(c->dir[i], target, true);
	}
	need(!mount(NULL, "sys/fs/cgroup", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | SAFE, NULL),
	     "sys/fs/cgroup");
}

static void make_dev(void)
{
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		need(!mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)),
		     nodes[i].path);
	need(!symlink("/proc/self/fd", "dev/fd"), "dev/fd");
	need(!symlink("/proc/self/fd/0", "dev/stdin"), "dev/stdin");
	need(!symlink("/proc/self/fd/1", "dev/stdout"), "dev/stdout");
	need(!symlink("/proc/self/fd/2", "dev/stderr"), "dev/stderr");
	need(!symlink("pts/ptmx", "dev/ptmx"), "dev/ptmx");
}

void root_make(const struct cgroups *c, const char *rootfs, bool cri)
{
	need(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	need(!mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
	need(!chdir(rootfs), rootfs);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		if (!strncmp(common[i].target, "dev/", 4))
			mkdir(common[i].target, 0755);
		need(!mount(common[i].type, common[i].target, common[i].type, common[i].flags,
			    common[i].data),
		     common[i].target);
	}
	show_cgroups(c);
	make_dev();
	if (cri)
		close(open("dev/termination-log", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	for (size_t i = 0; cri && i < sizeof(files) / sizeof(files[0]); i++)
		bind_over("/etc/hostname", files[i], false);
	need(!syscall(SYS_pivot_root, ".", "."), "pivot_root");
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		struct stat st;

		if (stat(masked[i], &st))
			continue;
		if (S_ISDIR(st.st_mode))
			need(!mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, NULL), masked[i]);
		else
			bind_over("dev/null", masked[i], false);
	}
	for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++)
		bind_over(read_only[i], read_only[i], true);
	need(!umount2(".", MNT_DETACH), "old root");
	need(!chdir("/"), "chdir");
}
