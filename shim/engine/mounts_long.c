/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_long: mount(2) in a scratch directory, then a detached clone of the result. */
#include "shim/engine/mounts_long.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define SCRATCH "m"

bool mount_is_long(const struct mount_fs *fs)
{
	for (size_t i = 0; i < fs->n_data; i++) {
		if (fs->data[i].value && strlen(fs->data[i].value) > MOUNT_VALUE_MAX)
			return true;
	}
	return false;
}

/* In the scratch directory; attributes come later, on the clone. */
static int mount_scratch(const struct mount_fs *fs, int scratch, struct err *e)
{
	auto_str struct str data = { 0 }, path = { 0 };

	for (size_t i = 0; i < fs->n_data; i++)
		str_addf(&data, "%s%s%s%s", i ? "," : "", fs->data[i].key,
			 fs->data[i].value ? "=" : "", fs->data[i].value ? fs->data[i].value : "");
	if (data.len > MOUNT_DATA_MAX)
		return err_set(e, E2BIG, "file system '%s': options of more than %d bytes",
			       fs->type, MOUNT_DATA_MAX);
	if (mkdirat(scratch, SCRATCH, 0700))
		return err_sys(e, "make a scratch directory");
	str_addf(&path, "%s/" SCRATCH, fd_path(scratch).s);
	if (mount(fs->source, str_text(&path), fs->type, 0, str_text(&data)))
		return err_sys(e, "file system '%s': mount with long options", fs->type);
	return 0;
}

static int clone_scratch(const struct mount_fs *fs, int scratch, struct err *e)
{
	auto_fd int fd = -1;

	if (mount_scratch(fs, scratch, e))
		return -1;
	fd = mount_clone(scratch, SCRATCH, 0, e);
	if (fd < 0 || mount_propagate(fd, MS_PRIVATE, e))
		return -1;
	if (mount_attrs(fd, fs->attrs, MOUNT_ATTR__ATIME, 0, e))
		return -1;
	return take_fd(&fd);
}

int mount_new_long(const struct mount_fs *fs, int place, struct err *e)
{
	const struct mount_fs tmpfs = { .type = "tmpfs", .source = "tmpfs" };
	auto_fd int scratch = mount_new(&tmpfs, e), fd = -1;

	if (scratch < 0 || mount_attach(scratch, place, e))
		return -1;
	fd = clone_scratch(fs, scratch, e);
	if (umount2(fd_path(scratch).s, MNT_DETACH))
		return err_sys(e, "unmount the scratch directory");
	return take_fd(&fd);
}
