/* SPDX-License-Identifier: Apache-2.0 */
/* criu_swrk: start CRIU's program, and speak its protocol: one packet a message. */
#include "shim/engine/criu_swrk.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "shim/engine/exe.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"

#define SOCKET_ARG "3" /* CRIU_SOCKET_FD */
#define HIGH_FD	   64  /* above all that CRIU is given */
#define CANNOT_RUN 127
#define LOG_MAX	   (16 << 20)
#define LOG_LINES  16 /* of errors, that are logged */
#define ERROR_TAG  "Error "

char *criu_find(const char *program, struct arena *a, struct err *e)
{
	const char *path = getenv("PATH") ?: "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";
	char **dirs;

	program = program && *program ? program : CRIU_PROGRAM;
	if (strchr(program, '/')) {
		if (!access(program, X_OK))
			return arena_strdup(a, program);
		err_sys(e, "CRIU's program '%s'", program);
		return NULL;
	}
	for (dirs = str_split(a, path, ':', NULL); *dirs; dirs++) {
		char *full = arena_printf(a, "%s/%s", *dirs, program);

		if (**dirs && !access(full, X_OK))
			return full;
	}
	err_set(e, ENOENT, "not possible on this host: CRIU is not installed: no '%s' in PATH",
		program);
	return NULL;
}

/* A bind of the root file system, seen by CRIU alone. */
static int mount_root(const struct criu_start *how, struct err *e)
{
	if (!how->root)
		return 0;
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		return err_sys(e, "make the mounts slaves of the host's");
	if (mount(how->rootfs, how->root, NULL, MS_BIND | MS_REC, NULL))
		return err_sys(e, "bind the root file system '%s'", how->rootfs);
	return 0;
}

/* Opened here, as what is mounted is CRIU's business and depends on the mount namespace. */
static int open_dir(const char *path, struct err *e)
{
	int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (path && fd < 0)
		return err_sys(e, "open directory '%s'", path);
	return fd;
}

/* Everything goes up first, so that nothing is overwritten while it is put in its place. */
static int move_fds(const int *fds, size_t n, struct err *e)
{
	int high[CRIU_FIRST_FD + CRIU_FDS_MAX];

	for (size_t i = 0; i < n; i++) {
		auto_fd int null = fds[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
		int fd = fds[i] < 0 ? null : fds[i];

		high[i] = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
		if (high[i] < 0)
			return err_sys(e, "duplicate fd %d", fd);
	}
	for (size_t i = 0; i < n; i++) {
		if (dup2(high[i], (int)i) < 0)
			return err_sys(e, "make fd %d fd %zu", high[i], i);
	}
	return exe_close_fds((unsigned int)n - CRIU_SOCKET_FD, &(int){ HIGH_FD }, 1)
		       ? err_sys(e, "close fds")
		       : 0;
}

static int place_fds(const struct criu_start *how, int sock, struct err *e)
{
	int fds[CRIU_FIRST_FD + CRIU_FDS_MAX] = { 0 };

	memcpy(fds, how->stdio, sizeof(how->stdio));
	fds[CRIU_SOCKET_FD] = sock;
	fds[CRIU_IMAGES_FD] = open_dir(how->image_dir, e);
	fds[CRIU_WORK_FD] = open_dir(how->work_dir, e);
	if ((how->image_dir && fds[CRIU_IMAGES_FD] < 0) || (how->work_dir && fds[CRIU_WORK_FD] < 0))
		return -1;
	memcpy(fds + CRIU_FIRST_FD, how->fds, how->n_fds * sizeof(int));
	return move_fds(fds, CRIU_FIRST_FD + how->n_fds, e);
}

/*
 * CRIU opens what it is told through /proc/PID/fd of the socket's maker. So it
 * is made here, in the process that becomes CRIU, and its other end is sent to our parent.
 */
static int make_socket(int report, int *ours, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_sys(e, "make a socket pair");
	*ours = pair[0];
	if (send_fds(report, "", 1, &pair[1], 1))
		return err_sys(e, "hand the socket over");
	close(pair[1]);
	return 0;
}

static _Noreturn void run_criu(const struct criu_start *how, int report)
{
	char *argv[] = { (char *)CRIU_PROGRAM, (char *)"swrk", (char *)SOCKET_ARG, NULL };
	struct err e = { 0 };
	int sock = -1;
	char go;

	exe_reset_signals();
	if (dup2(report, HIGH_FD) < 0 || fd_cloexec(HIGH_FD, true))
		_exit(CANNOT_RUN);
	close(report);
	if (how->place && read(HIGH_FD, &go, sizeof(go)) != sizeof(go))
		_exit(CANNOT_RUN); /* our parent has died, or failed */
	if (!(how->cgroup && cgroup_join_self(how->cgroup, &e)) && !mount_root(how, &e) &&
	    !make_socket(HIGH_FD, &sock, &e) && !place_fds(how, sock, &e)) {
		execv(how->program, argv);
		err_sys(&e, "run '%s'", how->program);
	}
	send_fds(HIGH_FD, &e, sizeof(e), NULL, 0);
	_exit(CANNOT_RUN);
}

static int clone_criu(const struct criu_start *how, int report, pid_t *pid, struct err *e)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (how->root)
		args.flags |= CLONE_NEWNS;
	if (how->cgroup && how->cgroup->v2_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)how->cgroup->v2_fd;
	}
	*pid = proc_clone(&args);
	if (!*pid)
		run_criu(how, report);
	return *pid < 0 ? err_sys(e, "clone a process for CRIU") : 0;
}

/* First its socket, then nothing (the program runs), or at any time what went wrong. */
static int await_criu(int report, int *sock, struct err *e)
{
	struct err failure;

	for (;;) {
		size_t n_fds = 0;
		int fd = -1;
		ssize_t n = recv_fds(report, &failure, sizeof(failure), &fd, 1, &n_fds);

		if (n < 0)
			return err_sys(e, "wait for CRIU to start");
		if (!n)
			return *sock < 0 ? err_set(e, ESRCH, "CRIU's process has died") : 0;
		if (n_fds) {
			close_fd(sock);
			*sock = fd;
		} else if (n == sizeof(failure)) {
			*e = failure;
			return -1;
		}
	}
}

int criu_swrk_start(const struct criu_start *how, struct criu_swrk *out, struct err *e)
{
	auto_fd int ours = -1, theirs = -1, sock = -1;
	int report[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report))
		return err_sys(e, "make a socket pair");
	ours = report[0];
	theirs = report[1];
	if (clone_criu(how, theirs, &pid, e))
		return -1;
	close_fd(&theirs);
	if (how->place && (how->place(how->context, pid, e) || write_all(ours, "", 1))) {
		close_fd(&ours);
		proc_reap(pid);
		return -1;
	}
	if (await_criu(ours, &sock, e)) {
		proc_reap(pid);
		return -1;
	}
	*out = (struct criu_swrk){ .pid = pid, .sock = take_fd(&sock) };
	return 0;
}

static int say(const struct criu_swrk *s, const struct criu_bytes *b, struct err *e)
{
	if (send_fds(s->sock, b->v, b->n, NULL, 0))
		return err_sys(e, "write to CRIU");
	return 0;
}

static int hear(const struct criu_swrk *s, struct arena *a, struct criu_reply *out, int *fd,
		struct err *e)
{
	auto_free uint8_t *data = mem_alloc(CRIU_MESSAGE_MAX);
	size_t n_fds = 0;
	ssize_t n = recv_fds(s->sock, data, CRIU_MESSAGE_MAX, fd, 1, &n_fds);

	if (!n_fds)
		*fd = -1;
	if (n < 0)
		return err_sys(e, "read from CRIU");
	if (!n)
		return err_set(e, EPIPE, "CRIU ended without an answer");
	return criu_read(data, (size_t)n, a, out, e);
}

static int failed(const struct criu_reply *r, struct err *e)
{
	if (r->message)
		return err_set(e, EIO, "CRIU: %s", r->message);
	if (!r->number)
		return err_set(e, EIO, "CRIU has failed");
	errno = r->number;
	return err_sys(e, "CRIU has failed");
}

/* The first failure counts: CRIU's own is then only that it was told so. */
int criu_swrk_talk(struct criu_swrk *s, const struct criu_bytes *request, criu_notified *notified,
		   void *context, struct arena *a, struct criu_reply *out, struct err *e)
{
	struct criu_bytes answer;
	bool stopped = false;
	struct err later;

	if (say(s, request, e))
		return -1;
	for (;;) {
		struct err *to = stopped ? &later : e;
		auto_fd int fd = -1;

		if (hear(s, a, out, &fd, to))
			return -1;
		if (out->said == CRIU_FAILED)
			return stopped ? -1 : failed(out, e);
		if (out->said != CRIU_NOTIFIED)
			return stopped ? -1 : 0;
		if (!stopped && notified && notified(context, out, fd, e))
			stopped = true;
		criu_answer_notify(!stopped, a, &answer);
		if (say(s, &answer, to))
			return -1;
	}
}

int criu_swrk_end(struct criu_swrk *s)
{
	int code = 0;

	close_fd(&s->sock);
	if (s->pid > 0)
		code = proc_reap(s->pid);
	s->pid = 0;
	return code;
}

/* Without the time in front: "(00.012345)     23: Error (criu/x.c:1): text". */
static char *error_of(char *line)
{
	char *at = *line == '(' ? strstr(line, ERROR_TAG) : NULL;
	char *end = at ? strstr(at, "): ") : NULL;

	return end ? end + strlen("): ") : NULL;
}

void criu_log_begin(const struct criu_log *log)
{
	unlinkat(log->dir, log->name, 0);
}

int criu_log_explain(const struct criu_log *log, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct err ignored;
	char *text = read_file(log->dir, log->name, LOG_MAX, &a, NULL, &ignored), **lines;
	const char *first = NULL;
	int told = 0;

	if (!text)
		return -1;
	for (lines = str_split(&a, text, '\n', NULL); *lines && told < LOG_LINES; lines++) {
		char *error = error_of(*lines);

		if (!error)
			continue;
		log_msg(LOG_WARN, "CRIU: %s", error);
		first = first ? first : error;
		told++;
	}
	if (first)
		return err_set(e, e->num, "%s: %s (log: '%s/%s')", arena_strdup(&a, e->msg), first,
			       log->path, log->name);
	return -1;
}
