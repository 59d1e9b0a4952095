/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_loop: the image of a file system as a block device. */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shim/daemon/rootfs.h"
#include "spec/base/auto.h"

#define CONTROL "/dev/loop-control"
#define TRIES	64 /* others may take the free one first */

/* The device, 0 when somebody was faster, or -1. */
static int attach(const char *device, int image, bool readonly, struct err *e)
{
	struct loop_config c = { .fd = (uint32_t)image };
	auto_fd int fd = open(device, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open '%s'", device);
	c.info.lo_flags = LO_FLAGS_AUTOCLEAR | (readonly ? LO_FLAGS_READ_ONLY : 0U);
	if (!ioctl(fd, LOOP_CONFIGURE, &c))
		return take_fd(&fd);
	return errno == EBUSY ? 0 : err_sys(e, "set up '%s'", device);
}

int rootfs_loop(const char *image, bool readonly, struct arena *a, char **path, struct err *e)
{
	auto_fd int control = open(CONTROL, O_RDWR | O_CLOEXEC);
	auto_fd int file = open(image, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);

	if (control < 0)
		return err_sys(e, "open '" CONTROL "'");
	if (file < 0)
		return err_sys(e, "open the image");
	for (int i = 0; i < TRIES; i++) {
		int n = ioctl(control, LOOP_CTL_GET_FREE), fd;

		if (n < 0)
			return err_sys(e, "find a free loop device");
		*path = arena_printf(a, "/dev/loop%d", n);
		fd = attach(*path, file, readonly, e);
		if (fd)
			return fd;
	}
	return err_set(e, EBUSY, "others took %d loop devices", TRIES);
}
