/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor-oci: what no runtime can go below: the kernel calls only. No configuration is read, nothing
 * is checked, no error is explained.
 *
 *   floor-oci run SHAPE ROOTFS CGROUP [PID]           ROOTFS's /bin/true in a container
 *   floor-oci create SHAPE ROOTFS CGROUP STATE [PID]  a container that waits for `start`
 *   floor-oci start|exec|state|kill|delete CGROUP STATE
 *
 * SHAPE is "default" (the configuration that `peapod spec` writes) or "cri". With PID it joins that
 * process's ipc, uts and network namespaces, as a container of a pod does. STATE is a directory
 * that `create` makes and `delete` removes: the pid, and the FIFO at which the container waits.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/bench/floor.h"

#define JOINABLE (CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET)
#define OWN	 (CLONE_NEWNS | CLONE_NEWPID)

static char *const env[] = { "PATH=/bin", NULL };
static char *const quick[] = { "/bin/true", NULL };
static char *const idle[] = { "/bin/sleep", "1000", NULL };

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

static int open_process(const char *pid)
{
	int fd = (int)syscall(SYS_pidfd_open, strtol(pid, NULL, 10), 0);

	need(fd >= 0, "pidfd_open");
	return fd;
}

static void join(int pidfd, int namespaces)
{
	need(!setns(pidfd, namespaces), "setns");
	close(pidfd);
}

/* Into the cgroup, with new namespaces. */
static long make_process(const struct cgroups *c, int namespaces)
{
	struct clone_args args = { .exit_signal = SIGCHLD, .flags = (uint64_t)namespaces };
	long pid;

	if (c->unified) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)c->fd[0];
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	need(pid >= 0, "clone3");
	if (pid == 0)
		cgroups_join(c);
	return pid;
}

static int result(long pid)
{
	int status = 0;

	need(waitpid((pid_t)pid, &status, 0) == pid, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void become(char *const *args)
{
	drop_caps();
	execve(args[0], args, env);
	need(false, args[0]);
}

/* A container's first process, in a root of its own. pid: of the pod, or NULL. */
static long make_container(struct cgroups *c, char **shape_rootfs_cgroup, const char *pid)
{
	bool cri = !strcmp(shape_rootfs_cgroup[0], "cri");
	long child;

	cgroups_make(c, shape_rootfs_cgroup[2], cri);
	if (pid)
		join(open_process(pid), JOINABLE);
	child = make_process(c, OWN | (pid ? 0 : JOINABLE));
	if (child)
		return child;
	if (!cri)
		need(!sethostname("floor", 5), "sethostname");
	root_make(c, shape_rootfs_cgroup[1], cri);
	return 0;
}

static int run(int argc, char **argv)
{
	struct cgroups c;
	long pid = make_container(&c, argv, argc > 3 ? argv[3] : NULL);
	int code;

	if (pid == 0)
		become(quick);
	code = result(pid);
	cgroups_remove(&c);
	return code;
}

/* ---- a container step by step ---- */

static int create(int argc, char **argv)
{
	char text[32], c = 0;
	struct cgroups cgroups;
	int dir, ready[2], fifo, file;
	long pid;

	need(!mkdir(argv[3], 0700), argv[3]);
	dir = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(dir >= 0 && !mkfifoat(dir, "go", 0600), "FIFO");
	fifo = openat(dir, "go", O_PATH | O_CLOEXEC);
	need(fifo >= 0 && !pipe2(ready, O_CLOEXEC), "pipe");
	pid = make_container(&cgroups, argv, argc > 4 ? argv[4] : NULL);
	if (pid == 0) {
		need(write(ready[1], "x", 1) == 1, "tell");
		snprintf(text, sizeof(text), "/proc/self/fd/%d", fifo);
		file = open(text, O_RDONLY | O_CLOEXEC);
		need(file >= 0 && read(file, &c, 1) == 1, "wait for start");
		become(idle);
	}
	close(ready[1]);
	need(read(ready[0], &c, 1) == 1, "create");
	file = openat(dir, "pid", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	snprintf(text, sizeof(text), "%ld", pid);
	need(file >= 0 && write(file, text, strlen(text)) > 0, "pid");
	return 0;
}

/* The container's first process. */
static int process_of(int state)
{
	int file = openat(state, "pid", O_RDONLY | O_CLOEXEC);
	char text[32] = "";

	need(file >= 0 && read(file, text, sizeof(text) - 1) > 0, "pid");
	close(file);
	return (int)syscall(SYS_pidfd_open, strtol(text, NULL, 10), 0);
}

static bool has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return pidfd < 0 || poll(&p, 1, 0) > 0;
}

static int start(int state, const char *cgroup)
{
	int fifo = openat(state, "go", O_WRONLY | O_CLOEXEC);

	(void)cgroup;
	need(fifo >= 0 && write(fifo, "x", 1) == 1, "start");
	return unlinkat(state, "go", 0);
}

static int exec(int state, const char *cgroup)
{
	struct cgroups c;
	long pid;

	cgroups_open(&c, cgroup);
	join(process_of(state), OWN | JOINABLE);
	pid = make_process(&c, 0);
	if (pid == 0)
		become(quick);
	return result(pid);
}

static int tell(int state, const char *cgroup)
{
	(void)cgroup;
	return puts(has_ended(process_of(state)) ? "{\"status\": \"stopped\"}"
						 : "{\"status\": \"running\"}") < 0;
}

static int end(int state, const char *cgroup)
{
	(void)cgroup;
	return (int)syscall(SYS_pidfd_send_signal, process_of(state), SIGKILL, NULL, 0);
}

static int delete (int state, const char *cgroup)
{
	struct cgroups c;

	need(has_ended(process_of(state)), "delete: it runs");
	cgroups_open(&c, cgroup);
	cgroups_remove(&c);
	return unlinkat(state, "pid", 0);
}

static const struct {
	const char *name;
	int (*run)(int state, const char *cgroup);
} verbs[] = {
	{ "start", start }, { "exec", exec },	  { "state", tell },
	{ "kill", end },    { "delete", delete },
};

static int act(char **argv)
{
	int dir = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = 2;

	need(dir >= 0, argv[3]);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(argv[1], verbs[i].name))
			code = verbs[i].run(dir, argv[2]);
	return strcmp(argv[1], "delete") ? code : rmdir(argv[3]);
}

int main(int argc, char **argv)
{
	if (argc >= 5 && !strcmp(argv[1], "run"))
		return run(argc - 2, argv + 2);
	if (argc >= 6 && !strcmp(argv[1], "create"))
		return create(argc - 2, argv + 2);
	if (argc == 4)
		return act(argv);
	fprintf(stderr, "usage: floor-oci run SHAPE ROOTFS CGROUP [PID]\n"
			"       floor-oci create SHAPE ROOTFS CGROUP STATE [PID]\n"
			"       floor-oci start|exec|state|kill|delete CGROUP STATE\n");
	return 2;
}
