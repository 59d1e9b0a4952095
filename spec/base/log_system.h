/* SPDX-License-Identifier: Apache-2.0 */
/* log_system: messages for the journal and for the system log, one datagram each. */
#ifndef SPEC_BASE_LOG_SYSTEM_H
#define SPEC_BASE_LOG_SYSTEM_H

#include "spec/base/err.h"
#include "spec/base/str.h"

#define LOG_JOURNAL_SOCKET "/run/systemd/journal/socket"
#define LOG_SYSLOG_SOCKET  "/dev/log"

enum {
	LOG_PRIORITY_ERROR = 3,
	LOG_PRIORITY_WARNING = 4,
	LOG_PRIORITY_INFO = 6,
	LOG_PRIORITY_DEBUG = 7,
};

/* A socket that is connected to the one at path, so that write() sends to it; -1 with *e. */
int log_system_open(const char *path, struct err *e);

/*
 * One message of `name`: systemd's journal protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), or
 * what syslog(3) sends, of facility "user", with the time of the host's clock. The priority is
 * one of syslog(3).
 */
void log_journal_message(int priority, const char *name, const char *text, struct str *out);
void log_syslog_message(int priority, const char *name, const char *text, struct str *out);

#endif
