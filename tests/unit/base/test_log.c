/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal and the system log are sent. */
#include "spec/base/auto.h"
#include "spec/base/log.h"
#include "spec/base/log_system.h"
#include "tests/unit/test.h"

#include <string.h>
#include <unistd.h>

TEST(journal_message_has_its_length)
{
	static const char text[] = "one\ntwo", length[8] = { sizeof(text) - 1 };
	auto_str struct str out = { 0 }, want = { 0 };

	log_journal_message(LOG_PRIORITY_WARNING, "pea", text, &out);
	str_addf(&want, "PRIORITY=4\nSYSLOG_IDENTIFIER=pea\nSYSLOG_PID=%d\nMESSAGE\n", getpid());
	str_addn(&want, length, sizeof(length));
	str_addf(&want, "%s\n", text);
	CHECK(out.len == want.len && !memcmp(out.s, want.s, want.len));
}

TEST(syslog_message_has_facility_time_and_pid)
{
	auto_str struct str out = { 0 }, end = { 0 };

	log_syslog_message(LOG_PRIORITY_ERROR, "pea", "text", &out);
	str_addf(&end, " pea[%d]: text", getpid());
	CHECK(str_starts(str_text(&out), "<11>"));
	CHECK(str_ends(str_text(&out), str_text(&end)));
	CHECK(out.len == strlen("<11>") + strlen("Jan  1 00:00:00") + end.len);
}

TEST(log_message_is_utf8)
{
	struct log kept = log_to;
	char buf[256] = "";
	int fds[2];

	ASSERT(!pipe(fds));
	log_to.fd = fds[1];
	log_to.format = LOG_JSON;
	log_msg(LOG_WARN, "open '%s'", "a\xff\xc3\xa4");
	log_to = kept;
	CHECK(read(fds[0], buf, sizeof(buf) - 1) > 0);
	CHECK_HAS(buf, "\"open 'a?\xc3\xa4'\"");
	close(fds[0]);
	close(fds[1]);
}

TEST(log_socket_that_is_not_there)
{
	char long_path[200];
	struct err e = { 0 };

	CHECK(log_system_open("/no/such/socket", &e) < 0);
	CHECK_HAS(e.msg, "/no/such/socket");
	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	CHECK(log_system_open(long_path, &e) < 0);
}
