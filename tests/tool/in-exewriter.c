/* SPDX-License-Identifier: Apache-2.0 */
/*
 * in-exewriter INODE: play CVE-2019-5736 from within a container until killed: open what other
 * processes execute, when it is the file with that number, and try to get it for writing. Each kind
 * of outcome is printed once, "WRITABLE" or the error. Static.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERRNOS 256

static ino_t wanted;

/* The link is followed first and opened later: by then the process may have ended. */
static void attack(const char *pid)
{
	static char seen[ERRNOS];
	char path[64];
	struct stat st;
	int fd, out;

	snprintf(path, sizeof(path), "/proc/%.20s/exe", pid);
	fd = open(path, O_PATH);
	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	while (!fstat(fd, &st) && st.st_ino == wanted) {
		out = open(path, O_WRONLY | O_APPEND);
		errno = out >= 0 ? 0 : errno;
		if (errno < ERRNOS && !seen[errno]) {
			seen[errno] = 1;
			puts(errno ? strerror(errno) : "WRITABLE");
		}
		if (out >= 0)
			close(out);
		if (errno != ETXTBSY)
			break;
	}
	close(fd);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 2)
		return 1;
	wanted = strtoul(argv[1], NULL, 10);
	puts("ready");
	for (;;) {
		DIR *d = opendir("/proc");
		struct dirent *at;

		while (d && (at = readdir(d))) {
			if (*at->d_name >= '1' && *at->d_name <= '9')
				attack(at->d_name);
		}
		if (d)
			closedir(d);
	}
}
