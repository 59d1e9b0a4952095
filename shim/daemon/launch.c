/* SPDX-License-Identifier: Apache-2.0 */
/* launch: start: bind, fork, tell the address. */
#include "shim/daemon/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "shim/daemon/place.h"
#include "shim/daemon/serve.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define LOG_FIFO    "log"
#define ADDRESS	    "address" /* a file in the bundle that containerd 1.x reads */
#define CGROUP_BASE "/sys/fs/cgroup"
#define OOM_ADJ	    "oom_score_adj"
#define OOM_ADJ_MAX 1000

/* stdout and stderr must be closed for containerd to go on; the log goes to its FIFO. */
static int detach(bool debug, struct err *e)
{
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return err_sys(e, "open '/dev/null'");
	/* O_RDWR: no error while containerd is away; O_NONBLOCK: a full pipe never stops us. */
	log_to.fd = open(LOG_FIFO, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	log_to.level = debug ? LOG_DEBUG : LOG_WARN;
	for (int i = 0; i < 3; i++) {
		if (dup2(null, i) < 0)
			return err_sys(e, "set up standard streams");
	}
	if (setsid() < 0)
		return err_sys(e, "start a session");
	return chdir("/") ? err_sys(e, "enter '/'") : 0;
}

/* One more than containerd's own, so that the kernel's choice falls on us before it. */
static void adjust_oom_score(pid_t containerd)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	char *text =
		read_file(-1, arena_printf(&a, "/proc/%d/" OOM_ADJ, containerd), 64, &a, NULL, &e);
	long adj = text ? strtol(text, NULL, 10) + 1 : 0;

	if (!text)
		return;
	text = arena_printf(&a, "%ld", adj > OOM_ADJ_MAX ? OOM_ADJ_MAX : adj);
	if (write_file(-1, "/proc/self/" OOM_ADJ, text, &e))
		log_msg(LOG_WARN, "%s, going on with the old one", e.msg);
}

/* The runtime's ShimCgroup option: an existing cgroup, in every hierarchy that has it. */
static int join_cgroup(const char *path, struct err *e)
{
	auto_arena struct arena a = { 0 };
	glob_t found = { 0 };
	size_t joined = 0;

	if (!path || !*path)
		return 0;
	glob(arena_printf(&a, CGROUP_BASE "/%s/cgroup.procs", path), 0, NULL, &found);
	glob(arena_printf(&a, CGROUP_BASE "/*/%s/cgroup.procs", path), GLOB_APPEND, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		joined += !write_file(-1, found.gl_pathv[i], "0", e);
	globfree(&found);
	return joined ? 0 : err_set(e, ENOENT, "shim cgroup '%s' cannot be joined", path);
}

/* In the new process, up to the end of the pod. */
static void serve(const struct bootstrap *b, const struct pod_place *p, int listener, int ready,
		  pid_t containerd)
{
	struct daemon_args args = {
		.place = p->place, .ttrpc = b->ttrpc, .socket = p->socket, .listener = listener
	};
	struct err e = { 0 };
	int result = -1;

	if (!place_own(listener, &e) && !join_cgroup(b->options->shim_cgroup, &e) &&
	    !detach(b->debug, &e)) {
		adjust_oom_score(containerd);
		result = daemon_run(&args, &ready, &e);
	}
	if (result < 0 && ready >= 0)
		(void)write_all(ready, &e, sizeof(e));
	else if (result < 0)
		log_msg(LOG_ERROR, "%s", e.msg);
	if (result == 0)
		place_remove(p);
	_exit(result < 0);
}

/* Fork the daemon and wait until it serves. */
static int start_daemon(const struct bootstrap *b, const struct pod_place *p, int listener,
			struct err *e)
{
	struct err failure;
	pid_t containerd = getppid(), pid;
	ssize_t n;
	int ready[2];

	if (getenv("SCHED_CORE") &&
	    prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_PROCESS_GROUP, 0))
		return err_sys(e, "create a core scheduling cookie");
	if (pipe2(ready, O_CLOEXEC))
		return err_sys(e, "create a pipe");
	pid = fork();
	if (!pid) {
		close(ready[0]);
		serve(b, p, listener, ready[1], containerd);
	}
	close(ready[1]);
	n = read_full(ready[0], &failure, sizeof(failure));
	close(ready[0]);
	if (pid < 0)
		return err_sys(e, "start the daemon");
	if (n == sizeof(failure)) {
		*e = failure;
		return -1;
	}
	return 0;
}

/* All starters of a bundle write the same, so it does not matter who comes last. */
static int note_address(const char *address, struct err *e)
{
	auto_fd int fd = open(ADDRESS, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || write_all(fd, address, strlen(address)))
		return err_sys(e, "write '%s'", ADDRESS);
	return 0;
}

static int print_address(const struct bootstrap *b, const char *socket, const char *cwd,
			 struct arena *a, struct err *e)
{
	char *address = arena_printf(a, "unix://%s", socket);
	enum bootstrap_reply form = bootstrap_reply_form(b, cwd);
	size_t len;
	char *text = bootstrap_reply(form, address, a, &len);

	/* containerd 1.x reads the address again after its restart */
	if (form == BOOTSTRAP_PLAIN && note_address(address, e))
		return -1;
	return write_all(STDOUT_FILENO, text, len) ? err_sys(e, "write the address") : 0;
}

int launch_start(struct bootstrap *b, struct arena *a, struct err *e)
{
	char *cwd = path_abs(a, ".", e);
	auto_fd int listener = -1;
	struct pod_place p;

	if (!cwd)
		return -1;
	place_of(b, place_group(b, cwd, a), a, &p);
	listener = place_listen(p.socket, e);
	if (listener < 0 && e->num)
		return -1;
	if (listener >= 0 && (place_make(&p, e) || start_daemon(b, &p, listener, e))) {
		close_fd(&listener);
		place_remove(&p);
		return -1;
	}
	return print_address(b, p.socket, cwd, a, e);
}
