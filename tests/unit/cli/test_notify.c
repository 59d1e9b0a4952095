/* SPDX-License-Identifier: Apache-2.0 */
/* What a container may tell the service manager. */
#include "shim/cli/notify.h"

#include "tests/unit/test.h"

static void check(const char *text, size_t len, const char *want, bool want_ready)
{
	auto_str struct str out = { 0 };
	bool ready = notify_filter(text, len, &out);

	CHECK_TEXT(str_text(&out), want);
	CHECK(ready == want_ready);
}

#define CHECK_FILTER(text, want, ready) check(text, sizeof(text) - 1, want, ready)

TEST(notify_progress_passes)
{
	CHECK_FILTER("READY=1", "READY=1", true);
	CHECK_FILTER("READY=1\n", "READY=1", true);
	CHECK_FILTER("STATUS=half = way\nREADY=1\n", "STATUS=half = way\nREADY=1", true);
	CHECK_FILTER("RELOADING=1\nMONOTONIC_USEC=5", "RELOADING=1\nMONOTONIC_USEC=5", false);
	CHECK_FILTER("WATCHDOG=1", "WATCHDOG=1", false);
	CHECK_FILTER("READY=0", "READY=0", false);
}

TEST(notify_the_rest_does_not)
{
	CHECK_FILTER("MAINPID=1\nREADY=1", "READY=1", true);
	CHECK_FILTER("FDSTORE=1\nFDNAME=x\nNOTIFYACCESS=all\nBUSERROR=a\nBARRIER=1", "", false);
	CHECK_FILTER("READY", "", false);
	CHECK_FILTER("XREADY=1", "", false);
	CHECK_FILTER("READY=1\0MAINPID=1", "", false);
	CHECK_FILTER("", "", false);
	CHECK_FILTER("\n\n=\n", "", false);
}
