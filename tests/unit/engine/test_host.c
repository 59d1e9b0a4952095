/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the host: texts of /proc to hierarchies, and this machine as it is. */
#include "shim/engine/host.h"

#include <stdlib.h>
#include <unistd.h>

#include "shim/engine/host_cgroup.h"
#include "spec/base/str.h"
#include "tests/unit/test.h"

static struct host_cgroups parse(struct arena *a, const char *self, const char *mounts,
				 bool v2_only)
{
	struct host_cgroups h = { .base = "/sys/fs/cgroup" };

	host_cgroups_parse(self, mounts, v2_only, &h, a);
	return h;
}

static void show(const struct host_cgroups *h, struct str *out)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct host_cgroup *c = &h->v[i];

		str_addf(out, "%s at %s root %s own %s", *c->key ? c->key : "v2", c->mountpoint,
			 c->root, c->own);
		for (size_t k = 0; k < c->controllers.n; k++)
			str_addf(out, " +%s", c->controllers.v[k]);
		str_addc(out, '\n');
	}
}

TEST(host_hybrid)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str text = { 0 };
	struct host_cgroups h = parse(
		&a, "3:cpu,cpuacct:/x\n2:name=systemd:/init.scope\n1:memory:/a:b\n0::/\n",
		"24 1 0:22 / /proc rw - proc proc rw\n"
		"30 1 0:26 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
		"31 1 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
		"32 1 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
		"33 1 0:29 / /sys/fs/cgroup/mem\\040ory rw shared:1 master:2 - cgroup cgroup "
		"rw,memory\n",
		false);

	CHECK(h.mode == HOST_CGROUP_HYBRID);
	show(&h, &text);
	CHECK_TEXT(str_text(&text),
		   "cpu,cpuacct at /sys/fs/cgroup/cpu,cpuacct root / own /x +cpu +cpuacct\n"
		   "name=systemd at /sys/fs/cgroup/systemd root / own /init.scope\n"
		   "memory at /sys/fs/cgroup/mem ory root / own /a:b +memory\n"
		   "v2 at /sys/fs/cgroup/unified root / own /\n");
}

TEST(host_nested_root_and_second_mount)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str text = { 0 };
	struct host_cgroups h =
		parse(&a, "1:pids:/docker/c1\n",
		      "30 1 0:26 / /mnt/pids rw - cgroup cgroup rw,pids\n"
		      "31 1 0:26 /docker/c1 /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n"
		      "32 1 0:26 / /other rw - cgroup cgroup rw,pids\n",
		      false);

	CHECK(h.mode == HOST_CGROUP_V1);
	show(&h, &text);
	CHECK_TEXT(str_text(&text),
		   "pids at /sys/fs/cgroup/pids root /docker/c1 own /docker/c1 +pids\n");
}

TEST(host_v2_ignores_v1_elsewhere)
{
	auto_arena struct arena a = { 0 };
	struct host_cgroups h =
		parse(&a, "1:net_cls:/\n0::/user.slice\n",
		      "30 1 0:26 / /mnt/net_cls rw - cgroup cgroup rw,net_cls\n"
		      "31 1 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n",
		      true);

	CHECK(h.mode == HOST_CGROUP_V2);
	ASSERT(h.n == 1);
	CHECK_TEXT(h.v[0].mountpoint, "/sys/fs/cgroup");
	CHECK_TEXT(h.v[0].own, "/user.slice");
}

TEST(host_none_and_odd_lines)
{
	auto_arena struct arena a = { 0 };
	struct host_cgroups h = parse(&a, "", "", false);

	CHECK(h.mode == HOST_CGROUP_NONE);
	h = parse(&a, "junk\n1:memory\n2:pids:/\n", " - cgroup\n1 2 3 - cgroup x rw,pids\n", false);
	CHECK(h.mode == HOST_CGROUP_NONE);
	CHECK(h.n == 0);
	/* Controllers of one hierarchy must all be in the mount's options. */
	h = parse(&a, "2:cpu:/\n", "1 2 3 / /m rw - cgroup x rw,cpuset,cpuacct\n", false);
	CHECK(h.n == 0);
}

TEST(host_probe_here)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	struct host *h = host_probe(&a, &e);

	ASSERT(h);
	CHECK(h->kernel >= (5 << 16));
	CHECK(h->euid == geteuid());
	CHECK(h->last_cap >= 37);
	CHECK(h->has_clone_into_cgroup);
	for (size_t i = 0; i < h->cgroups.n; i++)
		CHECK(!access(h->cgroups.v[i].mountpoint, F_OK));
}

TEST(host_fields_round_trip)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	struct host *h = host_probe(&a, &e), back = { 0 };
	struct json_object *doc, *again;

	ASSERT(h);
	doc = json_own(&a, json_encode(h, host_fields));
	ASSERT(!json_decode(doc, host_fields, &back, &a, &e));
	again = json_own(&a, json_encode(&back, host_fields));
	CHECK_TEXT(json_text(again, true, &a), json_text(doc, true, &a));
}
