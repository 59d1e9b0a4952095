/* SPDX-License-Identifier: Apache-2.0 */
/* in-fdlist: print "NUMBER TARGET" of every open fd of its own; static, runs in containers. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define LAST_FD 4095

int main(void)
{
	for (int fd = 0; fd <= LAST_FD; fd++) {
		char link[64], target[4096];
		ssize_t n;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		printf("%d %s\n", fd, target);
	}
	return 0;
}
