/* SPDX-License-Identifier: Apache-2.0 */
/* restore_place: a child that mounts, and ends. */
#include "shim/engine/restore_place.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/engine/exe.h"
#include "shim/engine/mounts.h"
#include "shim/engine/root.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"

static int mount_all(struct plan_mounts *p, struct err *e)
{
	auto_fd int root = -1;

	/* whatever the config says of propagation: nothing of this may reach the host */
	p->host_propagation = MS_SLAVE | MS_REC;
	p->root_propagation = MS_PRIVATE | MS_REC;
	umask(0);
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL))
		return err_sys(e, "make the mounts slaves of the host's");
	return root_prepare(p, &root, e) || mounts_apply(p, root, e) ? -1 : 0;
}

static _Noreturn void run(struct plan_mounts *p, int report)
{
	struct err e = { 0 };

	exe_reset_signals();
	if (!mount_all(p, &e))
		_exit(0);
	write_all(report, &e, sizeof(e));
	_exit(1);
}

int restore_make_places(struct plan_mounts *p, struct err *e)
{
	struct clone_args args = { .flags = CLONE_NEWNS, .exit_signal = SIGCHLD };
	auto_fd int read_end = -1, write_end = -1;
	struct err failure;
	int report[2];
	ssize_t got;
	pid_t pid;

	if (mounts_open_sources(p, e))
		return -1;
	if (pipe2(report, O_CLOEXEC))
		return err_sys(e, "make a pipe");
	read_end = report[0];
	write_end = report[1];
	pid = proc_clone(&args);
	if (!pid)
		run(p, write_end);
	mounts_close(p);
	if (pid < 0)
		return err_sys(e, "clone a process");
	close_fd(&write_end);
	got = read_full(read_end, &failure, sizeof(failure));
	if (!proc_reap(pid))
		return 0;
	if (got != sizeof(failure))
		return err_set(e, ESRCH, "the process that makes mount points has died");
	*e = failure;
	return -1;
}
