/* SPDX-License-Identifier: Apache-2.0 */
/* netdir: what is in a directory of network configs. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "shim/pod/netdir.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "tests/unit/test.h"

static void put(const char *dir, const char *name, const char *text, mode_t mode)
{
	auto_fd int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e = { 0 };

	CHECK(!replace_file(at, name, text, strlen(text), mode, &e));
}

TEST(netdir_lists_what_loaders_take_with_what_is_wrong)
{
	auto_arena struct arena a = { 0 };
	char dir[] = "/tmp/netdir.XXXXXX";
	struct netdir got = { 0 };
	struct err e = { 0 };

	ASSERT(mkdtemp(dir));
	put(dir, "bridge", "", 0755);
	put(dir, "20-b.conf", "{\"cniVersion\":\"1.0.0\",\"name\":\"b\",\"type\":\"none-such\"}",
	    0644);
	put(dir, "10-a.conflist",
	    "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"plugins\":[{\"type\":\"bridge\"}]}", 0644);
	put(dir, "30-c.json", "{", 0644);
	put(dir, "notes.txt", "{", 0644);
	CHECK(!netdir_read(dir, arena_printf(&a, "/no/such:%s", dir), &a, &got, &e));
	CHECK(got.files.n == 3);
	if (got.files.n == 3) {
		CHECK_TEXT(got.files.v[0].network, "a");
		CHECK(!got.files.v[0].missing && !got.files.v[0].error);
		CHECK_TEXT(got.files.v[1].name, "20-b.conf");
		CHECK_TEXT(got.files.v[1].missing, "none-such");
		CHECK_TEXT(got.files.v[2].name, "30-c.json");
		CHECK(got.files.v[2].error && !got.files.v[2].network);
	}
	CHECK(!path_remove_tree(AT_FDCWD, dir, &e));
	CHECK(netdir_read(dir, "", &a, &got, &e) < 0);
	CHECK_HAS(e.msg, dir);
}
