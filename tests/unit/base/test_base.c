/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, strings, numbers, names, options, paths. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/loop.h"
#include "spec/base/opt.h"
#include "spec/base/path.h"
#include "spec/base/proc.h"
#include "spec/base/when.h"
#include "tests/unit/test.h"

TEST(err_texts)
{
	struct err e;

	errno = ENOENT;
	CHECK(err_sys(&e, "open '%s'", "x") == -1);
	CHECK(err_ctx(&e, "mounts[%d]", 2) == -1);
	CHECK_TEXT(e.msg, "mounts[2]: open 'x': No such file or directory");
	CHECK(e.num == ENOENT);
	err_set(&e, EIO, "again: %s", e.msg); /* its own text as an argument */
	CHECK_TEXT(e.msg, "again: mounts[2]: open 'x': No such file or directory");
}

TEST(err_texts_are_one_plain_line)
{
	struct err e;

	err_set(&e, 0, "key '%s'", "a\nb\tc\033[2J\x7f\xc3\xa4");
	CHECK_TEXT(e.msg, "key 'a b c?[2J?\xc3\xa4'");
	err_ctx(&e, "in\n%s", "x\r");
	CHECK_TEXT(e.msg, "in x : key 'a b c?[2J?\xc3\xa4'");
	errno = EIO;
	err_sys(&e, "read '%s'", "\a");
	CHECK_TEXT(e.msg, "read '?': Input/output error");
}

TEST(err_texts_are_utf8_where_they_are_cut_too)
{
	char text[sizeof(((struct err *)0)->msg) + 1];
	struct err e;

	err_set(&e, 0, "open '\xff\xc3 a'");
	CHECK_TEXT(e.msg, "open '?? a'");
	memset(text, 'a', sizeof(text));
	memcpy(text + sizeof(e.msg) - 3, "\xe2\x82\xac", 4);
	err_set(&e, 0, "%s", text);
	CHECK(strlen(e.msg) == sizeof(e.msg) - 1);
	CHECK_TEXT(e.msg + sizeof(e.msg) - 4, "a??");
}

TEST(utf8_is_kept_and_all_else_becomes_a_question_mark)
{
	static const char *const texts[][2] = {
		{ "", "" },
		{ "a\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
		  "a\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf" },
		{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
		{ "\x80 \xbf", "? ?" },
		{ "\xc0\x80\xc1\xbf\xe0\x9f\xbf\xf0\x8f\xbf\xbf", "???????????" }, /* too long */
		{ "\xed\xa0\x80\xed\xbf\xbf", "??????" },			   /* surrogates */
		{ "\xf4\x90\x80\x80\xf5\x80\x80\x80\xff", "?????????" },	   /* too large */
		{ "\xc3", "?" },
		{ "\xe2\x82", "??" },
		{ "\xf0\x9f\x98\xc3\xa4", "???\xc3\xa4" },
	};

	for (size_t i = 0; i < countof(texts); i++) {
		auto_arena struct arena a = { 0 };
		char *text = arena_strdup(&a, texts[i][0]);

		str_make_utf8(text);
		CHECK_TEXT(text, texts[i][1]);
	}
}

TEST(numbers)
{
	uint64_t u = 1;
	int64_t i = 1;

	CHECK(!parse_u64("4294967295", 10, UINT32_MAX, &u) && u == UINT32_MAX);
	CHECK(parse_u64("4294967296", 10, UINT32_MAX, &u) && errno == ERANGE);
	CHECK(parse_u64("", 10, 9, &u) && parse_u64("1x", 10, 9, &u) && parse_u64(" 1", 10, 9, &u));
	CHECK(parse_u64("-1", 10, 9, &u) && parse_u64("+1", 10, 9, &u));
	CHECK(!parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &i) && i == INT64_MIN);
	CHECK(parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &i));
	CHECK(!parse_size("64k", &i) && i == 65536);
	CHECK(!parse_size("2GiB", &i) && i == 2LL << 30);
	CHECK(!parse_size("-1", &i) && i == -1);
	CHECK(parse_size("9999999999g", &i) && parse_size("k", &i) && parse_size("1q", &i));
}

TEST(durations)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{ "0", 0 },
		{ "5s", 5000000000 },
		{ "1m30s", 90000000000 },
		{ "1.5h", 5400000000000 },
		{ "100ms", 100000000 },
		{ ".5s", 500000000 },
		{ "1.s", 1000000000 },
		{ "3us2ns", 3002 },
		{ "7\xc2\xb5s", 7000 },
	};
	static const char *const bad[] = {
		"",
		"5",
		"s",
		".s",
		"-5s",
		"+5s",
		" 5s",
		"5s ",
		"5x",
		"1d",
		"5sec",
		"50",
		"5s0",
		"1..5s",
		"9999999h9999999h",
		"99999999999999999999s",
	};
	int64_t ns;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		CHECK(!parse_duration(good[i].text, &ns) && ns == good[i].ns);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(parse_duration(bad[i], &ns));
}

TEST(names_lookups)
{
	static const struct name t[] = { { "nosuid", 1 }, { "nodev", 2 }, { 0 } };

	CHECK(names_find(t, "nodev")->value == 2 && !names_find(t, "NODEV"));
	CHECK(names_find_nocase(t, "NODEV")->value == 2);
	CHECK_TEXT(names_of(t, 1), "nosuid");
	CHECK_TEXT(names_nearest(t, "nosiud"), "nosuid");
	CHECK(!names_nearest(t, "size=64k"));
}

struct opts {
	char *bundle;
	bool detach;
	uint32_t n;
	struct json_strs env;
};

static const struct opt table[] = {
	{ "bundle", 'b', OPT_STR, offsetof(struct opts, bundle), "DIR", "where config.json is", 0 },
	{ "detach", 'd', OPT_FLAG, offsetof(struct opts, detach), NULL, "do not wait", 0 },
	{ "preserve-fds", 0, OPT_U32, offsetof(struct opts, n), "N", "more fds", 0 },
	{ "env", 'e', OPT_STRS, offsetof(struct opts, env), "K=V", "environment", 0 },
	{ 0 },
};

TEST(options_in_every_form)
{
	char *argv[] = { "-bundle", "/x", "id",	 "-d", "--preserve-fds=3",
			 "-eA=1",   "-e", "B=2", "--", "-z" };
	auto_arena struct arena a = { 0 };
	struct opts o = { 0 };
	struct err e;

	ASSERT(opt_parse(table, (int)countof(argv), argv, 0, &o, &a, &e) == 2);
	CHECK_TEXT(o.bundle, "/x");
	CHECK(o.detach && o.n == 3 && o.env.n == 2 && !o.env.v[2]);
	CHECK_TEXT(o.env.v[0], "A=1");
	CHECK_TEXT(o.env.v[1], "B=2");
	CHECK_TEXT(argv[0], "id");
	CHECK_TEXT(argv[1], "-z");
}

TEST(options_stop_and_errors)
{
	char *stop[] = { "-d", "id", "-d", "ls" };
	char *bad[] = { "--bundel", "x" };
	char *missing[] = { "--bundle" };
	auto_arena struct arena a = { 0 };
	struct opts o = { 0 };
	struct err e;

	CHECK(opt_parse(table, 4, stop, OPT_STOP_AT_FIRST, &o, &a, &e) == 3);
	CHECK(opt_parse(table, 2, bad, 0, &o, &a, &e) == -1);
	CHECK_TEXT(e.msg, "unknown option '--bundel', did you mean '--bundle'?");
	CHECK(opt_parse(table, 1, missing, 0, &o, &a, &e) == -1);
	CHECK_TEXT(e.msg, "--bundle needs a value");
}

TEST(paths_lexically)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(path_clean(&a, "a//b/./c/"), "/a/b/c");
	CHECK_TEXT(path_clean(&a, "/../../x/.."), "/");
	CHECK_TEXT(path_clean(&a, ""), "/");
	CHECK_TEXT(path_join(&a, "/base", "rootfs"), "/base/rootfs");
	CHECK_TEXT(path_join(&a, "/base", "/abs/"), "/abs");
	CHECK_TEXT(path_join(&a, "/base", "../x"), "/base/../x");
}

TEST(paths_stay_below_the_root)
{
	char dir[] = "/tmp/test-path-XXXXXX";
	auto_fd int root = -1, fd = -1, file = -1;
	struct err e = { 0 };
	struct stat st;

	ASSERT(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY);
	ASSERT(root >= 0 && !mkdirat(root, "real", 0755));
	ASSERT(!symlinkat("/real", root, "abs") && !symlinkat("../../../..", root, "up"));
	fd = root_mkdirs(root, "/abs/new/deep", 0755, &e);
	CHECK(fd >= 0 && !fstatat(root, "real/new/deep", &st, 0));
	file = root_mkfile(root, "up/up/etc-file", 0644, &e);
	CHECK(file >= 0 && !fstatat(root, "etc-file", &st, 0) && S_ISREG(st.st_mode));
	CHECK(root_mkfile(root, "real", 0644, &e) == -1 && e.num == EISDIR);
	CHECK(root_open(root, "/proc/self/root", O_PATH, &e) == -1 && e.num == ENOENT);
	CHECK(!path_remove_tree(AT_FDCWD, dir, &e) && access(dir, F_OK));
	CHECK(!path_remove_tree(AT_FDCWD, dir, &e));
}

TEST(links_to_nowhere_stay_below_the_root)
{
	char dir[] = "/tmp/peapod-unit-XXXXXX";
	auto_fd int root = -1, fd = -1, file = -1, outer = -1;
	struct stat st;
	struct err e;

	ASSERT(mkdtemp(dir));
	outer = open(dir, O_PATH | O_DIRECTORY);
	ASSERT(outer >= 0 && !mkdirat(outer, "r", 0755) && !mkdirat(outer, "r/etc", 0755));
	root = openat(outer, "r", O_PATH | O_DIRECTORY);
	ASSERT(root >= 0 && !symlinkat("../../../run/stub", root, "etc/resolv.conf"));
	ASSERT(!symlinkat("/gone/there", root, "dir") && !symlinkat("dir/more/", root, "etc/two"));
	ASSERT(!symlinkat("loop", root, "loop"));
	file = root_mkfile(root, "/etc/resolv.conf", 0644, &e);
	CHECK(file >= 0 && !fstatat(root, "run/stub", &st, AT_SYMLINK_NOFOLLOW));
	CHECK(fstatat(outer, "run", &st, 0) == -1 && errno == ENOENT);
	fd = root_mkdirs(root, "/dir/sub", 0755, &e);
	CHECK(fd >= 0 && !fstatat(root, "gone/there/sub", &st, AT_SYMLINK_NOFOLLOW));
	close_fd(&fd);
	fd = root_mkdirs(root, "/etc/two", 0755, &e);
	CHECK(fd >= 0 && !fstatat(root, "etc/dir/more", &st, AT_SYMLINK_NOFOLLOW));
	CHECK(root_mkdirs(root, "loop/x", 0755, &e) == -1 && e.num == ELOOP);
	CHECK(root_open_real(root, "dir", O_PATH, &e) == -1 && e.num == ELOOP);
	CHECK(root_open_real(root, "etc/resolv.conf", O_PATH, &e) == -1 && e.num == ELOOP);
	CHECK(!path_remove_tree(AT_FDCWD, dir, &e));
}

/* A link is as long as a path may be, and leads into the next one. */
TEST(links_to_nowhere_are_bounded)
{
	char dir[] = "/tmp/peapod-unit-XXXXXX", target[4000], name[8];
	auto_fd int root = -1;
	struct err e;

	ASSERT(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY);
	for (int i = 0; i < 30; i++) {
		size_t n = (size_t)snprintf(target, sizeof(target), "/l%d", i + 1);

		while (n + 3 < sizeof(target))
			n += (size_t)snprintf(target + n, sizeof(target) - n, "/a");
		snprintf(name, sizeof(name), "l%d", i);
		ASSERT(!symlinkat(target, root, name));
	}
	CHECK(root_mkdirs(root, "l0/x", 0755, &e) == -1 && e.num == ELOOP);
	CHECK(!path_remove_tree(AT_FDCWD, dir, &e));
}

TEST(proc_of_ourselves)
{
	struct proc_stat st;
	struct err e;

	ASSERT(!proc_stat(getpid(), &st, &e));
	CHECK(st.ppid == getppid() && st.start_time);
	CHECK(proc_alive(getpid(), st.start_time) && !proc_alive(getpid(), st.start_time + 1));
	CHECK(!st.exiting);
	CHECK(proc_stat(0x7ffffff0, &st, &e) == -1 && e.num == ENOENT);
}

static int fired;

static void on_timer(struct loop_source *src, uint32_t events)
{
	(void)src;
	(void)events;
	fired++;
}

TEST(loop_timer_can_be_set_anew)
{
	struct loop_source t = LOOP_SOURCE_INIT;
	struct loop l;
	struct err e;

	ASSERT(!loop_init(&l, &e));
	CHECK(!loop_timer(&l, &t, 0, 0, on_timer, &e) && !loop_once(&l, 1000, &e) && fired == 1);
	CHECK(!loop_timer(&l, &t, 1, 0, on_timer, &e) && !loop_once(&l, 1000, &e) && fired == 2);
	loop_del(&l, &t);
	CHECK(t.fd == -1);
	loop_done(&l);
}

static const char *when(long long seconds, long ns)
{
	static char text[WHEN_SIZE];

	when_text(&(struct timespec){ .tv_sec = seconds, .tv_nsec = ns }, text);
	return text;
}

/* A process without a free fd: the connection waits until there is one. */
static int accept_without_fds(int listener, int client)
{
	struct loop_source src = { .fd = listener };
	struct rlimit few;
	int spare = dup(client), fd;

	few.rlim_cur = few.rlim_max = (rlim_t)spare + 1;
	if (spare < 0 || setrlimit(RLIMIT_NOFILE, &few) || loop_accept(&src) != -1 ||
	    errno != EMFILE)
		return 1;
	close(spare);
	fd = loop_accept(&src);
	if (fd != spare || fcntl(fd, F_GETFD) != FD_CLOEXEC || !(fcntl(fd, F_GETFL) & O_NONBLOCK))
		return 2;
	return 0;
}

TEST(a_connection_waits_for_a_free_fd)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(name);
	auto_fd int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	auto_fd int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int status = -1;
	pid_t pid;

	/* a name of the kernel's choice, which no file shows */
	ASSERT(!bind(listener, (struct sockaddr *)&name, sizeof(sa_family_t)) &&
	       !listen(listener, 1));
	ASSERT(!getsockname(listener, (struct sockaddr *)&name, &len));
	ASSERT(!connect(client, (struct sockaddr *)&name, len));
	pid = fork();
	ASSERT(pid >= 0);
	if (pid == 0)
		_exit(accept_without_fds(listener, client));
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

TEST(when_is_a_date_in_utc)
{
	CHECK_TEXT(when(0, 0), "1970-01-01T00:00:00.000000000Z");
	CHECK_TEXT(when(951782399, 999999999), "2000-02-28T23:59:59.999999999Z");
	CHECK_TEXT(when(951782400, 0), "2000-02-29T00:00:00.000000000Z");
	CHECK_TEXT(when(951868800, 7), "2000-03-01T00:00:00.000000007Z");
	CHECK_TEXT(when(4107542399, 0), "2100-02-28T23:59:59.000000000Z");
	CHECK_TEXT(when(4107542400, 0), "2100-03-01T00:00:00.000000000Z");
	CHECK_TEXT(when(-1, 0), "1969-12-31T23:59:59.000000000Z");
}

TEST(when_agrees_with_the_c_library)
{
	for (time_t t = 0; t < 5000000000; t += 86400 * 13 + 12345) {
		char want[64];
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000000000Z", &tm);
		CHECK_TEXT(when(t, 0), want);
	}
}

TEST(arena_memory_is_zeroed_and_apart)
{
	auto_arena struct arena a = { 0 };
	unsigned char *last = NULL;

	for (size_t size = 1; size < 9000; size = size * 3 / 2 + 1) {
		unsigned char *p = arena_alloc(&a, size);
		bool zero = true;

		for (size_t i = 0; i < size; i++)
			zero &= !p[i];
		CHECK(zero);
		memset(p, 0xff, size);
		CHECK(!last || *last == 0xff);
		last = p;
	}
}

TEST(names_that_every_directory_has)
{
	CHECK(path_is_dots(".") && path_is_dots(".."));
	CHECK(!path_is_dots("") && !path_is_dots(".x") && !path_is_dots("..."));
}

TEST(a_clock_that_goes_forward)
{
	int64_t first = when_ms(), second = when_ms();

	CHECK(first > 0 && second >= first);
}

TEST(arrays_that_grow)
{
	auto_arena struct arena a = { 0 };
	int *in_arena = NULL, *in_heap = NULL;
	bool same = true;

	for (int i = 0; i < 100; i++) {
		in_arena = arena_room(&a, in_arena, (size_t)i, sizeof(*in_arena));
		in_heap = mem_room(in_heap, (size_t)i, sizeof(*in_heap));
		in_arena[i] = in_heap[i] = i;
	}
	for (int i = 0; i < 100; i++)
		same = same && in_arena[i] == i && in_heap[i] == i;
	CHECK(same);
	free(in_heap);
}

TEST(arena_printf_of_any_length)
{
	auto_arena struct arena a = { 0 };

	for (int n = 250; n < 262; n++)
		CHECK(strlen(arena_printf(&a, "%*s", n, "x")) == (size_t)n);
	CHECK_TEXT(arena_strndup(&a, "abc", 2), "ab");
}
