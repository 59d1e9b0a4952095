/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing addresses, and leases on disk in a directory of the test's own. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cni/hostlocal.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "tests/unit/test.h"

struct box {
	struct arena a;
	char dir[32];
	struct hostlocal h;
	struct err e;
};

static void box_done(struct box *b)
{
	struct err e;

	path_remove_tree(AT_FDCWD, b->dir, &e);
	arena_done(&b->a);
}
#define auto_box __attribute__((cleanup(box_done)))

/* A directory, and host-local's config with these keys in ipam, and these beside it. */
static int box_init(struct box *b, const char *ipam, const char *more, const char *args_text)
{
	struct cni_args args;
	struct cni_conf conf;
	char *text;

	*b = (struct box){ .dir = "/tmp/peapod-lease-XXXXXX" };
	if (!mkdtemp(b->dir))
		return -1;
	text = arena_printf(&b->a,
			    "{\"cniVersion\":\"1.0.0\",\"name\":\"net\","
			    "\"ipam\":{\"dataDir\":\"%s\",%s}%s}",
			    b->dir, ipam, more);
	return cni_conf_open(text, strlen(text), &b->a, &conf, &b->e) ||
			       cni_conf_decode(&conf, &b->a, &b->e) ||
			       cni_args_parse(args_text, &b->a, &args, &b->e) ||
			       hostlocal_make(&conf, &args, &b->a, &b->h, &b->e)
		       ? -1
		       : 0;
}

/* "10.1.0.2/24 fd00::2/64", or the error's text. */
static const char *add(struct box *b, const char *id)
{
	struct lease_owner owner = { .container_id = id, .ifname = "eth0" };
	auto_str struct str s = { 0 };
	struct ipam_result r;
	struct lease_ips taken;

	if (hostlocal_add(&b->h, &owner, &b->a, &r, &taken, &b->e))
		return arena_strdup(&b->a, b->e.msg);
	for (size_t i = 0; i < r.ips.n; i++)
		str_addf(&s, "%s%s", i ? " " : "", ip_net_text(&r.ips.v[i].address).s);
	return arena_strdup(&b->a, str_text(&s));
}

static int del(struct box *b, const char *id)
{
	struct lease_owner owner = { .container_id = id, .ifname = "eth0" };

	return hostlocal_del(&b->h, &owner, &b->e);
}

static char *slurp(struct box *b, const char *name)
{
	char *path = arena_printf(&b->a, "%s/%s", b->dir, name);
	struct err e;
	char *text = read_file(AT_FDCWD, path, 4096, &b->a, NULL, &e);

	return text ? text : arena_strdup(&b->a, "(none)");
}

static void put(struct box *b, const char *name, const char *text)
{
	auto_fd int fd = open(arena_printf(&b->a, "%s/net/%s", b->dir, name),
			      O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && !write_all(fd, text, strlen(text)));
}

#define SMALL "\"subnet\":\"10.1.0.0/29\""
#define DUAL  "\"ranges\":[[{\"subnet\":\"10.1.0.0/24\"}],[{\"subnet\":\"fd00::/64\"}]]"

TEST(lease_files)
{
	auto_box struct box b;

	ASSERT(!box_init(&b, DUAL, "", ""));
	CHECK_TEXT(add(&b, "c1"), "10.1.0.2/24 fd00::2/64");
	CHECK_TEXT(slurp(&b, "net/10.1.0.2"), "c1\r\neth0");
	CHECK_TEXT(slurp(&b, "net/fd00::2"), "c1\r\neth0");
	CHECK_TEXT(slurp(&b, "net/last_reserved_ip.0"), "10.1.0.2");
	CHECK_TEXT(slurp(&b, "net/last_reserved_ip.1"), "fd00::2");
	CHECK_HAS(add(&b, "c1"), "10.1.0.2 has been allocated to this container");
	CHECK(!del(&b, "c1"));
	CHECK_TEXT(slurp(&b, "net/10.1.0.2"), "(none)");
	CHECK_TEXT(slurp(&b, "net/fd00::2"), "(none)");
	CHECK(!del(&b, "c1"));
	CHECK_TEXT(add(&b, "c1"), "10.1.0.3/24 fd00::3/64");
}

TEST(lease_exhaustion_and_wrap)
{
	auto_box struct box b;

	ASSERT(!box_init(&b, SMALL, "", ""));
	for (int i = 2; i < 7; i++)
		CHECK_TEXT(add(&b, arena_printf(&b.a, "c%d", i)),
			   arena_printf(&b.a, "10.1.0.%d/29", i));
	CHECK_TEXT(add(&b, "c9"), "failed to allocate for range 0: no IP addresses available in "
				  "range set: 10.1.0.1-10.1.0.6");
	CHECK(!del(&b, "c4"));
	CHECK_TEXT(add(&b, "c9"), "10.1.0.4/29");
	CHECK(!del(&b, "c2"));
	CHECK_TEXT(add(&b, "c10"), "10.1.0.2/29"); /* over the end */
}

/* A second set that is full takes back what the first one gave. */
TEST(lease_all_or_nothing)
{
	auto_box struct box b;

	ASSERT(!box_init(&b,
			 "\"ranges\":[[{\"subnet\":\"10.1.0.0/24\"}],"
			 "[{\"subnet\":\"10.2.0.0/30\",\"rangeStart\":\"10.2.0.2\"}]]",
			 "", ""));
	CHECK_TEXT(add(&b, "c1"), "10.1.0.2/24 10.2.0.2/30");
	CHECK_HAS(add(&b, "c2"), "failed to allocate for range 1");
	CHECK_TEXT(slurp(&b, "net/10.1.0.3"), "(none)");
}

TEST(lease_foreign_ones)
{
	auto_box struct box b;
	struct lease_owner old = { .container_id = "old", .ifname = "eth7" };

	ASSERT(!box_init(&b, SMALL, "", ""));
	CHECK_TEXT(add(&b, "c1"), "10.1.0.2/29");
	put(&b, "10.1.0.3", "go\r\neth0");
	put(&b, "10.1.0.4", "old\n"); /* the id alone: any interface */
	put(&b, "10.1.0.5", "");      /* a crash: free */
	put(&b, "last_reserved_ip.0", "garbage");
	CHECK_TEXT(add(&b, "c2"), "10.1.0.5/29");
	CHECK(!del(&b, "g")); /* no prefix of an id */
	CHECK_TEXT(slurp(&b, "net/10.1.0.3"), "go\r\neth0");
	CHECK(!del(&b, "go"));
	CHECK_TEXT(slurp(&b, "net/10.1.0.3"), "(none)");
	CHECK(!hostlocal_del(&b.h, &old, &b.e));
	CHECK_TEXT(slurp(&b, "net/10.1.0.4"), "(none)");
}

/* The index is a help, not the truth. */
TEST(lease_index_lost_or_stale)
{
	auto_box struct box b;

	ASSERT(!box_init(&b, SMALL, "", ""));
	CHECK_TEXT(add(&b, "c1"), "10.1.0.2/29");
	ASSERT(!unlink(arena_printf(&b.a, "%s/.peapod/net/c1:eth0", b.dir)));
	CHECK(!del(&b, "c1"));
	CHECK_TEXT(slurp(&b, "net/10.1.0.2"), "(none)");
	CHECK_TEXT(add(&b, "c2"), "10.1.0.3/29");
	put(&b, "10.1.0.3", "other\r\neth0");
	CHECK(!del(&b, "c2"));
	CHECK_TEXT(slurp(&b, "net/10.1.0.3"), "other\r\neth0");
}

/* As if the host had been started again since. */
static bool reboot(struct box *b)
{
	char *mark = arena_printf(&b->a, "%s/.peapod/net/boot-id", b->dir);

	return !unlink(mark) && !symlink("another", mark);
}

static bool set_time(struct box *b, const char *name, time_t sec)
{
	struct timespec t[2] = { { .tv_sec = sec }, { .tv_sec = sec } };

	return !utimensat(AT_FDCWD, arena_printf(&b->a, "%s/%s", b->dir, name), t,
			  AT_SYMLINK_NOFOLLOW);
}

TEST(lease_of_an_earlier_boot)
{
	auto_box struct box b;
	time_t later = time(NULL) + 1000000;

	ASSERT(!box_init(&b, SMALL, "", ""));
	CHECK_TEXT(add(&b, "c1"), "10.1.0.2/29");
	CHECK_TEXT(add(&b, "c2"), "10.1.0.3/29");
	ASSERT(set_time(&b, "net/10.1.0.2", 1000000));
	CHECK_TEXT(add(&b, "c3"), "10.1.0.4/29");
	CHECK_TEXT(slurp(&b, "net/10.1.0.2"), "c1\r\neth0"); /* same boot: kept */
	put(&b, "10.1.0.5", "go\r\neth0");		     /* by another one, since the boot */
	/* The clock was ahead in that boot. */
	ASSERT(set_time(&b, "net/10.1.0.4", later) && set_time(&b, ".peapod/net/c3:eth0", later));
	ASSERT(reboot(&b));
	CHECK_TEXT(add(&b, "c4"), "10.1.0.6/29");
	CHECK_TEXT(slurp(&b, "net/10.1.0.2"), "(none)");
	CHECK_TEXT(slurp(&b, "net/10.1.0.3"), "(none)");
	CHECK_TEXT(slurp(&b, "net/10.1.0.4"), "(none)");
	CHECK_TEXT(slurp(&b, "net/10.1.0.5"), "go\r\neth0");
}

/* A container that kept its name and was started again by another implementation. */
TEST(lease_made_again_after_a_boot)
{
	auto_box struct box b;

	ASSERT(!box_init(&b, SMALL, "", ""));
	CHECK_TEXT(add(&b, "c1"), "10.1.0.2/29");
	ASSERT(set_time(&b, ".peapod/net/c1:eth0", 1000000));
	ASSERT(reboot(&b));
	CHECK_TEXT(add(&b, "c2"), "10.1.0.3/29");
	CHECK_TEXT(slurp(&b, "net/10.1.0.2"), "c1\r\neth0");
}

/* The second DEL of a pod reads no lease: one that the index does not know stays hidden. */
TEST(lease_index_is_complete)
{
	auto_box struct box b;
	struct stat st;

	ASSERT(!box_init(&b, SMALL, "", ""));
	CHECK_TEXT(add(&b, "c1"), "10.1.0.2/29");
	ASSERT(!stat(arena_printf(&b.a, "%s/net", b.dir), &st));
	if (!st.st_mtim.tv_nsec)
		return; /* a file system without nanoseconds */
	put(&b, "10.1.0.3", "go\r\neth0");
	CHECK_TEXT(add(&b, "c2"), "10.1.0.4/29"); /* has read them all */
	CHECK(strlen(slurp(&b, "net/10.1.0.3")) > 0);
	ASSERT(!stat(arena_printf(&b.a, "%s/net", b.dir), &st));
	put(&b, "10.1.0.5", "go2\r\neth0");
	ASSERT(!utimensat(AT_FDCWD, arena_printf(&b.a, "%s/net", b.dir),
			  (struct timespec[2]){ st.st_atim, st.st_mtim }, 0));
	CHECK(!del(&b, "go2"));
	CHECK_TEXT(slurp(&b, "net/10.1.0.5"), "go2\r\neth0");
	CHECK(!del(&b, "go")); /* this one it knows */
	CHECK_TEXT(slurp(&b, "net/10.1.0.3"), "(none)");
	put(&b, "10.1.0.6", "go3\r\neth0"); /* the clock's time: all are read */
	CHECK(!del(&b, "go2"));
	CHECK_TEXT(slurp(&b, "net/10.1.0.5"), "(none)");
	CHECK_HAS(add(&b, "go3"), "10.1.0.6 has been allocated to this container");
}

/* A killed run leaves no mark. */
TEST(lease_index_after_a_crash)
{
	auto_box struct box b;
	struct lease_owner owner = { .container_id = "c1", .ifname = "eth0" };
	struct lease_dir d, again;

	ASSERT(!box_init(&b, SMALL, "", ""));
	CHECK_TEXT(add(&b, "c0"), "10.1.0.2/29");
	ASSERT(!lease_open(b.dir, "net", true, &d, &b.e));
	CHECK(d.complete);
	ASSERT(!lease_write(&d, &(struct ip_addr){ 4, { 10, 1, 0, 6 } }, &owner, &b.e));
	d.complete = false; /* so closing it is what the kernel does for the dead */
	lease_close(&d);
	ASSERT(!lease_open(b.dir, "net", false, &again, &b.e));
	CHECK(!again.complete);
	lease_close(&again);
	CHECK(!del(&b, "c1"));
	CHECK_TEXT(slurp(&b, "net/10.1.0.6"), "(none)");
}

TEST(lease_requests)
{
	auto_box struct box b;
	auto_box struct box two;

	ASSERT(!box_init(&b, DUAL, ",\"args\":{\"cni\":{\"ips\":[\"fd00::77/48\"]}}",
			 "IP=10.1.0.9;K8S_POD_NAME=x;IgnoreUnknown=1"));
	CHECK_TEXT(add(&b, "c1"), "10.1.0.9/24 fd00::77/64");
	CHECK_HAS(add(&b, "c2"), "requested IP address 10.1.0.9 is not available");
	ASSERT(!box_init(&two, SMALL, ",\"runtimeConfig\":{\"ips\":[\"10.1.0.3\",\"10.1.0.3\"]}",
			 ""));
	CHECK_TEXT(add(&two, "c1"), "10.1.0.3/29");
}

TEST(lease_requests_refused)
{
	static const struct {
		const char *args, *why;
	} rows[] = {
		{ "IP=10.1.0.1", "requested ip 10.1.0.1 is subnet's gateway" },
		{ "IP=10.9.0.1", "failed to allocate all requested IPs: 10.9.0.1" },
		{ "IP=10.1.0.7", "failed to allocate all requested IPs" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_box struct box b;

		ASSERT(!box_init(&b, SMALL, "", rows[i].args));
		CHECK_HAS(add(&b, "c1"), rows[i].why);
		CHECK_TEXT(slurp(&b, "net/10.1.0.2"), "(none)");
	}
}

TEST(hostlocal_configs_refused)
{
	static const struct {
		const char *ipam, *args, *why;
	} rows[] = {
		{ "\"x\":1", "", "no IP ranges" },
		{ "\"ranges\":[[]]", "", "invalid range set 0: empty" },
		{ SMALL ",\"ranges\":[[{\"subnet\":\"10.1.0.0/24\"}]]", "",
		  "range set 0 overlaps with 1" },
		{ "\"subnet\":7", "", "subnet" },
		{ SMALL ",\"routes\":[{\"dst\":\"1.2.3.4\"}]", "", "routes: [0]: dst" },
		{ SMALL, "IP=x", "requested address 'x'" },
		{ SMALL, "FOO=x", "unknown name 'FOO'" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_box struct box b;

		CHECK(box_init(&b, rows[i].ipam, "", rows[i].args) < 0);
		CHECK_HAS(b.e.msg, rows[i].why);
	}
}

TEST(hostlocal_resolv_conf)
{
	auto_box struct box b;
	struct lease_owner owner = { .container_id = "c1", .ifname = "eth0" };
	struct ipam_result r;
	struct lease_ips taken;

	ASSERT(!box_init(&b, SMALL, "", ""));
	mkdir(arena_printf(&b.a, "%s/net", b.dir), 0755);
	put(&b, "resolv",
	    "# c\n; d\nnameserver 10.0.0.1 x\n nameserver\t10.0.0.2\nnameserver\n"
	    "domain a.b\nsearch c d\noptions ndots:5 rotate");
	b.h.resolv_conf = arena_printf(&b.a, "%s/net/resolv", b.dir);
	ASSERT(!hostlocal_add(&b.h, &owner, &b.a, &r, &taken, &b.e));
	ASSERT(r.dns.nameservers.n == 2 && r.dns.search.n == 2 && r.dns.options.n == 2);
	CHECK_TEXT(r.dns.nameservers.v[1], "10.0.0.2");
	CHECK_TEXT(r.dns.domain, "a.b");
	CHECK_TEXT(r.dns.options.v[0], "ndots:5");
	b.h.resolv_conf = "/nonexistent";
	CHECK_HAS(add(&b, "c2"), "/nonexistent");
}

TEST(hostlocal_gc_and_status)
{
	auto_box struct box b;
	struct cni_attachment keep = { "c2", "eth0" };

	ASSERT(!box_init(&b, "\"subnet\":\"10.1.0.0/30\",\"rangeStart\":\"10.1.0.2\"", "", ""));
	CHECK(!hostlocal_status(&b.h, &b.e));
	CHECK_TEXT(add(&b, "c1"), "10.1.0.2/30");
	CHECK(hostlocal_status(&b.h, &b.e) < 0);
	CHECK(cni_err_code(&b.e) == CNI_ERR_UNAVAILABLE);
	CHECK(!hostlocal_gc(&b.h, &keep, 1, NULL, NULL, &b.e));
	CHECK_TEXT(add(&b, "c2"), "10.1.0.2/30");
	CHECK(!hostlocal_gc(&b.h, &keep, 1, NULL, NULL, &b.e));
	CHECK_TEXT(slurp(&b, "net/10.1.0.2"), "c2\r\neth0");
	CHECK(!hostlocal_gc(&b.h, NULL, 0, NULL, NULL, &b.e));
	CHECK_TEXT(slurp(&b, "net/10.1.0.2"), "(none)");
}
