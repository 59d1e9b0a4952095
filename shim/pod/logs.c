/* SPDX-License-Identifier: Apache-2.0 */
/* logs: append-only files with a hole where the oldest lines were. */
#include "shim/pod/logs.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <sys/stat.h>

#include "spec/base/arena.h"
#include "spec/base/auto.h"

#define BLOCK 4096 /* holes are made of whole ones */

int pod_log_open(int dirfd, const char *member, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *path = arena_printf(&a, "logs/%s.log", member);
	int fd = openat(dirfd, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? err_sys(e, "open '%s'", path) : fd;
}

void pod_log_note(int dirfd, const char *member, const char *text)
{
	struct err ignored;
	auto_fd int fd = pod_log_open(dirfd, member, &ignored);

	if (fd >= 0)
		dprintf(fd, "peapod: %s\n", text);
}

void pod_log_trim(int fd, int64_t max, int64_t keep)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_blocks * 512 <= max || st.st_size - keep < BLOCK)
		return;
	/* A file system that cannot make holes keeps it all. */
	(void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			(st.st_size - keep) / BLOCK * BLOCK);
}

bool pod_log_skip_hole(int fd)
{
	off_t at = lseek(fd, 0, SEEK_CUR), data = lseek(fd, at, SEEK_DATA);

	if (data > at)
		return true;
	(void)lseek(fd, at, SEEK_SET); /* ENXIO: there is nothing behind us */
	return false;
}
