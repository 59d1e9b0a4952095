/* SPDX-License-Identifier: Apache-2.0 */
/* log_system: two small protocols of unix datagrams. */
#include "spec/base/log_system.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "spec/base/auto.h"

#define FACILITY_USER 8 /* 1, shifted, as <syslog.h> has it */

int log_system_open(const char *path, struct err *e)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(at.sun_path))
		return err_set(e, ENAMETOOLONG, "log socket '%s'", path);
	memcpy(at.sun_path, path, strlen(path) + 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)))
		return err_sys(e, "connect to log socket '%s'", path);
	return take_fd(&fd);
}

void log_journal_message(int priority, const char *name, const char *text, struct str *out)
{
	uint64_t len = htole64(strlen(text));

	str_addf(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%d\nMESSAGE\n", priority, name,
		 getpid());
	str_addn(out, &len, sizeof(len)); /* a text may have more than one line */
	str_addf(out, "%s\n", text);
}

void log_syslog_message(int priority, const char *name, const char *text, struct str *out)
{
	char stamp[32] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(stamp, sizeof(stamp), "%b %e %T ", &tm);
	str_addf(out, "<%d>%s%s[%d]: %s", FACILITY_USER | priority, stamp, name, getpid(), text);
}
