/* SPDX-License-Identifier: Apache-2.0 */
/* sealed_path: what a sealed program cannot learn from /proc/self any more. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "shim/engine/sealed.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

static int clone_fd = -1;

/* The number of the fd that we were executed by, or NULL. */
static const char *sealed_by(void)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): getauxval(3) gives addresses so */
	const char *name = (const char *)getauxval(AT_EXECFN);

	return name && str_starts(name, SEALED_EXEC_FN) ? name + strlen(SEALED_EXEC_FN) : NULL;
}

void sealed_begin(const char *name)
{
	const char *by = sealed_by();
	uint64_t fd;

	if (!by)
		return;
	prctl(PR_SET_NAME, name, 0, 0, 0);
	if (!parse_u64(by, 10, INT_MAX, &fd) && fd >= SEALED_FD_MIN && !fd_cloexec((int)fd, true))
		clone_fd = (int)fd;
}

void sealed_release(void)
{
	close_fd(&clone_fd);
}

char *sealed_path(char *buf, size_t size)
{
	const char *own = program_invocation_name;
	ssize_t n;

	if (sealed_by()) {
		if (*own == '/' && strlen(own) < size)
			return memcpy(buf, own, strlen(own) + 1);
		errno = ENOENT;
		return NULL;
	}
	n = readlink("/proc/self/exe", buf, size - 1);
	if (n < 0)
		return NULL;
	buf[n] = '\0';
	return buf;
}
