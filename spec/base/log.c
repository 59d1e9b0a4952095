/* SPDX-License-Identifier: Apache-2.0 */
/* log: format one line and write it at once. */
#include "spec/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/log_system.h"
#include "spec/base/str.h"
#include "spec/base/when.h"

struct log log_to = { .fd = STDERR_FILENO, .level = LOG_WARN, .program = "peapod" };

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static const int priorities[] = {
	[LOG_ERROR] = LOG_PRIORITY_ERROR,
	[LOG_WARN] = LOG_PRIORITY_WARNING,
	[LOG_INFO] = LOG_PRIORITY_INFO,
	[LOG_DEBUG] = LOG_PRIORITY_DEBUG,
};

static int open_system(enum log_sink sink, const char *socket, const char *name, struct err *e)
{
	int fd;

	for (const char *c = name; *c; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return err_set(e, EINVAL, "'%s' cannot be the name of a sender", name);
	}
	fd = log_system_open(socket, e);
	if (fd < 0)
		return -1;
	log_to.fd = fd;
	log_to.sink = sink;
	log_to.name = *name ? name : log_to.program;
	return 0;
}

int log_open(const char *path, struct err *e)
{
	int fd;

	if (str_starts(path, "journald:"))
		return open_system(LOG_TO_JOURNAL, LOG_JOURNAL_SOCKET, path + strlen("journald:"),
				   e);
	if (str_starts(path, "syslog:"))
		return open_system(LOG_TO_SYSLOG, LOG_SYSLOG_SOCKET, path + strlen("syslog:"), e);
	if (str_starts(path, "file:"))
		path += strlen("file:");
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);

	if (fd < 0)
		return err_sys(e, "open log file '%s'", path);
	log_to.fd = fd;
	return 0;
}

static void json_line(struct str *out, enum log_level level, const char *text)
{
	struct json_object *obj = json_object_new_object();
	char stamp[WHEN_SIZE];

	when_now(stamp);
	json_object_object_add(obj, "level", json_object_new_string(level_names[level]));
	json_object_object_add(obj, "msg", json_object_new_string(text));
	json_object_object_add(obj, "time", json_object_new_string(stamp));
	str_add(out, json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
	str_addc(out, '\n');
	json_object_put(obj);
}

void log_line(int fd, enum log_format format, enum log_level level, const char *text)
{
	auto_str struct str line = { 0 };
	int saved = errno;

	if (fd < 0)
		return;
	if (fd == log_to.fd && log_to.sink == LOG_TO_JOURNAL)
		log_journal_message(priorities[level], log_to.name, text, &line);
	else if (fd == log_to.fd && log_to.sink == LOG_TO_SYSLOG)
		log_syslog_message(priorities[level], log_to.name, text, &line);
	else if (format == LOG_JSON)
		json_line(&line, level, text);
	else if (level == LOG_ERROR)
		str_addf(&line, "%s: %s\n", log_to.program, text);
	else
		str_addf(&line, "%s: %s: %s\n", log_to.program, level_names[level], text);
	(void)write_all(fd, line.s, line.len); /* nowhere left to complain */
	errno = saved;
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	if (level > log_to.level || log_to.fd < 0)
		return;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	str_make_utf8(buf); /* it may have been cut, too */
	log_line(log_to.fd, log_to.format, level, buf);
}
