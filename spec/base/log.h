/* SPDX-License-Identifier: Apache-2.0 */
/* log: the one function that prints; text or a JSON line. */
#ifndef SPEC_BASE_LOG_H
#define SPEC_BASE_LOG_H

#include "spec/base/err.h"

enum log_level {
	LOG_ERROR,
	LOG_WARN,
	LOG_INFO,
	LOG_DEBUG
};
enum log_format {
	LOG_TEXT,
	LOG_JSON
};

/* What is behind the fd; a message to one of the latter is text, without the program's name. */
enum log_sink {
	LOG_TO_FILE,
	LOG_TO_JOURNAL,
	LOG_TO_SYSLOG
};

/*
 * Where and what to print; the only global of the library. Programs set it
 * once; libraries print at LOG_DEBUG only, and at LOG_WARN where they go on
 * differently from what was asked (the text ends in what is done instead).
 * fd -1 prints nothing. The default is text, warnings and up, to stderr.
 */
struct log {
	int fd;
	enum log_level level;
	enum log_format format;
	const char *program; /* in front of a text line */
	enum log_sink sink;
	const char *name; /* of the sender, in the journal and the system log */
};
extern struct log log_to;

/*
 * Open (append, create 0644) a file to print to; the fd is kept for the process's life.
 * "file:PATH" is the same; "journald:NAME" is the journal, "syslog:NAME" the system log, NAME
 * is borrowed, and by default the program's.
 */
int log_open(const char *path, struct err *e);

/*
 * One line in one write: "peapod: warning: text", or
 * {"level":"warning","msg":"text","time":"2006-01-02T15:04:05.999999999Z"}.
 */
void log_msg(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same line, to an fd of the caller's choice, whatever the level set. */
void log_line(int fd, enum log_format format, enum log_level level, const char *text);

#endif
