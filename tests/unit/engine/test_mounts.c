/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts, devices, pivot and seal against the kernel, in namespaces of their own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "tests/unit/engine/box.h"
#include "tests/unit/test.h"

#define PROC "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}"
#define DEV                                                                                        \
	"{\"destination\":\"/"                                                                     \
	"dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\","                   \
	"\"strictatime\",\"mode=755\",\"size=65536k\"]}"
#define BIND(dest, src, opts)                                                                      \
	"{\"destination\":\"" dest "\",\"source\":\"" src "\",\"options\":[" opts "]}"
#define LIST2(a, b)	  a "," b
#define LIST3(a, b, c)	  LIST2(a, b) "," c
#define LIST4(a, b, c, d) LIST2(a, b) "," LIST2(c, d)
#define FLAGS		  (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC)

static char *run(const struct box *b, struct arena *a)
{
	if (box_possible())
		return box_run(b, a);
	test_skip("needs root");
	return arena_strdup(a, "");
}

static bool is_node(const char *path, mode_t mode, unsigned int ma, unsigned int mi)
{
	struct stat st;

	return !lstat(path, &st) && st.st_mode == (S_IFCHR | mode) && st.st_rdev == makedev(ma, mi);
}

static bool is_link(const char *path, const char *target)
{
	char have[256];
	ssize_t n = readlink(path, have, sizeof(have) - 1);

	if (n < 0)
		return false;
	have[n] = '\0';
	return str_eq(have, target);
}

/* Preparations that fail end the child, which the test sees. */
static void must(int r)
{
	if (r)
		abort();
}

/* 0, or the errno of making a file there. */
static int make_file(const char *path)
{
	auto_fd int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	return fd < 0 ? errno : 0;
}

static bool is_empty(const char *path, struct arena *a)
{
	return !access(path, F_OK) && !*box_text(path, a);
}

static void look_at_default(struct str *bad)
{
	auto_arena struct arena a = { 0 };
	struct stat st;
	char cwd[64];

	EXPECT(bad, box_type("/proc") == PROC_SUPER_MAGIC && box_type("/sys") == SYSFS_MAGIC);
	EXPECT(bad, box_type("/dev") == TMPFS_MAGIC && box_type("/dev/pts") == DEVPTS_SUPER_MAGIC);
	EXPECT(bad, box_type("/dev/mqueue") == 0x19800202); /* MQUEUE_MAGIC */
	EXPECT(bad, !stat("/dev/shm", &st) && (st.st_mode & 07777) == 01777);
	EXPECT(bad, !stat("/dev", &st) && (st.st_mode & 07777) == 0755);
	EXPECT(bad, (box_flags("/sys") & FLAGS) == FLAGS);
	EXPECT(bad, (box_flags("/dev/shm") & FLAGS) == (ST_NOSUID | ST_NODEV | ST_NOEXEC));
	EXPECT(bad, is_node("/dev/null", 0666, 1, 3) && is_node("/dev/zero", 0666, 1, 5));
	EXPECT(bad, is_node("/dev/full", 0666, 1, 7) && is_node("/dev/random", 0666, 1, 8));
	EXPECT(bad, is_node("/dev/urandom", 0666, 1, 9) && is_node("/dev/tty", 0666, 5, 0));
	EXPECT(bad, is_node("/dev/net/tun", 0600, 10, 200));
	EXPECT(bad, !stat("/dev/net/tun", &st) && st.st_uid == 7 && st.st_gid == 8);
	EXPECT(bad, !stat("/dev/net", &st) && (st.st_mode & 07777) == 0755);
	EXPECT(bad, is_link("/dev/ptmx", "pts/ptmx") && is_link("/dev/fd", "/proc/self/fd"));
	EXPECT(bad, is_empty("/proc/version", &a) && is_empty("/proc/uptime", &a));
	EXPECT(bad, chmod("/proc/version", 0) && errno == EROFS);
	EXPECT(bad, rmdir("/proc/acpi") && box_type("/proc/bus") == PROC_SUPER_MAGIC);
	EXPECT(bad, box_type("/sys/firmware") == TMPFS_MAGIC);
	EXPECT(bad, make_file("/sys/firmware/x") == EROFS);
	EXPECT(bad, (box_flags("/proc/sys") & (ST_RDONLY | ST_NOSUID)) == (ST_RDONLY | ST_NOSUID));
	EXPECT(bad, !(box_flags("/proc") & ST_RDONLY));
	EXPECT(bad, make_file("/x") == EROFS && !make_file("/dev/shm/x"));
	EXPECT(bad, getcwd(cwd, sizeof(cwd)) && str_eq(cwd, "/") && access("/rootfs", F_OK));
	EXPECT(bad, !strstr(box_text("/proc/self/mountinfo", &a), "peapod-box-"
								  "\n"));
	EXPECT(bad, str_eq(box_peers("/", &a), ""));
}

TEST(mounts_of_a_default_container)
{
	static const struct box b = {
		.root_more = ",\"readonly\":true",
		.mounts =
			"{\"destination\":\"/"
			"proc\",\"type\":\"proc\",\"options\":[\"nosuid\"]}," DEV
			",{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
			"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\","
			"\"mode=0620\",\"gid=5\"]},{\"destination\":\"/dev/"
			"shm\",\"type\":\"tmpfs\","
			"\"source\":\"shm\",\"options\":[\"nosuid\",\"noexec\",\"nodev\","
			"\"mode=1777\",\"size=65536k\"]},{\"destination\":\"/dev/mqueue\",\"type\":"
			"\"mqueue\",\"source\":\"mqueue\",\"options\":[\"nosuid\",\"noexec\","
			"\"nodev\"]},{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":"
			"\"sysfs\",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}",
		.linux_more = ",\"maskedPaths\":[\"/proc/acpi\",\"/proc/version\",\"/proc/uptime\","
			      "\"/proc/nothing\",\"/sys/firmware\",\"/dev/null/x\"],"
			      "\"readonlyPaths\":[\"/proc/bus\",\"/proc/sys\",\"/proc/missing\"],"
			      "\"devices\":[{\"path\":\"/dev/net/tun\",\"type\":\"c\",\"major\":10,"
			      "\"minor\":200,\"fileMode\":384,\"uid\":7,\"gid\":8}]",
		.inside = look_at_default,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
}

TEST(mounts_without_pivot)
{
	static const struct box b = {
		.root_more = ",\"readonly\":true",
		.mounts = "{\"destination\":\"/"
			  "proc\",\"type\":\"proc\",\"options\":[\"nosuid\"]}," DEV,
		.no_pivot = true,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
}

/* A volume with every flag, and one below it with none. */
static void make_volume(void)
{
	must(mkdir("vol", 0755));
	must(mount("vol", "vol", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, NULL));
	must(mkdir("vol/sub", 0755));
	must(mount("sub", "vol/sub", "tmpfs", 0, NULL));
	must(make_file("vol/file"));
}

static void look_at_flags(struct str *bad)
{
	struct stat st;

	EXPECT(bad, (box_flags("/keep") & FLAGS) == (FLAGS & ~ST_RDONLY));
	EXPECT(bad, box_flags("/keep") & ST_NOATIME);
	EXPECT(bad, (box_flags("/rw") & (FLAGS | ST_NOATIME)) == ST_NOATIME);
	EXPECT(bad, (box_flags("/ro") & FLAGS) == ST_RDONLY && !(box_flags("/ro/sub") & FLAGS));
	EXPECT(bad, (box_flags("/suid") & FLAGS) == ST_NODEV);
	EXPECT(bad, box_flags("/times") & ST_RELATIME && !(box_flags("/times") & ST_NOATIME));
	EXPECT(bad, !(box_flags("/strict") & (ST_RELATIME | ST_NOATIME)));
	EXPECT(bad, box_flags("/rro") & ST_RDONLY && box_flags("/rro/sub") & ST_RDONLY);
	EXPECT(bad, box_flags("/rro") & ST_NOEXEC);
	EXPECT(bad, (box_flags("/rec/sub") & (FLAGS | ST_NOATIME)) == (ST_NOEXEC | ST_NOATIME));
	EXPECT(bad, (box_flags("/rec") & FLAGS) == (ST_NOEXEC | ST_NODEV));
	EXPECT(bad, access("/rbind/sub", F_OK) == 0 && box_flags("/rbind/sub") >= 0);
	EXPECT(bad,
	       !lstat("/f/file", &st) && S_ISREG(st.st_mode) && box_flags("/f/file") & ST_RDONLY);
	EXPECT(bad, !lstat("/nosym", &st) && access("/nosym/l", F_OK) && errno == ELOOP);
}

static void make_volume_and_link(void)
{
	make_volume();
	must(symlink("file", "vol/l"));
}

TEST(mounts_bind_flags_are_exact)
{
	static const struct box b = {
		.mounts = LIST3(
			LIST4(BIND("/keep", "vol", "\"bind\""),
			      BIND("/rw", "vol", "\"bind\",\"rw\""),
			      BIND("/ro", "vol", "\"rbind\",\"ro\""),
			      BIND("/suid", "vol", "\"bind\",\"nosuid\",\"suid\",\"nodev\"")),
			LIST4(BIND("/times", "vol", "\"bind\",\"noatime\",\"relatime\""),
			      BIND("/strict", "vol", "\"bind\",\"strictatime\""),
			      BIND("/rro", "vol", "\"rbind\",\"rro\""),
			      BIND("/rec", "vol", "\"rbind\",\"rnoatime\",\"rnoexec\",\"rsuid\"")),
			LIST3(BIND("/rbind", "vol", "\"rbind\",\"defaults\""),
			      BIND("/f/file", "vol/file", "\"bind\",\"ro\""),
			      BIND("/nosym", "vol", "\"bind\",\"nosymfollow\""))),
		.before = make_volume_and_link,
		.inside = look_at_flags,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
}

static void look_at_tmpfs(struct str *bad)
{
	auto_arena struct arena a = { 0 };
	struct stat st;

	EXPECT(bad, !stat("/a", &st) && (st.st_mode & 07777) == 01750);
	EXPECT(bad, !stat("/b", &st) && (st.st_mode & 07777) == 0700);
	EXPECT(bad, !stat("/new", &st) && (st.st_mode & 07777) == 0755);
	EXPECT(bad, make_file("/late/x") == EROFS && !make_file("/late/in/x"));
	EXPECT(bad, make_file("/rlate/x") == EROFS && !make_file("/rlate/in/x"));
	EXPECT(bad, str_eq(box_text("/up/file", &a), "text") && is_link("/up/l", "/etc/shadow"));
	EXPECT(bad, !stat("/up/file", &st) && (st.st_mode & 07777) == 04751 && st.st_uid == 3);
	EXPECT(bad, !stat("/up/dir/deep", &st) && S_ISDIR(st.st_mode));
	EXPECT(bad, !stat("/up/dir", &st) && (st.st_mode & 07777) == 0710);
	EXPECT(bad, !stat("/up/fifo", &st) && S_ISFIFO(st.st_mode));
	EXPECT(bad, !stat("/up", &st) && st.st_gid == 9);
	EXPECT(bad, box_type("/up") == TMPFS_MAGIC && !make_file("/up/own"));
}

static void make_tmpfs_places(void)
{
	int fd;

	must(mkdir("rootfs/a", 0755));
	must(chmod("rootfs/a", 01750));
	must(mkdir("rootfs/b", 0755));
	must(mkdir("rootfs/up", 0755));
	must(chown("rootfs/up", 0, 9));
	must(mkdir("rootfs/up/dir", 0755));
	must(chmod("rootfs/up/dir", 0710));
	must(mkdir("rootfs/up/dir/deep", 0755));
	must(symlink("/etc/shadow", "rootfs/up/l"));
	must(mknod("rootfs/up/fifo", S_IFIFO | 0644, 0));
	fd = open("rootfs/up/file", O_CREAT | O_WRONLY, 0644);
	must(write(fd, "text", 4) != 4 || fchown(fd, 3, 3) || fchmod(fd, 04751));
	close(fd);
}

TEST(mounts_tmpfs_mode_late_ro_copyup)
{
	static const struct box b = {
		.mounts =
			"{\"destination\":\"/a\",\"type\":\"tmpfs\"},"
			"{\"destination\":\"/b\",\"type\":\"tmpfs\",\"options\":[\"mode=0700\"]},"
			"{\"destination\":\"/new\",\"type\":\"tmpfs\"},"
			"{\"destination\":\"/late\",\"type\":\"tmpfs\",\"options\":[\"ro\"]},"
			"{\"destination\":\"/late/in\",\"type\":\"tmpfs\"},"
			"{\"destination\":\"/rlate\",\"type\":\"tmpfs\",\"options\":[\"rro\"]},"
			"{\"destination\":\"/rlate/in\",\"type\":\"tmpfs\"},"
			"{\"destination\":\"/up\",\"type\":\"tmpfs\",\"options\":[\"tmpcopyup\"]}",
		.before = make_tmpfs_places,
		.inside = look_at_tmpfs,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
}

/* Our own cgroup, as the host sees it, in a hierarchy where that is not the root if there is one.
 */
static struct stat own_cgroup;
static char cgroup_name[256];

static void find_own_cgroup(void)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	const struct host *h = host_probe(&a, &e);
	const struct host_cgroup *c;

	must(!h || !h->cgroups.n);
	c = &h->cgroups.v[0];
	for (size_t i = 0; i < h->cgroups.n && str_eq(c->own, "/"); i++)
		c = &h->cgroups.v[i];
	if (h->cgroup_mode != HOST_CGROUP_V2)
		snprintf(cgroup_name, sizeof(cgroup_name), "%s", strrchr(c->mountpoint, '/'));
	must(stat(arena_printf(&a, "%s/%s", c->mountpoint, c->own), &own_cgroup));
}

static void look_at_cgroups(struct str *bad)
{
	auto_arena struct arena a = { 0 };
	const char *first = arena_printf(&a, "/sys/fs/cgroup%s", cgroup_name);
	struct stat st;

	EXPECT(bad, !access(arena_printf(&a, "%s/cgroup.procs", first), F_OK));
	EXPECT(bad, make_file("/sys/fs/cgroup/x") == EROFS);
	EXPECT(bad, make_file(arena_printf(&a, "%s/x", first)) == EROFS);
	EXPECT(bad, (box_flags(first) & FLAGS) == (ST_RDONLY | ST_NOSUID));
	if (!*cgroup_name)
		return;
	EXPECT(bad, box_type("/sys/fs/cgroup") == TMPFS_MAGIC);
	EXPECT(bad, box_type(first) == CGROUP_SUPER_MAGIC);
	EXPECT(bad, !stat(first, &st) && st.st_ino == own_cgroup.st_ino);
	EXPECT(bad, !access("/sys/fs/cgroup/systemd/cgroup.procs", F_OK) ||
			    access("/sys/fs/cgroup/systemd", F_OK));
	EXPECT(bad, box_type("/sys/fs/cgroup/unified") == CGROUP2_SUPER_MAGIC ||
			    access("/sys/fs/cgroup/unified", F_OK));
}

TEST(mounts_cgroup_of_this_host)
{
#define CGROUP_MOUNTS                                                                              \
	PROC ",{\"destination\":\"/sys\",\"type\":\"sysfs\"},{\"destination\":\"/sys/fs/cgroup\"," \
	     "\"type\":\"cgroup\",\"options\":[\"ro\",\"nosuid\"]}"
	static const struct box cases[] = {
		{ .mounts = CGROUP_MOUNTS, .inside = look_at_cgroups },
		{ .mounts = CGROUP_MOUNTS, .inside = look_at_cgroups, .cgroupns = true },
	};
	auto_arena struct arena a = { 0 };

	find_own_cgroup();
	for (size_t i = 0; i < countof(cases); i++)
		CHECK_TEXT(run(&cases[i], &a), "");
}

static void make_links(void)
{
	must(make_file("target") || symlink("target", "link") || symlink("gone", "dead"));
	must(make_file("rootfs/t") || symlink("t", "rootfs/l") || mkdir("rootfs/d", 0755));
	must(symlink("d", "rootfs/dl"));
}

static void look_at_links(struct str *bad)
{
	struct stat st;

	EXPECT(bad, is_link("/copied", "target") && is_link("/copied-dead", "gone"));
	EXPECT(bad, !lstat("/plain", &st) && S_ISREG(st.st_mode));
	EXPECT(bad, is_link("/itself", "target"));
	EXPECT(bad, !lstat("/l", &st) && S_ISREG(st.st_mode) && box_flags("/l") & ST_NOEXEC);
	EXPECT(bad, !(box_flags("/t") & ST_NOEXEC));
	EXPECT(bad, !lstat("/new/l", &st) && S_ISREG(st.st_mode));
}

/* What podman sends for links, as crun has it. */
TEST(mounts_links_as_sources_and_destinations)
{
	static const struct box b = {
		.mounts = LIST3(LIST2(BIND("/copied", "link", "\"bind\",\"copy-symlink\""),
				      BIND("/copied-dead", "dead", "\"bind\",\"copy-symlink\"")),
				LIST2(BIND("/plain", "link", "\"bind\""),
				      BIND("/itself", "link", "\"bind\",\"src-nofollow\"")),
				LIST2(BIND("/l", "target", "\"bind\",\"dest-nofollow\",\"noexec\""),
				      BIND("/new/l", "target", "\"bind\",\"dest-nofollow\""))),
		.before = make_links,
		.inside = look_at_links,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
}

static void look_at_remounts(struct str *bad)
{
	EXPECT(bad, (box_flags("/t") & FLAGS) == (ST_RDONLY | ST_NOEXEC));
	EXPECT(bad, (box_flags("/p") & FLAGS) == 0);
}

TEST(mounts_remount)
{
	static const struct box b = {
		.mounts = "{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"nosuid\"]},"
			  "{\"destination\":\"/t\",\"options\":[\"remount\",\"ro\",\"noexec\","
			  "\"size=4k\"]},{\"destination\":\"/p\",\"type\":\"tmpfs\",\"options\":["
			  "\"nodev\"]},{\"destination\":\"/p\",\"options\":[\"bind\",\"remount\","
			  "\"dev\"]}",
		.inside = look_at_remounts,
	};
	static const struct box none = {
		.mounts = "{\"destination\":\"/d\",\"options\":[\"remount\",\"ro\"]}",
		.before = make_links,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
	CHECK_HAS(run(&none, &a), box_possible() ? "nothing is mounted there" : "");
}

static void look_at_v2(struct str *bad)
{
	EXPECT(bad, box_type("/sys/fs/cgroup") == CGROUP2_SUPER_MAGIC);
	EXPECT(bad, (box_flags("/sys/fs/cgroup") & FLAGS) == (ST_RDONLY | ST_NOSUID));
	EXPECT(bad, !access("/sys/fs/cgroup/cgroup.procs", F_OK));
}

TEST(mounts_cgroup_v2)
{
	static const struct box cases[] = {
		{ .mounts = CGROUP_MOUNTS, .only_v2 = true, .inside = look_at_v2 },
		{ .mounts = CGROUP_MOUNTS,
		  .only_v2 = true,
		  .inside = look_at_v2,
		  .cgroupns = true },
	};
	auto_arena struct arena a = { 0 };
	struct err e;
	const struct host *h = host_probe(&a, &e);

	if (!h || (h->cgroup_mode != HOST_CGROUP_V2 && h->cgroup_mode != HOST_CGROUP_HYBRID)) {
		test_skip("needs a cgroup v2 mount");
		return;
	}
	for (size_t i = 0; i < countof(cases); i++)
		CHECK_TEXT(run(&cases[i], &a), "");
}

static void make_layers(void)
{
	must(mount("layers", "rootfs", "tmpfs", 0, NULL) || mkdir("rootfs/l1", 0755));
	must(mkdir("rootfs/l2", 0755) || mkdir("rootfs/up", 0755) || mkdir("rootfs/work", 0755));
	must(make_file("rootfs/l1/a") || make_file("rootfs/l2/b"));
	must(mkdir("/tmp/peapod-box-layers", 0755) && errno != EEXIST);
	must(mount("rootfs", "/tmp/peapod-box-layers", NULL, MS_BIND, NULL));
}

static void look_at_overlay(struct str *bad)
{
	EXPECT(bad, !access("/o/a", F_OK) && !access("/o/b", F_OK));
	EXPECT(bad, !make_file("/o/c") && !access("/up/c", F_OK));
	EXPECT(bad, (box_flags("/o") & FLAGS) == ST_NOSUID);
}

TEST(mounts_overlay)
{
	static const struct box b = {
		.mounts = "{\"destination\":\"/o\",\"type\":\"overlay\",\"source\":\"overlay\","
			  "\"options\":[\"lowerdir=/tmp/peapod-box-layers/l1:/tmp/"
			  "peapod-box-layers/l2\","
			  "\"upperdir=/tmp/peapod-box-layers/up,workdir=/tmp/peapod-box-layers/"
			  "work\","
			  "\"nosuid\"]}",
		.before = make_layers,
		.inside = look_at_overlay,
	};
	auto_arena struct arena a = { 0 };
	const char *text = run(&b, &a);

	if (strstr(text, "this kernel has none"))
		test_skip("needs overlayfs");
	else
		CHECK_TEXT(text, "");
	rmdir("/tmp/peapod-box-layers");
}

TEST(mounts_errors_name_what_was_wrong)
{
	static const struct {
		struct box box;
		const char *error;
	} cases[] = {
		{ { .mounts = BIND("/x", "/no/such", "\"bind\"") },
		  "mounts[0] '/x': source '/no/such': bind: No such file or directory" },
		{ { .mounts = BIND("/x", "missing", "\"bind\"") },
		  "/missing': bind: No such file" },
		{ { .mounts = "{\"destination\":\"/x\",\"type\":\"nofs\"}" },
		  "mounts[0] '/x': file system 'nofs': this kernel has none" },
		{ { .mounts = "{\"destination\":\"/"
			      "x\",\"type\":\"tmpfs\",\"options\":[\"siez=1\"]}" },
		  "file system 'tmpfs': option 'siez=1': tmpfs: Unknown parameter 'siez'" },
		{ { .mounts = "{\"destination\":\"/"
			      "x\",\"type\":\"tmpfs\",\"options\":[\"size=q\"]}" },
		  "option 'size=q'" },
		{ { .mounts = LIST2(BIND("/d", "rootfs", "\"bind\""),
				    BIND("/d", "/etc/passwd", "\"bind\"")) },
		  "mounts[1] '/d': a file cannot be mounted on a directory" },
		{ { .mounts = LIST2(BIND("/f", "/etc/passwd", "\"bind\""),
				    BIND("/f", "rootfs", "\"bind\"")) },
		  "mounts[1] '/f': a directory cannot be mounted on a file" },
		{ { .mounts = "{\"destination\":\"/x\",\"options\":[\"remount\",\"ro\"]}" },
		  "mounts[0] '/x': open '/x' below the root: No such file" },
		{ { .mounts = LIST2(PROC, BIND("/proc", "/etc", "\"bind\"")) },
		  "only procfs may be mounted on '/proc', '/etc' is none" },
	};
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < countof(cases) && box_possible(); i++)
		CHECK_HAS(box_run(&cases[i].box, &a), cases[i].error);
}
