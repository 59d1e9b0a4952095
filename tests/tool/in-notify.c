/* SPDX-License-Identifier: Apache-2.0 */
/* in-notify MESSAGE...: send each to $NOTIFY_SOCKET as sd_notify(3) does; \n is a line break. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (!path)
		return 3;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	for (int i = 1; i < argc; i++) {
		for (char *at; (at = strstr(argv[i], "\\n"));) {
			*at = '\n';
			memmove(at + 1, at + 2, strlen(at + 2) + 1);
		}
		if (sendto(fd, argv[i], strlen(argv[i]), 0, (struct sockaddr *)&addr,
			   sizeof(addr)) < 0) {
			perror("send");
			return 1;
		}
	}
	return 0;
}
