/* SPDX-License-Identifier: Apache-2.0 */
/* Images and volumes that try to lead the runtime elsewhere; each CVE class has its test. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "shim/engine/dev.h"
#include "spec/base/auto.h"
#include "spec/base/proc.h"
#include "tests/unit/engine/box.h"
#include "tests/unit/test.h"

#define PROC "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}"
#define DEV  "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}"
#define BIND(dest, src)                                                                            \
	"{\"destination\":\"" dest "\",\"source\":\"" src "\",\"options\":[\"bind\"]}"

#define LIST2(a, b)		a "," b
#define LIST3(a, b, c)		LIST2(a, b) "," c
#define LIST6(a, b, c, d, e, f) LIST3(a, b, c) "," LIST3(d, e, f)

#define RACE_ROUNDS 150

static void must(int r)
{
	if (r)
		abort();
}

static void put_file(const char *path)
{
	auto_fd int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

	must(fd < 0);
}

static bool is_char(const char *path, unsigned int ma, unsigned int mi)
{
	struct stat st;

	return !lstat(path, &st) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(ma, mi);
}

static char *run(const struct box *b, struct arena *a)
{
	if (box_possible())
		return box_run(b, a);
	test_skip("needs root");
	return arena_strdup(a, "");
}

/* CVE-2019-19921, CVE-2023-27561, CVE-2019-16884: procfs and sysfs where nobody looks. */

static void link_proc(void)
{
	must(mkdir("rootfs/real", 0755) || symlink("real", "rootfs/proc"));
}

static void link_sys_parent(void)
{
	must(mkdir("rootfs/real", 0755) || symlink("/real", "rootfs/a"));
}

static void file_proc(void)
{
	put_file("rootfs/proc");
}

static void link_to_proc(void)
{
	must(symlink("/proc", "rootfs/x") || symlink("/proc/self/attr", "rootfs/y"));
	must(mkdir("vol", 0755));
	put_file("file");
}

TEST(hostile_fake_proc_and_sys)
{
	static const struct {
		struct box box;
		const char *error;
	} cases[] = {
		{ { .mounts = PROC, .before = link_proc }, "real directory" },
		{ { .mounts = PROC, .before = file_proc }, "real directory" },
		{ { .mounts = "{\"destination\":\"/a/sys\",\"type\":\"sysfs\"}",
		    .before = link_sys_parent },
		  "real directory" },
		{ { .mounts = LIST2(PROC, BIND("/x", "vol")), .before = link_to_proc },
		  "leads into procfs" },
		{ { .mounts = LIST2(PROC, BIND("/x/sys/kernel", "vol")), .before = link_to_proc },
		  "leads into procfs" },
		{ { .mounts = LIST2(PROC, BIND("/y/exec", "file")), .before = link_to_proc },
		  "leads into procfs" },
		{ { .mounts = LIST2(PROC, BIND("/proc", "vol")), .before = link_to_proc },
		  "only procfs" },
	};
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < countof(cases); i++)
		CHECK_HAS(run(&cases[i].box, &a), box_possible() ? cases[i].error : "");
}

/* CVE-2019-18837, CVE-2015-1335: a destination that leads out of the root. */

static void links_out(void)
{
	must(mkdir("outside", 0755) || mkdir("vol", 0755));
	put_file("outside/file");
	put_file("vol/mark");
	put_file("src");
	must(symlink("../outside", "rootfs/rel") || symlink("../../../../..", "rootfs/up"));
	must(symlink("/", "rootfs/abs") || symlink("../outside/new", "rootfs/dangling"));
	must(symlink("/outside/new-file", "rootfs/dangling-file"));
	must(mkdir("rootfs/etc", 0755) || symlink("../run/conf", "rootfs/etc/resolv.conf"));
}

static void nothing_outside(int rootfd, struct str *bad)
{
	struct stat st;

	EXPECT(bad, !fstatat(rootfd, "outside/mark", &st, 0));
	EXPECT(bad, access("outside/mark", F_OK) && access("outside/new", F_OK));
	EXPECT(bad, access("outside/sub", F_OK) && access("outside/new-file", F_OK));
	EXPECT(bad, !access("outside/file", F_OK) && access("/up-here", F_OK));
	EXPECT(bad, access("/abs-here", F_OK) && access("run", F_OK));
}

static void inside_instead(struct str *bad)
{
	EXPECT(bad, !access("/outside/mark", F_OK) && !access("/outside/new/mark", F_OK));
	EXPECT(bad, !access("/up-here/mark", F_OK) && !access("/abs-here/mark", F_OK));
	EXPECT(bad, !access("/run/conf", F_OK) && !access("/etc/resolv.conf", F_OK));
	EXPECT(bad, !access("/outside/new-file", F_OK));
}

TEST(hostile_destinations_stay_inside)
{
	static const struct box b = {
		.mounts = LIST6(BIND("/rel", "vol"), BIND("/up/up-here", "vol"),
				BIND("/abs/abs-here", "vol"), BIND("/dangling", "vol"),
				BIND("/etc/resolv.conf", "src"), BIND("/dangling-file", "src")),
		.before = links_out,
		.middle = nothing_outside,
		.inside = inside_instead,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
}

/* CVE-2026-41579: /dev is a link to a directory of the host. */

static void make_host_dir(void)
{
	must(mkdir("hostdir", 0755));
	put_file("hostdir/ptmx");
}

static void link_dev_relative(void)
{
	make_host_dir();
	must(symlink("../hostdir", "rootfs/dev"));
}

static void link_dev_absolute(void)
{
	char cwd[256], target[300];

	make_host_dir();
	must(!getcwd(cwd, sizeof(cwd)));
	snprintf(target, sizeof(target), "%s/hostdir", cwd);
	must(symlink(target, "rootfs/dev"));
}

static void host_dir_untouched(int rootfd, struct str *bad)
{
	struct stat st;

	(void)rootfd;
	EXPECT(bad, !lstat("hostdir/ptmx", &st) && S_ISREG(st.st_mode));
	EXPECT(bad, access("hostdir/null", F_OK) && access("hostdir/fd", F_OK));
}

static void dev_is_usable(struct str *bad)
{
	EXPECT(bad, is_char("/dev/null", 1, 3) && is_char("/dev/tty", 5, 0));
}

TEST(hostile_dev_is_a_link)
{
	static const struct box cases[] = {
		{ .before = link_dev_relative,
		  .middle = host_dir_untouched,
		  .inside = dev_is_usable },
		{ .before = link_dev_absolute,
		  .middle = host_dir_untouched,
		  .inside = dev_is_usable },
		{ .mounts = DEV,
		  .before = link_dev_relative,
		  .middle = host_dir_untouched,
		  .inside = dev_is_usable },
		{ .mounts = DEV,
		  .before = link_dev_absolute,
		  .middle = host_dir_untouched,
		  .inside = dev_is_usable },
	};
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < countof(cases); i++)
		CHECK_TEXT(run(&cases[i], &a), "");
}

/* CVE-2025-31133: what masks files is not the null device. */

static void null_is_link(void)
{
	must(mkdir("rootfs/dev", 0755));
	must(symlink("/etc/passwd", "rootfs/dev/null"));
}

static void null_is_file(void)
{
	must(mkdir("rootfs/dev", 0755));
	put_file("rootfs/dev/null");
}

static void null_is_zero(void)
{
	must(mkdir("rootfs/dev", 0755));
	must(mknod("rootfs/dev/null", S_IFCHR | 0666, makedev(1, 5)));
}

static void null_is_null(void)
{
	must(mkdir("rootfs/dev", 0755));
	must(mknod("rootfs/dev/null", S_IFCHR | 0600, makedev(1, 3)));
	must(symlink("/elsewhere", "rootfs/dev/fd"));
	must(symlink("/etc/passwd", "rootfs/dev/ptmx"));
}

static void kept(struct str *bad)
{
	char target[64] = "";

	EXPECT(bad, is_char("/dev/null", 1, 3));
	EXPECT(bad, readlink("/dev/fd", target, sizeof(target)) == 10);
	EXPECT(bad, readlink("/dev/ptmx", target, sizeof(target)) == 8);
}

/* The image's /dev is bound read-only: nothing could be made in it, so nothing is looked at. */
#define BOUND_DEV BIND("/dev", "rootfs/dev")
#define MASK	  ",\"maskedPaths\":[\"/mask\"]"

static void null_is_link_and_mask(void)
{
	null_is_link();
	put_file("rootfs/mask");
}

static void null_is_zero_and_mask(void)
{
	null_is_zero();
	put_file("rootfs/mask");
}

TEST(hostile_null_device)
{
	static const struct {
		struct box box;
		const char *error;
	} cases[] = {
		{ { .before = null_is_link }, "device '/dev/null': the image has a symbolic link" },
		{ { .before = null_is_file }, "device '/dev/null': the image has a regular file" },
		{ { .before = null_is_zero }, "device '/dev/null': the image has something else" },
		{ { .mounts = BOUND_DEV, .linux_more = MASK, .before = null_is_link_and_mask },
		  "linux.maskedPaths[0] '/mask': the container's '/dev/null' is not the null" },
		{ { .mounts = BOUND_DEV, .linux_more = MASK, .before = null_is_zero_and_mask },
		  "'/dev/null' is not the null device" },
	};
	static const struct box same = { .before = null_is_null, .inside = kept };
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < countof(cases); i++)
		CHECK_HAS(run(&cases[i].box, &a), box_possible() ? cases[i].error : "");
	CHECK_TEXT(run(&same, &a), "");
}

/* Masks of linked paths hide what the link leads to, inside; nothing is skipped. */

static void linked_secret(void)
{
	must(mkdir("rootfs/d", 0755) || symlink("/d/secret", "rootfs/l"));
	must(symlink("d", "rootfs/dirlink") || mkdir("rootfs/e", 0755));
	put_file("rootfs/d/secret");
	put_file("rootfs/e/file");
	must(chmod("rootfs/d/secret", 0600));
}

static void secret_is_hidden(struct str *bad)
{
	auto_fd int fd = -1;

	EXPECT(bad, is_char("/d/secret", 1, 3) && box_flags("/d/secret") & ST_RDONLY);
	EXPECT(bad, box_type("/e") == TMPFS_MAGIC && access("/e/file", F_OK));
	fd = open("/dirlink/x", O_CREAT | O_WRONLY, 0600);
	EXPECT(bad, fd < 0 && errno == EROFS);
}

TEST(hostile_masked_paths_are_followed_inside)
{
	static const struct box b = {
		.linux_more = ",\"maskedPaths\":[\"/l\",\"/e\"],\"readonlyPaths\":[\"/dirlink\"]",
		.before = linked_secret,
		.inside = secret_is_hidden,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
}

/* CVE-2025-52565: the console is bound from something that is no pty. */

static void console_checks(struct str *bad)
{
	auto_fd int root = open("/", O_PATH | O_DIRECTORY), zero = open("/dev/zero", O_RDONLY);
	auto_fd int file = open("/dev/f", O_CREAT | O_RDWR, 0644), master = -1, slave = -1;
	char name[64];
	struct err e;
	int n = 0;

	EXPECT(bad, dev_console(root, zero, &e) == -1 && e.num == ENOTTY);
	EXPECT(bad, dev_console(root, file, &e) == -1 && e.num == ENOTTY);
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	EXPECT(bad, master >= 0 && !unlockpt(master) && !ptsname_r(master, name, sizeof(name)));
	slave = open(name, O_RDWR | O_NOCTTY);
	EXPECT(bad, slave >= 0 && sscanf(name, "/dev/pts/%d", &n) == 1);
	must(symlink("/etc/passwd", "/dev/console"));
	EXPECT(bad, dev_console(root, slave, &e) == -1 && e.num == EEXIST);
	must(unlink("/dev/console"));
	EXPECT(bad, !dev_console(root, slave, &e));
	EXPECT(bad, is_char("/dev/console", 136, (unsigned int)n));
}

TEST(hostile_console)
{
	static const struct box b = {
		.mounts = DEV ",{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"options\":["
			      "\"newinstance\",\"ptmxmode=0666\"]}",
		.inside = console_checks,
	};
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(run(&b, &a), "");
}

/*
 * CVE-2021-30465, CVE-2024-45310: names of a volume that change while mounts
 * are made in it. "a" is a directory and "b" a link out of the root, by turns.
 */

static void start_exchange(void)
{
	pid_t parent = getpid();

	must(mkdir("outside", 0755) || mkdir("vol", 0755) || mkdir("src", 0755));
	must(mkdir("vol/a", 0755) || symlink("../../../../../../../outside-none", "vol/b"));
	must(symlink("../outside", "vol/c") || mkdir("vol/d", 0755));
	put_file("src/mark");
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent) {
		renameat2(AT_FDCWD, "vol/a", AT_FDCWD, "vol/b", RENAME_EXCHANGE);
		renameat2(AT_FDCWD, "vol/d", AT_FDCWD, "vol/c", RENAME_EXCHANGE);
	}
	_exit(0);
}

static void outside_is_clean(int rootfd, struct str *bad)
{
	(void)rootfd;
	EXPECT(bad, access("outside/mark", F_OK) && access("outside/deep", F_OK));
	EXPECT(bad, access("/outside-none", F_OK) && box_type("outside") == box_type("."));
}

TEST(hostile_exchange_while_mounting)
{
	static const struct box b = {
		.mounts = LIST2(LIST2(BIND("/vol", "vol"), BIND("/vol/a", "src")),
				LIST2(BIND("/vol/a/deep/er", "src"), BIND("/vol/d/deep", "src"))),
		.before = start_exchange,
		.middle = outside_is_clean,
	};
	auto_arena struct arena a = { 0 };

	int done = 0;

	for (int i = 0; i < RACE_ROUNDS && box_possible(); i++) {
		const char *text = box_run(&b, &a);

		done += !*text;
		/* An error is a fine answer to a race; a mount outside, or a mess, is not. */
		if (strstr(text, "line ") || strstr(text, "child failed")) {
			CHECK_TEXT(text, "");
			break;
		}
	}
	printf("# %d of %d rounds made all mounts\n", done, RACE_ROUNDS);
	CHECK(done > 0 || !box_possible());
}

/* The same for /dev: a directory and a link to one of the host, by turns. */

static void start_dev_exchange(void)
{
	pid_t parent = getpid();

	make_host_dir();
	must(mkdir("rootfs/dev", 0755) || symlink("../hostdir", "rootfs/other"));
	must(mkdir("rootfs/hostdir", 0755));
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		renameat2(AT_FDCWD, "rootfs/dev", AT_FDCWD, "rootfs/other", RENAME_EXCHANGE);
	_exit(0);
}

TEST(hostile_exchange_of_dev)
{
	static const struct box b = { .before = start_dev_exchange, .middle = host_dir_untouched };
	auto_arena struct arena a = { 0 };
	int done = 0;

	for (int i = 0; i < RACE_ROUNDS && box_possible(); i++) {
		const char *text = box_run(&b, &a);

		done += !*text;
		if (strstr(text, "line ") || strstr(text, "child failed")) {
			CHECK_TEXT(text, "");
			break;
		}
	}
	printf("# %d of %d rounds made all devices\n", done, RACE_ROUNDS);
	CHECK(done > 0 || !box_possible());
}
