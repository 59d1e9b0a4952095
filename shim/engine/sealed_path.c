/* SPDX-License-Identifier: Apache-2.0 */
/* sealed_path: what a sealed program cannot learn from /proc/self any more. */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "shim/engine/sealed.h"
#include "spec/base/str.h"

static bool is_sealed(void)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): getauxval(3) gives addresses so */
	const char *name = (const char *)getauxval(AT_EXECFN);

	return name && str_starts(name, SEALED_EXEC_FN);
}

void sealed_name(const char *name)
{
	if (is_sealed())
		prctl(PR_SET_NAME, name, 0, 0, 0);
}

char *sealed_path(char *buf, size_t size)
{
	const char *own = program_invocation_name;
	ssize_t n;

	if (is_sealed()) {
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
