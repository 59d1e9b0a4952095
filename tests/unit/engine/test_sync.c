/* SPDX-License-Identifier: Apache-2.0 */
/* test_sync: the last words of a peer are heard. */
#include "shim/engine/sync.h"

#include <errno.h>
#include <unistd.h>

#include "tests/unit/test.h"

/* One that fails while the other side sends it something: neither it nor the kernel loses the
 * reason. */
TEST(sync_failure_of_a_peer_that_has_not_read_all)
{
	struct err e, why = { .num = ENOSPC, .msg = "the reason" };
	struct sync_msg m;
	int pair[2];

	ASSERT(!sync_pair(pair, &e));
	CHECK(!sync_send(pair[0], SYNC_GO, 0, NULL));
	CHECK(!sync_send(pair[1], SYNC_WARNING, 0, &why));
	CHECK(!sync_send(pair[1], SYNC_FAILED, 0, &why));
	close(pair[1]);
	CHECK(sync_recv(pair[0], &m) == 1 && m.type == SYNC_WARNING);
	CHECK(sync_recv(pair[0], &m) == 1 && m.type == SYNC_FAILED && m.err.num == ENOSPC);
	CHECK_TEXT(m.err.msg, "the reason");
	CHECK(sync_recv(pair[0], &m) == 0);
	close(pair[0]);
}

TEST(sync_end_of_a_peer_that_said_nothing)
{
	struct sync_msg m;
	struct err e;
	int pair[2];

	ASSERT(!sync_pair(pair, &e));
	CHECK(!sync_send(pair[0], SYNC_GO, 0, NULL));
	close(pair[1]);
	CHECK(sync_recv(pair[0], &m) == 0);
	close(pair[0]);
}
