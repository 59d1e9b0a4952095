/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts and namespaces: propagation, user namespaces, id-mapping. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "tests/unit/engine/box.h"
#include "tests/unit/test.h"

#define PROC "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}"
#define DEV  "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}"
#define BIND(dest, src, opts)                                                                      \
	"{\"destination\":\"" dest "\",\"source\":\"" src "\",\"options\":[" opts "]}"
#define LIST2(a, b)	  a "," b
#define LIST4(a, b, c, d) LIST2(a, b) "," LIST2(c, d)

static void must(int r)
{
	if (r)
		abort();
}

static char *run(const struct box *b, struct arena *a)
{
	if (box_possible())
		return box_run(b, a);
	test_skip("needs root");
	return arena_strdup(a, "");
}

static int make_file(const char *path)
{
	auto_fd int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	return fd < 0 ? errno : 0;
}

/*
 * The "host" here is the box's first mount namespace: its bundle has a shared
 * volume. A second process stays in it, and mounts when told so.
 */
static int to_host[2], from_host[2];

static void host_process(void)
{
	char c;

	while (read(to_host[0], &c, 1) == 1) {
		if (c == 'm')
			must(mkdir("vol/late", 0755) ||
			     mount("late", "vol/late", "tmpfs", 0, NULL));
		if (c == 'p')
			c = (char)('0' + !access("vol/inner/mark", F_OK));
		else if (c == 'r')
			c = (char)('0' + !access("rootfs/inner/mark", F_OK));
		must(write(from_host[1], &c, 1) != 1);
	}
	_exit(0);
}

static char ask_host(char what)
{
	char c = 0;

	must(write(to_host[1], &what, 1) != 1 || read(from_host[0], &c, 1) != 1);
	return c;
}

static void shared_volume(void)
{
	must(mkdir("vol", 0755) || mount("vol", "vol", "tmpfs", 0, NULL));
	must(mount(NULL, "vol", NULL, MS_SHARED, NULL));
	must(mkdir("vol/inner", 0755) || pipe(to_host) || pipe(from_host));
	if (!fork()) {
		close(to_host[1]);
		host_process();
	}
	close(to_host[0]);
	must(unshare(CLONE_NEWNS));
}

static void look_at_propagation(struct str *bad)
{
	auto_arena struct arena a = { 0 };

	EXPECT(bad, str_eq(box_peers("/none", &a), "master"));
	EXPECT(bad, str_eq(box_peers("/slave", &a), "master"));
	EXPECT(bad, str_eq(box_peers("/private", &a), ""));
	EXPECT(bad, str_eq(box_peers("/shared", &a), "shared master"));
	EXPECT(bad, str_eq(box_peers("/unbindable", &a), "unbind"));
	EXPECT(bad, str_eq(box_peers("/own", &a), "shared"));
	EXPECT(bad, str_eq(box_peers("/", &a), ""));
	EXPECT(bad, ask_host('m') == 'm');
	EXPECT(bad, !str_eq(box_peers("/none/late", &a), "not a mount"));
	EXPECT(bad, !str_eq(box_peers("/slave/late", &a), "not a mount"));
	EXPECT(bad, !str_eq(box_peers("/shared/late", &a), "not a mount"));
	EXPECT(bad, str_eq(box_peers("/private/late", &a), "not a mount"));
	EXPECT(bad,
	       !mount("in", "/slave/inner", "tmpfs", 0, NULL) && !make_file("/slave/inner/mark"));
	EXPECT(bad, ask_host('p') == '0');
}

TEST(mounts_propagation_from_the_host)
{
	static const struct box b = {
		.mounts = LIST4(PROC, BIND("/none", "vol", "\"bind\""),
				BIND("/slave", "vol", "\"rbind\",\"rslave\",\"ro\""),
				LIST4(BIND("/private", "vol", "\"rbind\",\"rprivate\""),
				      BIND("/shared", "vol", "\"bind\",\"slave\",\"shared\""),
				      BIND("/unbindable", "vol", "\"bind\",\"unbindable\""),
				      "{\"destination\":\"/own\",\"type\":\"tmpfs\",\"options\":"
				      "[\"rshared\"]}")),
		.before = shared_volume,
		.inside = look_at_propagation,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
}

static void look_at_shared_root(struct str *bad)
{
	auto_arena struct arena a = { 0 };

	EXPECT(bad, str_eq(box_peers("/", &a), "shared"));
	EXPECT(bad, str_eq(box_peers("/vol", &a), "shared"));
	EXPECT(bad, str_eq(box_peers("/priv", &a), ""));
	EXPECT(bad, !mount("in", "/vol/inner", "tmpfs", 0, NULL) && !make_file("/vol/inner/mark"));
	EXPECT(bad, ask_host('p') == '1');
}

TEST(mounts_propagation_to_the_host)
{
	static const struct box b = {
		.mounts = LIST2(PROC, LIST2(BIND("/vol", "vol", "\"rbind\",\"rshared\""),
					    BIND("/priv", "vol", "\"rbind\",\"rprivate\""))),
		.linux_more = ",\"rootfsPropagation\":\"rshared\"",
		.before = shared_volume,
		.inside = look_at_shared_root,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
}

/* The bundle's own mount is shared, and the root must not get out through it. */
static void shared_bundle(void)
{
	char cwd[256];

	must(!getcwd(cwd, sizeof(cwd)) || mount(".", ".", NULL, MS_BIND, NULL));
	must(chdir(cwd) || mount(NULL, ".", NULL, MS_SHARED, NULL));
	shared_volume();
	must(mkdir("rootfs/inner", 0755));
}

static void root_unbindable(struct str *bad)
{
	auto_arena struct arena a = { 0 };

	EXPECT(bad, str_eq(box_peers("/", &a), "unbind"));
}

/* Mounts in the container's root stay there, whatever its propagation. */
static void root_shared(struct str *bad)
{
	auto_arena struct arena a = { 0 };

	EXPECT(bad, str_eq(box_peers("/", &a), "shared") && str_eq(box_peers("/proc", &a), ""));
	EXPECT(bad, !mount("in", "/inner", "tmpfs", 0, NULL) && !make_file("/inner/mark"));
	EXPECT(bad, ask_host('r') == '0');
}

static void root_slave(struct str *bad)
{
	auto_arena struct arena a = { 0 };

	EXPECT(bad, str_eq(box_peers("/", &a), "master") && str_eq(box_peers("/proc", &a), ""));
}

static void root_private(struct str *bad)
{
	auto_arena struct arena a = { 0 };

	EXPECT(bad, str_eq(box_peers("/", &a), "") && str_eq(box_peers("/proc", &a), ""));
}

TEST(mounts_root_propagation)
{
#define ROOT_PROPAGATION(what) ",\"rootfsPropagation\":\"" what "\""
	static const struct box cases[] = {
		{ .mounts = PROC,
		  .linux_more = ROOT_PROPAGATION("unbindable"),
		  .before = shared_bundle,
		  .inside = root_unbindable },
		{ .mounts = PROC,
		  .linux_more = ROOT_PROPAGATION("shared"),
		  .before = shared_bundle,
		  .inside = root_shared },
		{ .mounts = PROC,
		  .linux_more = ROOT_PROPAGATION("rslave"),
		  .before = shared_bundle,
		  .inside = root_slave },
		{ .mounts = PROC, .before = shared_bundle, .inside = root_private },
		{ .mounts = PROC,
		  .linux_more = ROOT_PROPAGATION("rprivate"),
		  .before = shared_bundle,
		  .inside = root_private },
	};
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < countof(cases); i++)
		CHECK_TEXT(run(&cases[i], &a), "");
}

/* Namespaces of users: what only root of the host may do must have another way. */

static bool is_null(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static void look_at_userns(struct str *bad)
{
	auto_fd int null = open("/dev/null", O_WRONLY);
	struct stat st;

	EXPECT(bad, null >= 0 && write(null, "x", 1) == 1 && is_null("/dev/null"));
	EXPECT(bad, (box_flags("/dev/null") & (ST_NOSUID | ST_NOEXEC)) == (ST_NOSUID | ST_NOEXEC));
	EXPECT(bad, box_type("/dev/pts") == DEVPTS_SUPER_MAGIC);
	EXPECT(bad, box_flags("/sys") & ST_RDONLY && box_type("/sys") == SYSFS_MAGIC);
	EXPECT(bad, !stat("/secret/file", &st) && st.st_uid == 0);
	EXPECT(bad, box_flags("/secret") & ST_RDONLY && box_flags("/secret") & ST_NOEXEC);
	EXPECT(bad, mount(NULL, "/secret", NULL, MS_REMOUNT | MS_BIND, NULL) && errno == EPERM);
	EXPECT(bad, !stat("/mapped/file", &st) && st.st_uid == 65534);
	EXPECT(bad, !stat("/auto/file", &st) && st.st_uid == 0);
	EXPECT(bad, !make_file("/auto/new") && !stat("/auto/new", &st) && st.st_uid == 0);
	EXPECT(bad, is_null("/mask-me") && box_type("/mask-dir") == TMPFS_MAGIC);
	EXPECT(bad, make_file("/x") == EROFS);
}

/* A directory that the container's root may not walk through, owned by its ids. */
static void secret_volume(void)
{
	must(mkdir("closed", 0700) || mkdir("closed/vol", 0755));
	must(mount("vol", "closed/vol", "tmpfs", MS_NOEXEC, "mode=755"));
	must(make_file("closed/vol/file") || chown("closed/vol/file", 100000, 100000));
	must(mkdir("host", 0777) || make_file("host/file") || chmod("host", 0777));
	must(make_file("rootfs/mask-me") || mkdir("rootfs/mask-dir", 0755));
	must(chown("rootfs", 100000, 100000));
}

TEST(mounts_in_a_user_namespace)
{
	static const struct box b = {
		.userns = true,
		.inherit_netns = true,
		.root_more = ",\"readonly\":true",
		.mounts = LIST4(DEV,
				"{\"destination\":\"/dev/"
				"pts\",\"type\":\"devpts\",\"options\":[\"newinstance\","
				"\"ptmxmode=0666\",\"gid=5\"]},{\"destination\":\"/"
				"sys\",\"type\":\"sysfs\","
				"\"options\":[\"nosuid\",\"ro\"]}",
				BIND("/secret", "closed/vol", "\"bind\",\"ro\""),
				LIST2(BIND("/mapped", "host", "\"bind\""),
				      "{\"destination\":\"/"
				      "auto\",\"source\":\"host\",\"options\":[\"bind\"],"
				      "\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,"
				      "\"size\":65536}],"
				      "\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,"
				      "\"size\":65536}]}")),
		.linux_more = ",\"maskedPaths\":[\"/mask-me\",\"/mask-dir\"]",
		.before = secret_volume,
		.inside = look_at_userns,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
}

/* What the host has locked stays; to ask for the opposite is an error. */
TEST(mounts_locked_in_a_user_namespace)
{
	static const struct {
		struct box box;
		const char *error;
	} cases[] = {
		{ { .userns = true,
		    .mounts = BIND("/x", "closed/vol", "\"bind\",\"exec\""),
		    .before = secret_volume },
		  "mounts[0] '/x': set mount flags: a user namespace has locked one" },
		{ { .userns = true,
		    .mounts = BIND("/x", "closed/none", "\"bind\""),
		    .before = secret_volume },
		  "/closed/none': bind: No such file or directory" },
		{ { .userns = true,
		    .mounts = BIND("/x", "closed/none", "\"bind\""),
		    .before = secret_volume },
		  "mounts[0] '/x': source '" },
	};
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < countof(cases); i++)
		CHECK_HAS(run(&cases[i].box, &a), box_possible() ? cases[i].error : "");
}

/* Directories of the disk: a tmpfs can be id-mapped since Linux 6.3 only. */
static void idmap_volume(void)
{
	must(mkdir("vol", 0755) || mkdir("vol/sub", 0755));
	must(mount("vol/sub", "vol/sub", NULL, MS_BIND, NULL));
	must(make_file("vol/f") || make_file("vol/sub/f"));
}

static void look_at_idmap(struct str *bad)
{
	struct stat st;

	EXPECT(bad, !stat("/one/f", &st) && st.st_uid == 100000 && st.st_gid == 200000);
	EXPECT(bad, !stat("/one/sub/f", &st) && st.st_uid == 0);
	EXPECT(bad, !stat("/all/f", &st) && st.st_uid == 100000);
	EXPECT(bad, !stat("/all/sub/f", &st) && st.st_uid == 100000 && st.st_gid == 200000);
	EXPECT(bad, !stat("/plain/f", &st) && st.st_uid == 0);
}

#define MAPS                                                                                       \
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":1}],"                      \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":200000,\"size\":1}]"

TEST(mounts_idmapped)
{
	static const struct box b = {
		.mounts =
			"{\"destination\":\"/one\",\"source\":\"vol\",\"options\":[\"rbind\"]," MAPS
			"},{\"destination\":\"/all\",\"source\":\"vol\",\"options\":[\"rbind\","
			"\"ridmap\"]," MAPS "}," BIND("/plain", "vol", "\"bind\""),
		.before = idmap_volume,
		.inside = look_at_idmap,
	};
	static const struct box proc = {
		.mounts =
			"{\"destination\":\"/p\",\"source\":\"/proc\",\"options\":[\"bind\"]," MAPS
			"}",
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
	CHECK_HAS(run(&proc, &a), box_possible() ? "mounts[0] '/p': map ids (its file system" : "");
}

/* The whole runtime in a user namespace: flags of the host's mounts are locked. */

static void enter_rootless(void)
{
	must(mkdir("vol", 0755) || mount("vol", "vol", "tmpfs", MS_NOSUID | MS_NODEV, NULL));
	must(unshare(CLONE_NEWUSER | CLONE_NEWNS));
}

static void look_at_locked(struct str *bad)
{
	EXPECT(bad, (box_flags("/ro") & (ST_RDONLY | ST_NOSUID | ST_NODEV)) ==
			    (ST_RDONLY | ST_NOSUID | ST_NODEV));
}

TEST(mounts_locked_flags)
{
	static const struct box kept = { .inherit_netns = true,
					 .mounts = BIND("/ro", "vol", "\"rbind\",\"ro\""),
					 .before = enter_rootless,
					 .inside = look_at_locked };
	static const struct box refused = { .inherit_netns = true,
					    .mounts =
						    BIND("/ro", "vol", "\"rbind\",\"suid\",\"ro\""),
					    .before = enter_rootless };
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&kept, &a), "");
	CHECK_HAS(run(&refused, &a), box_possible() ? "a user namespace has locked one" : "");
}

/* Eighty layers: more than fsconfig(2) takes in one value. */
static char long_overlay[4096];

static void make_many_layers(void)
{
	char name[64];

	must(mount("layers", "/mnt", "tmpfs", 0, NULL));
	for (int i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "/mnt/%d", i);
		must(mkdir(name, 0755));
	}
	must(make_file("/mnt/0/first") || make_file("/mnt/79/last"));
}

static void look_at_many_layers(struct str *bad)
{
	auto_arena struct arena a = { 0 };

	EXPECT(bad, !access("/o/first", F_OK) && !access("/o/last", F_OK));
	EXPECT(bad, box_flags("/o") & ST_NODEV && make_file("/o/x") == EROFS);
	EXPECT(bad, str_eq(box_peers("/o", &a), "shared"));
	EXPECT(bad, !strstr(box_text("/proc/self/mountinfo", &a), "/o/m"));
}

TEST(mounts_with_long_options)
{
	struct box b = { .mounts = long_overlay,
			 .before = make_many_layers,
			 .inside = look_at_many_layers };
	auto_arena struct arena a = { 0 };
	struct str text = { 0 };
	const char *found;

	str_add(&text, PROC ",{\"destination\":\"/o\",\"type\":\"overlay\",\"options\":"
			    "[\"nodev\",\"shared\",\"lowerdir=");
	for (int i = 0; i < 80; i++)
		str_addf(&text, "%s/mnt/%d", i ? ":" : "", i);
	str_add(&text, "\"]}");
	snprintf(long_overlay, sizeof(long_overlay), "%s", str_text(&text));
	str_done(&text);
	found = run(&b, &a);
	if (strstr(found, "No such device"))
		test_skip("needs overlayfs");
	else
		CHECK_TEXT(found, "");
}
