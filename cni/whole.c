/* SPDX-License-Identifier: Apache-2.0 */
/* whole: under another name first. */
#include "cni/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

int whole_write(const char *path, const char *text, mode_t dir_mode, mode_t mode, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *slash = strrchr(path, '/');
	char *dir = arena_printf(&a, "%.*s/", slash ? (int)(slash - path) : 0, path);
	auto_fd int fd = -1;

	if (!slash)
		return err_set(e, EINVAL, "'%s' has no directory", path);
	if (path_mkdirs(dir, dir_mode, e))
		return -1;
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '%s'", dir);
	return replace_file(fd, slash + 1, text, strlen(text), mode, e);
}

int whole_remove(const char *path, struct err *e)
{
	return unlink(path) && errno != ENOENT && errno != ENOTDIR ? err_sys(e, "remove '%s'", path)
								   : 0;
}
