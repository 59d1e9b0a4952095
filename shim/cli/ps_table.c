/* SPDX-License-Identifier: Apache-2.0 */
/* ps_table: run ps(1), find its PID column, keep the lines that count. */
#include "shim/cli/ps_table.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"

#define BLANKS " \t"

/* The word of that number in a line of `len` bytes, or NULL; its length in *word_len. */
static const char *word(const char *line, size_t len, size_t number, size_t *word_len)
{
	const char *end = line + len, *start;

	for (size_t i = 0;; i++) {
		while (line < end && strchr(BLANKS, *line))
			line++;
		start = line;
		while (line < end && !strchr(BLANKS, *line))
			line++;
		if (line == start)
			return NULL;
		if (i == number) {
			*word_len = (size_t)(line - start);
			return start;
		}
	}
}

static int find_column(const char *heading, size_t len, size_t *column)
{
	const char *w;
	size_t n;

	for (size_t i = 0; (w = word(heading, len, i, &n)); i++) {
		if (n == strlen("PID") && !strncmp(w, "PID", n)) {
			*column = i;
			return 0;
		}
	}
	return -1;
}

static bool wanted(const char *line, size_t len, size_t column, const pid_t *pids, size_t n)
{
	char digits[16] = { 0 };
	uint64_t pid = 0;
	size_t w_len = 0;
	const char *w = word(line, len, column, &w_len);

	if (!w || w_len >= sizeof(digits))
		return false;
	memcpy(digits, w, w_len);
	if (parse_u64(digits, 10, INT32_MAX, &pid))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (pids[i] == (pid_t)pid)
			return true;
	}
	return false;
}

int ps_table_filter(const char *text, const pid_t *pids, size_t n, struct str *out, struct err *e)
{
	size_t len = strcspn(text, "\n"), column = 0;

	if (find_column(text, len, &column))
		return err_set(e, EINVAL, "the output of ps has no PID column");
	str_addn(out, text, len);
	str_addc(out, '\n');
	for (text += len; *text; text += len) {
		text++;
		len = strcspn(text, "\n");
		if (!wanted(text, len, column, pids, n))
			continue;
		str_addn(out, text, len);
		str_addc(out, '\n');
	}
	return 0;
}

static int spawn_ps(char *const *args, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int num;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	num = posix_spawnp(pid, "ps", &actions, NULL, args, environ);
	posix_spawn_file_actions_destroy(&actions);
	return num;
}

int ps_table_run(char *const *args, struct str *out, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int from = -1, to = -1;
	size_t n = 0;
	pid_t pid;
	char **argv, *text;
	size_t len = 0;
	int pipe_fds[2], code;

	while (args[n])
		n++;
	argv = arena_array(&a, n + 2, sizeof(*argv));
	argv[0] = arena_strdup(&a, "ps");
	memcpy(argv + 1, args, n * sizeof(*argv));
	if (pipe2(pipe_fds, O_CLOEXEC))
		return err_sys(e, "make a pipe");
	from = pipe_fds[0];
	to = pipe_fds[1];
	code = spawn_ps(argv, to, &pid);
	close_fd(&to);
	if (code)
		return err_set(e, code, "start ps: %s", strerror(code));
	text = read_file(from, "", PS_TEXT_MAX, &a, &len, e);
	close_fd(&from);
	code = proc_reap(pid);
	if (!text)
		return err_ctx(e, "read the output of ps");
	if (code)
		return err_set(e, EIO, "ps failed with code %d", code);
	str_addn(out, text, len);
	return 0;
}
