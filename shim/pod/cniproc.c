/* SPDX-License-Identifier: Apache-2.0 */
/* cniproc: start a plugin, feed it, read all it says within the time. */
#include "shim/pod/cniproc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"
#include "spec/base/when.h"
#include "spec/cni/error.h"

char *cniproc_find(const char *path, const char *type, struct arena *a, struct err *e)
{
	char **dirs = str_split(a, path, ':', NULL);
	struct stat st;

	for (char **d = dirs; *d; d++) {
		char *file = arena_printf(a, "%s/%s", *d, type);

		if (**d && !stat(file, &st) && S_ISREG(st.st_mode))
			return file;
	}
	err_set(e, ENOENT, "CNI plugin '%s' is not in '%s'", type, path);
	return NULL;
}

/* Our environment, but with the CNI_* of this call only. */
static char **plugin_env(const struct cni_attach *x, const char *command, struct arena *a)
{
	size_t n = 0, at = 0;
	char **env;

	while (environ && environ[n])
		n++;
	env = arena_array(a, n + 7, sizeof(*env));
	for (size_t i = 0; i < n; i++) {
		if (!str_starts(environ[i], "CNI_"))
			env[at++] = environ[i];
	}
	env[at++] = arena_printf(a, "CNI_COMMAND=%s", command);
	env[at++] = arena_printf(a, "CNI_CONTAINERID=%s", x->id);
	env[at++] = arena_printf(a, "CNI_NETNS=%s", x->netns);
	env[at++] = arena_printf(a, "CNI_IFNAME=%s", x->ifname);
	env[at++] = arena_printf(a, "CNI_ARGS=%s", x->args ? x->args : "");
	env[at] = arena_printf(a, "CNI_PATH=%s", x->path);
	return env;
}

/*
 * The child. It shall not outlive us: an ADD that went on after its caller's
 * death would race with the DEL of whoever cleans up. The caller's blocked and
 * ignored signals are not the plugin's.
 */
static void exec_plugin(const char *file, char **env, const int stdio[3], pid_t parent)
{
	char *argv[] = { (char *)file, NULL };
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < 3; i++) {
		if (dup2(stdio[i], i) < 0)
			_exit(126);
	}
	execve(file, argv, env);
	dprintf(2, "run '%s': %s", file, strerror(errno));
	_exit(127);
}

/* A file to read the request from: no plugin can block us by not reading. */
static int request_fd(const char *request, struct err *e)
{
	auto_fd int fd = memfd_create("cni-request", MFD_CLOEXEC);

	if (fd < 0 || write_all(fd, request, strlen(request)) || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "store the request of a CNI plugin");
	return take_fd(&fd);
}

struct stream {
	int fd;
	size_t max; /* what is beyond is read and dropped */
	bool cut;
	struct str text;
};

/* Read once; at the end of the stream the fd is closed and becomes -1. */
static void stream_read(struct stream *s)
{
	char buf[16384];
	ssize_t n = read(s->fd, buf, sizeof(buf));
	size_t room = s->max - s->text.len;

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		close_fd(&s->fd);
		return;
	}
	s->cut = s->cut || (size_t)n > room;
	str_addn(&s->text, buf, (size_t)n > room ? room : (size_t)n);
}

/* Both streams to their ends; false: time is up. */
static bool read_streams(struct stream s[2])
{
	int64_t deadline = when_ms() + CNI_EXEC_SECONDS * INT64_C(1000);

	while (s[0].fd >= 0 || s[1].fd >= 0) {
		struct pollfd p[2] = { { s[0].fd, POLLIN, 0 }, { s[1].fd, POLLIN, 0 } };
		int64_t left = deadline - when_ms();

		if (left <= 0)
			return false;
		if (poll(p, 2, (int)left) <= 0)
			continue;
		for (int i = 0; i < 2; i++) {
			if (p[i].revents)
				stream_read(&s[i]);
		}
	}
	return true;
}

static void streams_done(struct stream (*s)[2])
{
	for (int i = 0; i < 2; i++) {
		close_fd(&(*s)[i].fd);
		str_done(&(*s)[i].text);
	}
}

/* What the plugin printed, as the words of an error. */
static int plugin_error(struct stream s[2], int code, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct cni_error said = { 0 };
	struct err bad;
	const char *out = str_text(&s[0].text), *err = str_text(&s[1].text);
	size_t n = strlen(err);

	if (!*out) {
		while (n > 0 && strchr("\n ", err[n - 1]))
			n--;
		return n ? err_set(e, EIO, "%.*s", (int)n, err)
			 : err_set(e, EIO, "failed without a word (exit status %d)", code);
	}
	if (cni_error_parse(out, s[0].text.len, &a, &said, &bad))
		return err_set(e, EIO, "failed, and printed no error document: %.200s", out);
	if (said.details && *said.details)
		return err_set(e, EIO, "%s: %s", said.msg, said.details);
	return err_set(e, EIO, "%s", said.msg ? said.msg : "failed without a message");
}

static int run(const char *file, char **env, const char *request, struct stream s[2], struct err *e)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	auto_fd int in = request_fd(request, e), out = -1, err = -1;
	int p[2], code;
	bool in_time;
	pid_t pid, self = getpid();

	if (in < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (pipe2(p, O_CLOEXEC) < 0)
			return err_sys(e, "make a pipe");
		s[i].fd = p[0];
		*(i ? &err : &out) = p[1];
	}
	pid = proc_clone(&args);
	if (pid < 0)
		return err_sys(e, "start a process");
	if (pid == 0)
		exec_plugin(file, env, (const int[]){ in, out, err }, self);
	close_fd(&out);
	close_fd(&err);
	in_time = read_streams(s);
	if (!in_time)
		kill(pid, SIGKILL);
	code = proc_reap(pid);
	if (!in_time)
		return err_set(e, ETIMEDOUT, "no end after %d s, killed", CNI_EXEC_SECONDS);
	if (code != 0)
		return plugin_error(s, code, e);
	if (s[0].cut)
		return err_set(e, E2BIG, "printed more than %d bytes", CNI_OUTPUT_MAX);
	return 0;
}

char *cniproc_run(const struct cni_attach *x, const char *file, const char *command,
		  const char *request, struct arena *a, struct err *e)
{
	__attribute__((cleanup(streams_done))) struct stream s[2] = {
		{ .fd = -1, .max = CNI_OUTPUT_MAX },
		{ .fd = -1, .max = CNI_STDERR_MAX },
	};

	if (run(file, plugin_env(x, command, a), request, s, e)) {
		err_ctx(e, "CNI plugin '%s' (%s)", strrchr(file, '/') + 1, command);
		return NULL;
	}
	return arena_strndup(a, str_text(&s[0].text), s[0].text.len);
}
