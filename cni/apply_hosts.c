/* SPDX-License-Identifier: Apache-2.0 */
/* apply_hosts: a file appears as a whole, since a name server may be looking. */
#include "cni/apply_hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define DIR_MODE  0755
#define FILE_MODE 0644
#define FILE_MAX  65536

int do_hosts(struct net *n, const struct op *op, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *slash = strrchr(op->hosts.file, '/');
	char *dir = arena_printf(&a, "%.*s", (int)(slash - op->hosts.file), op->hosts.file);
	auto_fd int fd = -1;

	if (path_mkdirs(dir, DIR_MODE, e))
		return -1;
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '%s'", dir);
	if (replace_file(fd, slash + 1, op->hosts.text, strlen(op->hosts.text), FILE_MODE, e))
		return -1;
	n->hosts = op->hosts.file;
	return 0;
}

int are_hosts(struct net *n, const struct op *op, struct err *e)
{
	auto_arena struct arena a = { 0 };
	size_t len;
	char *text = read_file(AT_FDCWD, op->hosts.file, FILE_MAX, &a, &len, e);

	(void)n;
	if (!text)
		return -1;
	return str_eq(text, op->hosts.text)
		       ? 0
		       : err_set(e, EINVAL, "'%s' has other names", op->hosts.file);
}

static int remove_hosts(const char *file, struct err *e)
{
	return unlink(file) && errno != ENOENT && errno != ENOTDIR ? err_sys(e, "remove '%s'", file)
								   : 0;
}

int do_unhosts(struct net *n, const struct op *op, struct err *e)
{
	(void)n;
	return remove_hosts(op->hosts.file, e);
}

void undo_hosts(struct net *n)
{
	struct err ignored;

	if (n->hosts)
		remove_hosts(n->hosts, &ignored);
	n->hosts = NULL;
}
