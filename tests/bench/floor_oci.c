/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor-oci SHAPE ROOTFS CGROUP [PID]: run ROOTFS's /bin/true in a container, by the kernel calls
 * only.
 *
 * What no runtime can go below: no configuration is read, nothing is checked, nothing is kept, no
 * error is explained. SHAPE is "default" (the configuration that `peapod spec` writes) or "cri".
 * With PID it joins that process's ipc, uts and network namespaces, as a container of a pod does.
 * It makes the cgroup CGROUP in each v1 hierarchy and joins by `tasks`, the cheapest way there is.
 */
#include <fcntl.h>
#include <glob.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	MAX_HIERARCHIES = 32,
	PATH_SIZE = 512
};

struct cgroups {
	char dir[MAX_HIERARCHIES][PATH_SIZE];
	int tasks[MAX_HIERARCHIES];
	int count;
};

struct mount {
	const char *type, *target;
	unsigned long flags;
	const char *data;
};

#define JOINABLE (CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET)
#define SAFE	 (MS_NOSUID | MS_NOEXEC | MS_NODEV)

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

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	_exit(1);
}

static void put(const char *dir, const char *file, const char *text)
{
	char path[PATH_SIZE + 64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static void put_limits(const char *dir, const char *name, bool cri)
{
	if (!strcmp(name, "cpuset")) {
		put(dir, "cpuset.cpus", "0");
		put(dir, "cpuset.mems", "0");
	}
	if (!strcmp(name, "devices")) {
		put(dir, "devices.deny", "a");
		put(dir, "devices.allow", "c *:* m");
		put(dir, "devices.allow", "c 1:3 rwm");
		put(dir, "devices.allow", "c 1:5 rwm");
		put(dir, "devices.allow", "c 5:0 rwm");
		put(dir, "devices.allow", "c 136:* rwm");
	}
	if (cri && !strcmp(name, "memory"))
		put(dir, "memory.limit_in_bytes", "134217728");
	if (cri && !strcmp(name, "cpu")) {
		put(dir, "cpu.shares", "256");
		put(dir, "cpu.cfs_quota_us", "50000");
	}
}

static void make_cgroups(struct cgroups *c, const char *cgroup, bool cri)
{
	glob_t found;
	char path[PATH_SIZE + 16];

	c->count = 0;
	need(!glob("/sys/fs/cgroup/*/tasks", 0, NULL, &found), "cgroup v1 hierarchies");
	for (size_t i = 0; i < found.gl_pathc && c->count < MAX_HIERARCHIES; i++) {
		char *hierarchy = found.gl_pathv[i];
		char *dir = c->dir[c->count];

		*strrchr(hierarchy, '/') = '\0';
		snprintf(dir, PATH_SIZE, "%s/%s", hierarchy, cgroup);
		need(!mkdir(dir, 0755), dir);
		put_limits(dir, strrchr(hierarchy, '/') + 1, cri);
		snprintf(path, sizeof(path), "%s/tasks", dir);
		c->tasks[c->count] = open(path, O_WRONLY | O_CLOEXEC);
		need(c->tasks[c->count++] >= 0, path);
	}
	globfree(&found);
}

static void bind_over(const char *source, const char *target, bool ro)
{
	if (mount(source, target, NULL, MS_BIND | MS_REC, NULL))
		return; /* not there on this kernel */
	if (ro)
		need(!mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | SAFE, NULL),
		     target);
}

/* As both configurations ask: every hierarchy's own directory, read-only, below a tmpfs. */
static void show_cgroups(const struct cgroups *c)
{
	char target[PATH_SIZE];

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

static void make_root(const struct cgroups *c, const char *rootfs, bool cri)
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

static void drop_caps(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap != CAP_KILL)
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	data[0].effective = data[0].permitted = 1u << CAP_KILL;
	need(!syscall(SYS_capset, &header, data), "capset");
	need(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

static void join(const char *pid)
{
	int fd = (int)syscall(SYS_pidfd_open, strtol(pid, NULL, 10), 0);

	need(fd >= 0, "pidfd_open");
	need(!setns(fd, JOINABLE), "setns");
	close(fd);
}

static void child(const struct cgroups *c, const char *rootfs, bool cri)
{
	static char *const args[] = { "/bin/true", NULL };
	static char *const env[] = { "PATH=/bin", NULL };

	for (int i = 0; i < c->count; i++)
		need(write(c->tasks[i], "0", 1) == 1, c->dir[i]);
	if (!cri)
		need(!sethostname("floor", 5), "sethostname");
	make_root(c, rootfs, cri);
	drop_caps();
	execve(args[0], args, env);
	need(false, args[0]);
}

int main(int argc, char **argv)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	struct cgroups c;
	int status = 0;
	bool cri;
	long pid;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: floor-oci default|cri ROOTFS CGROUP [PID]\n");
		return 2;
	}
	cri = !strcmp(argv[1], "cri");
	make_cgroups(&c, argv[3], cri);
	args.flags = CLONE_NEWNS | CLONE_NEWPID;
	if (argc == 5)
		join(argv[4]);
	else
		args.flags |= JOINABLE;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	need(pid >= 0, "clone3");
	if (pid == 0)
		child(&c, argv[2], cri);
	need(waitpid((pid_t)pid, &status, 0) == pid, "waitpid");
	for (int i = 0; i < c.count; i++)
		need(!rmdir(c.dir[i]), c.dir[i]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
