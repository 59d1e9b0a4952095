/* SPDX-License-Identifier: Apache-2.0 */
/* test_rootfs: option forms of containerd's mounts to flags, attributes and data. */
#include "shim/daemon/rootfs.h"

#include <errno.h>
#include <sys/mount.h>

#include "spec/base/str.h"
#include "tests/unit/test.h"

#define PAGE 4096

static Pb__Mount make(const char *type, struct arena *a, const char *options)
{
	Pb__Mount m = PB__MOUNT__INIT;

	m.type = arena_strdup(a, type);
	m.source = arena_strdup(a, "src");
	m.target = arena_strdup(a, "");
	if (*options)
		m.options = str_split(a, options, ',', &m.n_options);
	return m;
}

TEST(overlay_keeps_its_data)
{
	auto_arena struct arena a = { 0 };
	Pb__Mount m = make("overlay", &a, "index=off,workdir=/w,upperdir=/u,lowerdir=/l1:/l2");
	struct rootfs_plan p;
	struct err e;

	CHECK(!rootfs_plan(&m, PAGE, &a, &p, &e));
	CHECK_TEXT(p.data, "index=off,workdir=/w,upperdir=/u,lowerdir=/l1:/l2");
	CHECK(!p.bind && !p.flags && !p.attr_set && !p.dir);
}

TEST(bind_read_only_in_one_step)
{
	auto_arena struct arena a = { 0 };
	Pb__Mount m = make("bind", &a, "ro,rbind,nosuid");
	struct rootfs_plan p;
	struct err e;

	CHECK(!rootfs_plan(&m, PAGE, &a, &p, &e));
	CHECK(p.bind && p.recursive && !p.data);
	CHECK(p.attr_set == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID));
}

TEST(read_only_overlay_by_flags)
{
	auto_arena struct arena a = { 0 };
	Pb__Mount m = make("overlay", &a, "ro,lowerdir=/a:/b,rprivate");
	struct rootfs_plan p;
	struct err e;

	CHECK(!rootfs_plan(&m, PAGE, &a, &p, &e));
	CHECK(p.flags == MS_RDONLY && !p.attr_set);
	CHECK(p.propagation == (MS_PRIVATE | MS_REC));
	CHECK_TEXT(p.data, "lowerdir=/a:/b");
}

TEST(later_options_win)
{
	auto_arena struct arena a = { 0 };
	Pb__Mount m = make("bind", &a, "ro,bind,rw");
	struct rootfs_plan p;
	struct err e;

	CHECK(!rootfs_plan(&m, PAGE, &a, &p, &e));
	CHECK(!(p.attr_set & MOUNT_ATTR_RDONLY));
}

TEST(options_refused_by_name)
{
	static const char *const bad[] = { "loop",
					   "uidmap=0:1",
					   "gidmap=0:1:x",
					   "uidmap=",
					   "uidmap=0:1:4294967296",
					   "X-containerd.mkfs=1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		auto_arena struct arena a = { 0 };
		Pb__Mount m = make("overlay", &a, bad[i]);
		struct rootfs_plan p;
		struct err e;

		CHECK(rootfs_plan(&m, PAGE, &a, &p, &e));
		CHECK_HAS(e.msg, bad[i]);
	}
}

TEST(loop_is_no_data_of_the_file_system)
{
	auto_arena struct arena a = { 0 };
	Pb__Mount m = make("ext4", &a, "loop,ro,noload");
	struct rootfs_plan p;
	struct err e;

	CHECK(!rootfs_plan(&m, PAGE, &a, &p, &e));
	CHECK(p.loop && p.flags == MS_RDONLY);
	CHECK_TEXT(p.data, "noload");
}

TEST(maps_take_the_layers_out_of_an_overlay)
{
	auto_arena struct arena a = { 0 };
	char *options[] = { "workdir=/w", "lowerdir=/l1:/l2", "upperdir=/u",
			    "uidmap=0:1000:10,10:5000:20", "gidmap=0:2000:30" };
	Pb__Mount m = make("overlay", &a, "");
	struct rootfs_plan p;
	struct err e;

	m.options = options;
	m.n_options = sizeof(options) / sizeof(*options);
	ASSERT(!rootfs_plan(&m, PAGE, &a, &p, &e));
	CHECK_TEXT(p.data, "workdir=/w,upperdir=/u");
	ASSERT(p.n_lower == 2 && p.uids.n == 2 && p.gids.n == 1);
	CHECK_TEXT(p.lower[1], "/l2");
	CHECK(p.uids.v[1].container_id == 10 && p.uids.v[1].host_id == 5000);
	CHECK(p.gids.v[0].size == 30);
}

TEST(maps_that_cannot_be_applied)
{
	static const struct {
		const char *type, *options, *text;
	} bad[] = {
		{ "overlay", "lowerdir=/a,uidmap=0:1:2", "'gidmap' is missing" },
		{ "bind", "gidmap=0:1:2", "'uidmap' is missing" },
		{ "overlay", "upperdir=/a,uidmap=0:1:2,gidmap=0:1:2", "without lowerdir" },
		{ "ext4", "uidmap=0:1:2,gidmap=0:1:2", "a bind or an overlay" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		auto_arena struct arena a = { 0 };
		Pb__Mount m = make(bad[i].type, &a, bad[i].options);
		struct rootfs_plan p;
		struct err e;

		CHECK(rootfs_plan(&m, PAGE, &a, &p, &e));
		CHECK_HAS(e.msg, bad[i].text);
	}
}

TEST(many_layers_become_relative)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str s = { 0 };
	Pb__Mount m;
	struct rootfs_plan p;
	struct err e;

	str_add(&s, "workdir=/var/w,upperdir=/var/u,lowerdir=");
	for (int i = 0; i < 120; i++)
		str_addf(&s, "%s/var/lib/snapshots/overlayfs/%d/fs", i ? ":" : "", i);
	m = make("overlay", &a, s.s);
	CHECK(s.len > PAGE);
	ASSERT(!rootfs_plan(&m, PAGE, &a, &p, &e));
	CHECK_TEXT(p.dir, "/var/lib/snapshots/overlayfs");
	CHECK(strlen(p.data) < PAGE);
	CHECK_HAS(p.data, "upperdir=/var/u,lowerdir=0/fs:1/fs:2/fs");
	CHECK_HAS(p.data, ":119/fs");
}

TEST(too_many_layers_are_refused)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str s = { 0 };
	Pb__Mount m;
	struct rootfs_plan p;
	struct err e;

	str_add(&s, "lowerdir=");
	for (int i = 0; i < 2000; i++)
		str_addf(&s, "%s/var/lib/%d/fs", i ? ":" : "", i);
	m = make("overlay", &a, s.s);
	CHECK(rootfs_plan(&m, PAGE, &a, &p, &e) && e.num == E2BIG);
}
