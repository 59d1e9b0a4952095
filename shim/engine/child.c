/* SPDX-License-Identifier: Apache-2.0 */
/* child: the way of a process from the clone to execve. */
/*
 * Theory of operation. The order is the kernel's, not ours:
 * - limits, labels and scheduling want rights, so they precede the user;
 * - no_new_privs, then the bounding set, which needs CAP_SETPCAP;
 * - the directory is entered before the user is changed (it may have to be made)
 *   and after (it may be private to the user, root-squashed for us);
 * - permitted capabilities outlive the change of ids by PR_SET_KEEPCAPS, and
 *   capset follows;
 * - the executable is looked up as the final user, still before "ready", so that
 *   `create` reports what is missing;
 * - the seccomp filter comes last of all, so that only capset, execve and
 *   what reports their failure pass it. Without no_new_privs it takes
 *   CAP_SYS_ADMIN, which is therefore kept effective that long (no foreign code
 *   runs with it: an execve computes the sets anew) and dropped behind the filter.
 */
#include "shim/engine/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "shim/engine/attrs.h"
#include "shim/engine/creds.h"
#include "shim/engine/dev.h"
#include "shim/engine/sealed.h"
#include "shim/engine/sync.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"

#define EXIT_FAILED 255 /* as runc's */
#define NULL_MAJOR  1
#define NULL_MINOR  3

_Noreturn void child_fail(int report, const struct err *e)
{
	sync_send(report, SYNC_FAILED, 0, e);
	_exit(EXIT_FAILED);
}

void child_run(struct child *c, const struct child_step *steps)
{
	struct err e;

	for (; steps->run; steps++) {
		if (!steps->run(c, &e))
			continue;
		if (steps->name)
			err_ctx(&e, "%s", steps->name);
		child_fail(c->sync, &e);
	}
}

/* Handlers are gone since the clone (CLONE_CLEAR_SIGHAND); what is ignored goes before execve. */
void child_begin(struct child *c)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* without rights over the host, the parent can write our maps only while we are dumpable */
	if (!c->rootless)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	sealed_release();
	close_fd(&c->parent_sync);
	if (!c->straight)
		close_fd(&c->dir);
}

int child_wait_placed(struct child *c, struct err *e)
{
	struct sync_msg m;

	return c->held ? sync_expect(c->sync, SYNC_GO, &m, e) : 0;
}

int child_wait_go(struct child *c, struct err *e)
{
	struct sync_msg m;

	if (sync_expect(c->sync, SYNC_GO, &m, e))
		return -1;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}

int child_clone_again(struct child *c, uint64_t flags, struct err *e)
{
	/* CLONE_PARENT takes its exit signal from us, clone(2) */
	struct clone_args args = { .flags = CLONE_PARENT | flags };
	pid_t pid = proc_clone(&args);

	if (pid < 0)
		return err_sys(e, "clone the container's process%s",
			       errno == ENOMEM ? " (has its pid namespace ended?)" : "");
	if (!pid)
		return child_wait_go(c, e);
	_exit(sync_send(c->sync, SYNC_STAGED, pid, NULL) ? EXIT_FAILED : 0);
}

int child_root(struct child *c, struct err *e)
{
	if (c->init_root >= 0 && (fchdir(c->init_root) || chroot(".") || chdir("/")))
		return err_sys(e, "enter the container's root");
	c->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->root < 0 ? err_sys(e, "open the container's root") : 0;
}

int child_session(struct child *c, struct err *e)
{
	(void)c;
	return setsid() < 0 ? err_sys(e, "start a session") : 0;
}

int child_terminal(struct child *c, struct err *e)
{
	if (!c->plan->proc.terminal)
		return 0;
	return tty_open(&c->plan->proc, c->root, &c->tty, e);
}

static bool is_null(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(NULL_MAJOR, NULL_MINOR);
}

/*
 * /dev/null of the host is opened again inside: the container shall not hold a
 * file of the host's /dev. One that is not really null is not used.
 */
static int stdio_source(struct child *c, int given)
{
	struct err ignored;
	int fd;

	if (given >= 0 && !is_null(given))
		return fcntl(given, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	fd = fd_above_stdio(dev_null(c->root, O_RDWR, &ignored));
	return fd >= 0 ? fd : fcntl(c->null, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

/*
 * The process may open its own pipe or terminal again by /proc/self/fd only as
 * its owner. Failure is fine: ids that are not mapped, files that are not ours.
 */
static void give_stdio(int fd, uint32_t uid)
{
	struct stat st;

	if (fstat(fd, &st) || st.st_uid == uid)
		return;
	if (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && !is_null(fd))) {
		if (fchown(fd, uid, (gid_t)-1))
			return;
	}
}

int child_stdio(struct child *c, struct err *e)
{
	int fds[3];

	if (c->plan->proc.terminal) {
		if (tty_attach(&c->tty, e) || tty_send(c->console, &c->tty, e))
			return -1;
		tty_close(&c->tty);
		close_fd(&c->console);
		return 0;
	}
	for (int i = 0; i <= STDERR_FILENO; i++) {
		fds[i] = stdio_source(c, c->stdio[i]);
		if (fds[i] < 0)
			return err_sys(e, "prepare fd %d", i);
		give_stdio(fds[i], c->plan->proc.uid);
	}
	for (int i = 0; i <= STDERR_FILENO; i++) {
		if (dup2(fds[i], i) < 0)
			return err_sys(e, "give fd %d", i);
		close(fds[i]);
	}
	return 0;
}

int child_attrs(struct child *c, struct err *e)
{
	const struct plan_proc *p = &c->plan->proc;

	/* the label of new keys comes before the keyring */
	return attrs_lsm(p, c->proc, e) || attrs_keyring(p, c->id, e) || attrs_schedule(p, e) ||
			       attrs_rlimits(p, e)
		       ? -1
		       : 0;
}

int child_rights(struct child *c, struct err *e)
{
	const struct plan_proc *p = &c->plan->proc;

	return creds_no_new_privs(p, e) || creds_bounding(p, e) ? -1 : 0;
}

int child_chdir(struct child *c, struct err *e)
{
	return exe_chdir_first(&c->plan->proc, c->root, &c->in_cwd, e);
}

/* What loading the filter takes beyond the plan. */
static uint64_t caps_for_seccomp(const struct child *c)
{
	return c->seccomp->present && !c->plan->proc.no_new_privs ? 1ULL << CAP_SYS_ADMIN : 0;
}

int child_user(struct child *c, struct err *e)
{
	struct plan_proc *p = &c->plan->proc;

	if (creds_user(p, creds_setgroups_denied(c->proc), e) ||
	    creds_caps(p, caps_for_seccomp(c), e))
		return -1;
	creds_ambient(p, c->sync);
	return exe_chdir_again(p, c->root, c->in_cwd, e);
}

int child_find(struct child *c, struct err *e)
{
	c->env = exe_env(&c->plan->proc, c->root, &c->arena);
	c->exe = exe_find(&c->plan->proc, c->env, &c->self, &c->arena, &c->exe_hint, e);
	umask(c->plan->proc.umask);
	return c->exe ? 0 : -1;
}

static int prepare_exec(struct child *c, int report, struct err *e)
{
	const struct plan_proc *p = &c->plan->proc;
	unsigned int preserved = p->listen_fds + p->preserve_fds;
	int listener;

	exe_reset_signals();
	for (unsigned int i = 0; i < preserved; i++) {
		if (fd_cloexec(STDERR_FILENO + 1 + (int)i, false))
			return err_sys(e, "pass on fd %u", STDERR_FILENO + 1 + i);
	}
	if (exe_close_fds(preserved, &report, 1))
		return err_sys(e, "close fds");
	if (attrs_late_rlimits(p, e))
		return -1;
	if (sync_send(report, SYNC_EXEC, 0, NULL))
		return err_sys(e, "report to the runtime");
	if (seccomp_install(c->seccomp, &listener, e))
		return err_ctx(e, "linux: seccomp");
	if (listener >= 0 && sync_listener(report, listener))
		return err_sys(e, "linux: seccomp: pass on the filter's fd");
	return caps_for_seccomp(c) ? creds_caps(p, 0, e) : 0;
}

_Noreturn void child_exec(struct child *c, int report)
{
	struct err e;

	if (!prepare_exec(c, report, &e)) {
		execve(c->exe, c->plan->proc.args, c->env);
		exe_failed(errno, c->plan->proc.args[0], c->exe_hint, &e);
	}
	child_fail(report, &e);
}
