/* SPDX-License-Identifier: Apache-2.0 */
/* proc: thin calls around clone3, pidfds and /proc/PID/stat. */
#include "spec/base/proc.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spec/base/arena.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define FLAG_EXITING 0x4 /* PF_EXITING of the kernel's include/linux/sched.h */

pid_t proc_clone(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

int proc_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int proc_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

int proc_close_from(unsigned int first)
{
	return (int)syscall(SYS_close_range, first, UINT_MAX, 0);
}

int proc_wait_end(int pidfd, int timeout_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	return n;
}

int proc_reap(pid_t pid)
{
	int status;
	pid_t got;

	do {
		got = waitpid(pid, &status, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What stands behind the name: "", field 3 (state), 4 (parent), ... 9 (flags), 22 (start time) ...
 */
static int parse_stat(char **fields, size_t n, struct proc_stat *st)
{
	uint64_t ppid, flags;

	if (n < 21 || strlen(fields[1]) != 1 || parse_u64(fields[2], 10, INT_MAX, &ppid) ||
	    parse_u64(fields[7], 10, UINT32_MAX, &flags) ||
	    parse_u64(fields[20], 10, UINT64_MAX, &st->start_time))
		return -1;
	st->state = fields[1][0];
	st->exiting = st->state == 'Z' || st->state == 'X' || flags & FLAG_EXITING;
	st->ppid = (pid_t)ppid;
	return 0;
}

int proc_stat(pid_t pid, struct proc_stat *out, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct proc_stat st = { 0 };
	char path[64], *text, *p, **fields;
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	text = read_file(-1, path, 4096, &a, NULL, e);
	if (!text)
		return -1;
	p = strrchr(text, ')'); /* the name before it may hold anything */
	fields = p ? str_split(&a, p + 1, ' ', &n) : NULL;
	if (!fields || parse_stat(fields, n, &st))
		return err_set(e, EPROTO, "'%s' has an unknown form", path);
	*out = st;
	return 0;
}

int proc_check_mount(struct err *e)
{
	char link[32], self[32];
	ssize_t n = readlink("/proc/self", link, sizeof(link) - 1);

	if (n < 0)
		return err_sys(e, "read the link /proc/self");
	link[n] = '\0';
	snprintf(self, sizeof(self), "%d", getpid());
	if (str_eq(link, self))
		return 0;
	return err_set(e, EXDEV,
		       "/proc is that of another pid namespace: mount it anew, as 'unshare "
		       "--mount-proc' does");
}

bool proc_alive(pid_t pid, uint64_t start_time)
{
	struct proc_stat st;
	struct err e;

	if (pid <= 0 || proc_stat(pid, &st, &e))
		return false;
	return st.start_time == start_time && st.state != 'Z' && st.state != 'X';
}
