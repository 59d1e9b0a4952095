/* SPDX-License-Identifier: Apache-2.0 */
/* Sticky addresses: whose they are, who gets them instead, and that memory ends somewhere. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni/hostlocal.h"
#include "cni/sticky.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "tests/unit/test.h"

struct box {
	struct arena a;
	char dir[32];
	const char *ipam;
	struct err e;
};

static void box_done(struct box *b)
{
	struct err e;

	path_remove_tree(AT_FDCWD, b->dir, &e);
	arena_done(&b->a);
}
#define auto_box __attribute__((cleanup(box_done)))

static bool box_init(struct box *b, const char *ipam)
{
	*b = (struct box){ .dir = "/tmp/peapod-sticky-XXXXXX", .ipam = ipam };
	return mkdtemp(b->dir) != NULL;
}

static int make(struct box *b, const char *pod, struct hostlocal *h)
{
	struct cni_args args;
	struct cni_conf conf;
	char *env = *pod ? arena_printf(&b->a,
					"IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=%s", pod)
			 : arena_strdup(&b->a, "");
	char *text = arena_printf(&b->a,
				  "{\"cniVersion\":\"1.0.0\",\"name\":\"net\","
				  "\"ipam\":{\"dataDir\":\"%s\",\"sticky\":true,%s}}",
				  b->dir, b->ipam);

	return cni_conf_open(text, strlen(text), &b->a, &conf, &b->e) ||
			       cni_conf_decode(&conf, &b->a, &b->e) ||
			       cni_args_parse(env, &b->a, &args, &b->e) ||
			       hostlocal_make(&conf, &args, &b->a, h, &b->e)
		       ? -1
		       : 0;
}

/* The pod's name with a letter in front is the container's. "10.1.0.2/29", or the error. */
static const char *add(struct box *b, const char *pod, const char *id)
{
	struct lease_owner owner = { .container_id = id, .ifname = "eth0" };
	auto_str struct str s = { 0 };
	struct ipam_result r;
	struct lease_ips taken;
	struct hostlocal h;

	if (make(b, pod, &h) || hostlocal_add(&h, &owner, &b->a, &r, &taken, &b->e))
		return arena_strdup(&b->a, b->e.msg);
	for (size_t i = 0; i < r.ips.n; i++)
		str_addf(&s, "%s%s", i ? " " : "", ip_net_text(&r.ips.v[i].address).s);
	return arena_strdup(&b->a, str_text(&s));
}

static void del(struct box *b, const char *id)
{
	struct lease_owner owner = { .container_id = id, .ifname = "eth0" };
	struct hostlocal h = { .network = "net", .data_dir = b->dir };

	CHECK(!hostlocal_del(&h, &owner, &b->e));
}

static void reboot(struct box *b)
{
	char *mark = arena_printf(&b->a, "%s/.peapod/net/boot-id", b->dir);

	CHECK(!unlink(mark) && !symlink("another", mark));
}

static size_t remembered(struct box *b)
{
	DIR *dir = opendir(arena_printf(&b->a, "%s/.peapod/net/sticky", b->dir));
	struct dirent *entry;
	size_t n = 0;

	while (dir && (entry = readdir(dir)))
		n += str_starts(entry->d_name, "p-");
	if (dir)
		closedir(dir);
	return n;
}

#define SMALL "\"subnet\":\"10.1.0.0/29\"" /* .2 to .6 */
#define DUAL  "\"ranges\":[[{\"subnet\":\"10.1.0.0/24\"}],[{\"subnet\":\"fd00::/64\"}]]"

TEST(sticky_gets_its_address_again)
{
	auto_box struct box b;

	ASSERT(box_init(&b, DUAL));
	CHECK_TEXT(add(&b, "db-0", "a1"), "10.1.0.2/24 fd00::2/64");
	CHECK_TEXT(add(&b, "db-1", "b1"), "10.1.0.3/24 fd00::3/64");
	del(&b, "a1");
	CHECK_TEXT(add(&b, "web", "w1"), "10.1.0.4/24 fd00::4/64");
	CHECK_TEXT(add(&b, "db-0", "a2"), "10.1.0.2/24 fd00::2/64");
	/* Round robin goes on where it was. */
	CHECK_TEXT(add(&b, "web2", "w2"), "10.1.0.5/24 fd00::5/64");
	/* Its old lease still stands: it is not given away, and not given twice. */
	CHECK_TEXT(add(&b, "db-1", "b2"), "10.1.0.6/24 fd00::6/64");
	/* A pod without a name is as with any network. */
	CHECK_TEXT(add(&b, "", "n1"), "10.1.0.7/24 fd00::7/64");
}

TEST(sticky_survives_a_reboot)
{
	auto_box struct box b;

	ASSERT(box_init(&b, SMALL));
	CHECK_TEXT(add(&b, "db-0", "a1"), "10.1.0.2/29");
	CHECK_TEXT(add(&b, "db-1", "b1"), "10.1.0.3/29");
	reboot(&b);
	CHECK_TEXT(add(&b, "db-1", "b2"), "10.1.0.3/29");
	CHECK_TEXT(add(&b, "new", "n1"), "10.1.0.4/29");
	CHECK_TEXT(add(&b, "db-0", "a2"), "10.1.0.2/29");
}

/* Others get it last, and then the one that was given back first. */
TEST(sticky_exhaustion)
{
	auto_box struct box b;

	ASSERT(box_init(&b, SMALL));
	CHECK_TEXT(add(&b, "p2", "c2"), "10.1.0.2/29");
	CHECK_TEXT(add(&b, "p3", "c3"), "10.1.0.3/29");
	CHECK_TEXT(add(&b, "p4", "c4"), "10.1.0.4/29");
	del(&b, "c3");
	del(&b, "c2");
	del(&b, "c4");
	CHECK_TEXT(add(&b, "p5", "c5"), "10.1.0.5/29");
	CHECK_TEXT(add(&b, "p6", "c6"), "10.1.0.6/29");
	CHECK_TEXT(add(&b, "p7", "c7"), "10.1.0.3/29"); /* p3's, the first back */
	CHECK_TEXT(add(&b, "p2", "d2"), "10.1.0.2/29"); /* still its own */
	CHECK_TEXT(add(&b, "p3", "d3"), "10.1.0.4/29"); /* p4's is the last one */
	CHECK_HAS(add(&b, "p4", "d4"), "no IP addresses available");
	del(&b, "c7");
	CHECK_TEXT(add(&b, "p7", "e7"), "10.1.0.3/29"); /* p7's by now, not p3's */
	del(&b, "d2");
	CHECK_TEXT(add(&b, "", "n1"), "10.1.0.2/29"); /* anybody's, when nothing else is left */
	del(&b, "n1");
	CHECK_TEXT(add(&b, "p2", "f2"), "10.1.0.2/29");
}

/* Another implementation gave the lease back: nobody told the ring. */
TEST(sticky_exhaustion_without_a_trace)
{
	auto_box struct box b;

	ASSERT(box_init(&b, "\"subnet\":\"10.1.0.0/30\",\"rangeStart\":\"10.1.0.2\""));
	CHECK_TEXT(add(&b, "p1", "c1"), "10.1.0.2/30");
	ASSERT(!unlink(arena_printf(&b.a, "%s/net/10.1.0.2", b.dir)));
	CHECK_TEXT(add(&b, "p2", "c2"), "10.1.0.2/30");
	del(&b, "c2");
	CHECK_TEXT(add(&b, "p2", "c3"), "10.1.0.2/30");
}

TEST(sticky_memory_is_bounded)
{
	auto_box struct box b;

	ASSERT(box_init(&b, "\"subnet\":\"10.0.0.0/16\""));
	CHECK_TEXT(add(&b, "first", "c"), "10.0.0.2/16");
	del(&b, "c");
	for (int i = 0; i < STICKY_MAX - 1; i++) {
		char *name = arena_printf(&b.a, "p%d", i);

		add(&b, name, name);
		del(&b, name);
	}
	CHECK(remembered(&b) == STICKY_MAX);
	CHECK_TEXT(add(&b, "first", "c"), "10.0.0.2/16");
	del(&b, "c"); /* now the newest; p0 is the oldest but its slot was "first"'s */
	for (int i = 0; i < STICKY_MAX; i++) {
		char *name = arena_printf(&b.a, "q%d", i);

		add(&b, name, name);
		del(&b, name);
	}
	CHECK(remembered(&b) == STICKY_MAX);
	CHECK(strcmp(add(&b, "first", "c"), "10.0.0.2/16") != 0);
}

/* Links of somebody else's making are no memory, and break nothing. */
TEST(sticky_garbage)
{
	static const char *const texts[] = { "-",
					     "x y",
					     "9999 10.1.0.2 ns/p:eth0",
					     "- , ",
					     "- 10.1.0.2 other/pod:eth0",
					     "../../../../etc" };

	for (size_t i = 0; i < countof(texts); i++) {
		auto_box struct box b;
		char *dir;

		ASSERT(box_init(&b, SMALL));
		CHECK_TEXT(add(&b, "p", "c1"), "10.1.0.2/29");
		dir = arena_printf(&b.a, "%s/.peapod/net/sticky", b.dir);
		del(&b, "c1");
		ASSERT(!unlink(arena_printf(&b.a, "%s/next", dir)) &&
		       !symlink(texts[i], arena_printf(&b.a, "%s/next", dir)));
		ASSERT(!unlink(arena_printf(&b.a, "%s/s-0", dir)) &&
		       !symlink(texts[i], arena_printf(&b.a, "%s/s-0", dir)));
		ASSERT(!unlink(arena_printf(&b.a, "%s/10.1.0.2", dir)) &&
		       !symlink(texts[i], arena_printf(&b.a, "%s/10.1.0.2", dir)));
		CHECK_TEXT(add(&b, "p", "c2"), "10.1.0.3/29");
		del(&b, "c2");
		CHECK_TEXT(add(&b, "p", "c3"), "10.1.0.3/29");
	}
}

TEST(sticky_refused)
{
	auto_box struct box b;
	struct hostlocal h;

	ASSERT(box_init(&b, SMALL ",\"sticky\":7"));
	CHECK(make(&b, "p", &h) < 0);
	CHECK_HAS(b.e.msg, "sticky");
	b.ipam = SMALL;
	CHECK(make(&b, "../p", &h) < 0);
	CHECK(cni_err_code(&b.e) == CNI_ERR_ENV);
	CHECK_HAS(b.e.msg, "K8S_POD_NAME");
	CHECK(!make(&b, "", &h) && !h.sticky);
}
