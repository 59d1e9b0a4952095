/* SPDX-License-Identifier: Apache-2.0 */
/* delegate: the request lies in a memory file, so nobody waits for a reader of it. */
#include "cni/delegate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define EXIT_NO_EXEC 127

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* NULL with *e filled when there is none. */
static char *find(const struct request *req, const char *type, struct err *e)
{
	const char *dir = req->env.path;

	if (!*type || strchr(type, '/') || str_eq(type, ".") || str_eq(type, "..")) {
		cni_err(e, CNI_ERR_CONFIG, "type: '%.60s' is not the name of a plugin", type);
		return NULL;
	}
	if (!*dir) {
		cni_err(e, CNI_ERR_ENV, "CNI_PATH is needed to run the plugin '%.60s'", type);
		return NULL;
	}
	while (*dir) {
		size_t len = strcspn(dir, ":");
		char *path = arena_printf(req->a, "%.*s/%s", (int)len, dir, type);

		if (len && is_program(path))
			return path;
		dir += len + (dir[len] == ':');
	}
	err_set(e, ENOENT, "there is no plugin '%.60s' in CNI_PATH '%.200s'", type, req->env.path);
	return NULL;
}

static int open_request(const struct request *req, struct err *e)
{
	auto_fd int fd = memfd_create("request", MFD_CLOEXEC);

	if (fd < 0 || write_all(fd, req->text, req->len) || lseek(fd, 0, SEEK_SET))
		return err_sys(e, "make the request of a plugin");
	return take_fd(&fd);
}

static void child(const char *path, const char *command, int in, int out)
{
	char *const argv[] = { (char *)(uintptr_t)path, NULL };

	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    setenv("CNI_COMMAND", command, 1))
		_exit(EXIT_NO_EXEC);
	execv(path, argv);
	_exit(EXIT_NO_EXEC);
}

/* What a failed plugin says, with its code. */
static int failure(const struct request *req, const char *type, int code, const char *out,
		   size_t len, struct err *e)
{
	struct cni_error doc;
	struct err ignored;

	if (code == EXIT_NO_EXEC && !len)
		return err_set(e, ENOEXEC, "plugin '%.60s' cannot be run", type);
	if (!len)
		return err_set(e, ECANCELED, "plugin '%.60s' failed with exit status %d", type,
			       code);
	if (cni_error_parse(out, len, req->a, &doc, &ignored))
		return err_set(e, EBADMSG, "plugin '%.60s' failed: %.200s", type, out);
	if (!doc.code || doc.code > CNI_ERR_INTERNAL)
		doc.code = CNI_ERR_INTERNAL;
	return cni_err(e, (enum cni_code)doc.code, "plugin '%.60s': %s%s%s", type, doc.msg,
		       doc.details ? "; " : "", doc.details ? doc.details : "");
}

int delegate_run(const struct request *req, const char *type, const char *command, char **out,
		 size_t *len, struct err *e)
{
	auto_fd int in = -1, from = -1, to = -1;
	char *path = find(req, type, e), *text;
	int fds[2], code;
	size_t n = 0;
	pid_t pid;

	if (!path)
		return -1;
	in = open_request(req, e);
	if (in < 0)
		return -1;
	if (pipe2(fds, O_CLOEXEC))
		return err_sys(e, "make a pipe");
	from = fds[0];
	to = fds[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, "start the plugin '%.60s'", type);
	if (!pid)
		child(path, command, in, to);
	close_fd(&to);
	text = read_file(from, "", DELEGATE_OUT_MAX, req->a, &n, e);
	close_fd(&from); /* who prints too much shall not wait for us */
	code = proc_reap(pid);
	if (!text)
		return err_ctx(e, "plugin '%.60s'", type);
	if (code)
		return failure(req, type, code, text, n, e);
	*out = text;
	*len = n;
	return 0;
}
