/* SPDX-License-Identifier: Apache-2.0 */
/* exe: find what to execute and clean up what must not be inherited. */
#include "shim/engine/exe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "shim/engine/exe_hint.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define CWD_MODE	0755
#define PASSWD_MAX	(1 << 20) /* bytes of /etc/passwd that are looked at */
#define PASSWD_FIELDS	7
#define SCRIPT_LINE_MAX 256 /* BINPRM_BUF_SIZE: what the kernel looks at */
#define SCRIPT_NESTING	5   /* interpreters of interpreters, exec_binprm() */

int exe_self(struct exe_self *out, struct err *e)
{
	struct stat st;

	if (stat("/proc/self/exe", &st))
		return err_sys(e, "look at our own program file");
	*out = (struct exe_self){ st.st_dev, st.st_ino };
	return 0;
}

/* The kernel's own name for the current directory: "(unreachable)..." when it is outside. */
static int check_cwd(const char *cwd, struct err *e)
{
	char path[PATH_MAX];

	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return err_sys(e, "process: cwd: '%s': find its path", cwd);
	if (path[0] != '/')
		return err_set(e, EPERM, "process: cwd: '%s' is outside of the container", cwd);
	return 0;
}

/*
 * By an fd below the root, so that magic links (/proc/self/fd/N) lead nowhere; the
 * check is for what slips through all the same.
 */
static int change_to(const char *cwd, int root, struct err *e)
{
	auto_fd int fd = root_open(root, cwd, O_PATH | O_DIRECTORY, e);

	if (fd < 0)
		return err_ctx(e, "process: cwd");
	if (fchdir(fd))
		return err_sys(e, "process: cwd: change to '%s'", cwd);
	return check_cwd(cwd, e);
}

int exe_make_cwd(const struct plan_proc *p, int root, struct err *e)
{
	auto_fd int fd = -1;

	if (str_eq(p->cwd, "/"))
		return 0;
	fd = root_open(root, p->cwd, O_PATH | O_DIRECTORY, e);
	if (fd >= 0 || e->num != ENOENT)
		return 0;
	fd = root_mkdirs(root, p->cwd, CWD_MODE, e);
	return fd < 0 ? err_ctx(e, "process: cwd: create") : 0;
}

int exe_chdir_first(const struct plan_proc *p, int root, bool *entered, struct err *e)
{
	*entered = !change_to(p->cwd, root, e);
	/* a private directory: the user itself may enter it */
	return *entered || e->num == EACCES ? 0 : -1;
}

int exe_chdir_again(const struct plan_proc *p, int root, bool entered, struct err *e)
{
	/* EACCES: the first call, with more rights, has brought us there (as runc does it) */
	if (change_to(p->cwd, root, e) && (!entered || e->num != EACCES))
		return -1;
	return check_cwd(p->cwd, e);
}

static const char *env_get(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; env && *env; env++) {
		if (!strncmp(*env, name, n) && (*env)[n] == '=')
			return *env + n + 1;
	}
	return NULL;
}

/* Field 6 of the first line whose field 3 is the uid; NULL: none. */
static char *home_in(char *passwd, uint32_t uid, struct arena *a)
{
	char *rest = passwd;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char *field[PASSWD_FIELDS] = { NULL };
		uint64_t id;

		for (int i = 0; i < PASSWD_FIELDS; i++)
			field[i] = strsep(&line, ":");
		if (field[2] && field[5] && *field[5] &&
		    !parse_u64(field[2], 10, UINT32_MAX, &id) && id == uid)
			return arena_strdup(a, field[5]);
	}
	return NULL;
}

static const char *find_home(int root, uint32_t uid, struct arena *a)
{
	struct err ignored;
	auto_fd int fd = root_open(root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, &ignored);
	struct stat st;
	const char *home = NULL;
	char *text;

	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode)) {
		text = read_file(fd, "", PASSWD_MAX, a, NULL, &ignored);
		home = text ? home_in(text, uid, a) : NULL;
	}
	return home ? home : "/";
}

char **exe_env(const struct plan_proc *p, int root, struct arena *a)
{
	const char *home = env_get(p->env, "HOME");
	size_t n = 0, used = 0;
	char **env;

	while (p->env[n])
		n++;
	env = arena_array(a, n + 3, sizeof(*env));
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(p->env[i], "HOME="))
			env[used++] = p->env[i];
	}
	if (!home || !*home)
		env[used++] = arena_printf(a, "HOME=%s", find_home(root, p->uid, a));
	if (p->listen_fds)
		env[used++] = arena_printf(a, "LISTEN_PID=%d", getpid());
	return env;
}

/* 0, or why that file cannot be executed by us (errno value). */
static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS))
		return errno;
	return 0;
}

/*
 * The file itself, or the interpreter that its "#!" line names: is it our own program? As the
 * file is open then, what execve() may dislike about it is looked for at once.
 */
static int look_inside(const char *path, const struct exe_self *self, struct arena *a, char **hint,
		       struct err *e)
{
	char line[SCRIPT_LINE_MAX + 1];
	const char *at = path;

	for (int depth = 0; depth <= SCRIPT_NESTING; depth++) {
		auto_fd int fd = open(at, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		struct stat st;
		ssize_t n;
		char *name;

		if (!stat(at, &st) && st.st_dev == self->dev && st.st_ino == self->ino)
			return err_set(e, EPERM,
				       "exec: \"%s\": permission denied: it is the runtime itself",
				       path);
		n = fd < 0 ? -1 : read_full(fd, line, SCRIPT_LINE_MAX);
		if (!depth && n >= 0)
			*hint = exe_hint(fd, line, (size_t)n, a);
		if (n < 2 || line[0] != '#' || line[1] != '!')
			return 0;
		line[n] = '\0';
		name = line + 2 + strspn(line + 2, " \t");
		name[strcspn(name, " \t\n")] = '\0';
		at = name;
	}
	return 0;
}

/* *noexec: one that was found, but may not be executed where it is. */
static char *search_path(const char *name, const char *path, struct arena *a, char **noexec)
{
	char **dirs = path ? str_split(a, path, ':', NULL) : NULL;

	for (; dirs && *dirs; dirs++) {
		const char *dir = **dirs ? *dirs : ".";
		char *file = arena_printf(a, "%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);

		int why = check_file(file);

		if (!why)
			return file;
		if (why == EACCES && !*noexec && exe_on_noexec(file))
			*noexec = file;
	}
	return NULL;
}

/* The texts that docker, podman and conmon look for: Go's, in lower case. */
static void reason_text(struct err *e, int num, const char *name, const char *doing)
{
	const char *reason = strerror(num);

	if (num == EACCES)
		err_set(e, num, "exec: \"%s\": permission denied%s", name,
			exe_on_noexec(name) ? ": its file system is mounted noexec" : "");
	else if (num == EISDIR)
		err_set(e, num, "exec: \"%s\": is a directory", name);
	else
		err_set(e, num, "exec: \"%s\": %s%c%s", name, doing,
			tolower((unsigned char)reason[0]), reason + 1);
}

void exe_failed(int num, const char *name, const char *hint, struct err *e)
{
	const char *reason = strerror(num);
	bool about_file = num == ENOENT || num == ENOEXEC || num == ELIBBAD;

	err_set(e, num, "exec: \"%s\": %c%s%s%s", name, tolower((unsigned char)reason[0]),
		reason + 1, hint && about_file ? ": " : "", hint && about_file ? hint : "");
}

char *exe_find(const struct plan_proc *p, char *const *env, const struct exe_self *self,
	       struct arena *a, char **hint, struct err *e)
{
	const char *name = p->args[0];
	char *file, *noexec = NULL;
	int why;

	*hint = NULL;
	if (strchr(name, '/')) {
		why = check_file(name);
		if (why) {
			reason_text(e, why, name, arena_printf(a, "stat %s: ", name));
			return NULL;
		}
		file = arena_strdup(a, name);
	} else {
		file = search_path(name, env_get(env, "PATH"), a, &noexec);
		if (!file) {
			err_set(e, ENOENT, "exec: \"%s\": executable file not found in $PATH%s%s%s",
				name, noexec ? ": the file system of '" : "", noexec ? noexec : "",
				noexec ? "' is mounted noexec" : "");
			return NULL;
		}
	}
	return look_inside(file, self, a, hint, e) ? NULL : file;
}

static int by_number(const void *a, const void *b)
{
	return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

int exe_close_fds(unsigned int preserved, const int *keep, size_t n)
{
	unsigned int from = STDERR_FILENO + 1 + preserved;
	int sorted[EXE_KEEP_MAX];

	if (n > EXE_KEEP_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (n) {
		memcpy(sorted, keep, n * sizeof(*keep));
		qsort(sorted, n, sizeof(*sorted), by_number);
	}
	for (size_t i = 0; i < n; i++) {
		if (sorted[i] < (int)from)
			continue;
		if ((unsigned int)sorted[i] > from &&
		    syscall(SYS_close_range, from, sorted[i] - 1, 0))
			return -1;
		from = (unsigned int)sorted[i] + 1;
	}
	return (int)syscall(SYS_close_range, from, UINT_MAX, 0);
}

void exe_reset_signals(void)
{
	struct sigaction act = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &act, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
