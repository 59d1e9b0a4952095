/* SPDX-License-Identifier: Apache-2.0 */
/* What is executed, with which environment, and which fds stay. Needs no rights. */
#include "shim/engine/exe.h"
#include "shim/engine/exe_hint.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "tests/unit/test.h"

#define TEMPLATE "/tmp/peapod-exe-XXXXXX"

/* The path that would be executed, or the error. */
static const char *find(struct arena *a, const char *name, const char *path)
{
	char *args[] = { arena_strdup(a, name), NULL };
	char *env[] = { path ? arena_printf(a, "PATH=%s", path) : NULL, NULL };
	struct plan_proc p = { .args = args };
	struct exe_self self;
	struct err e;
	char *found, *hint;

	if (exe_self(&self, &e))
		return arena_strdup(a, e.msg);
	found = exe_find(&p, env, &self, a, &hint, &e);
	return found ? found : arena_strdup(a, e.msg);
}

static void put(const char *dir, const char *name, const char *text, mode_t mode)
{
	auto_arena struct arena a = { 0 };
	char *path = arena_printf(&a, "%s/%s", dir, name);
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && !write_all(fd, text, strlen(text)) && !fchmod(fd, mode));
}

TEST(exe_find_says_what_callers_know)
{
	auto_arena struct arena a = { 0 };
	char dir[] = TEMPLATE;
	struct err e;

	ASSERT(mkdtemp(dir));
	put(dir, "plain", "x", 0644);
	put(dir, "run", "x", 0755);
	CHECK_TEXT(find(&a, "run", arena_printf(&a, "/nonexistent:%s:/bin", dir)),
		   arena_printf(&a, "%s/run", dir));
	CHECK_TEXT(find(&a, "run", arena_printf(&a, "%s/", dir)), arena_printf(&a, "%s/run", dir));
	CHECK_TEXT(find(&a, "plain", dir), "exec: \"plain\": executable file not found in $PATH");
	CHECK_TEXT(find(&a, "run", NULL), "exec: \"run\": executable file not found in $PATH");
	CHECK_TEXT(find(&a, "", dir), "exec: \"\": executable file not found in $PATH");
	CHECK_TEXT(find(&a, "/nonexistent/x", NULL),
		   "exec: \"/nonexistent/x\": stat /nonexistent/x: no such file or directory");
	CHECK_TEXT(find(&a, "/usr", NULL), "exec: \"/usr\": is a directory");
	CHECK_TEXT(find(&a, arena_printf(&a, "%s/plain", dir), NULL),
		   arena_printf(&a, "exec: \"%s/plain\": permission denied", dir));
	path_remove_tree(AT_FDCWD, dir, &e);
}

TEST(exe_find_refuses_the_program_itself)
{
	auto_arena struct arena a = { 0 };
	char dir[] = TEMPLATE;
	struct err e;

	ASSERT(mkdtemp(dir));
	put(dir, "script", "#! \t/proc/self/exe -x\n", 0755);
	put(dir, "again", arena_printf(&a, "#!%s/script", dir), 0755);
	put(dir, "loop", arena_printf(&a, "#!%s/loop", dir), 0755);
	put(dir, "other", "#!/bin/sh\n", 0755);
	CHECK_HAS(find(&a, "/proc/self/exe", NULL), "it is the runtime itself");
	CHECK_HAS(find(&a, arena_printf(&a, "/proc/%d/exe", getpid()), NULL), "the runtime itself");
	CHECK_HAS(find(&a, "script", dir), "permission denied: it is the runtime itself");
	CHECK_HAS(find(&a, "again", dir), "it is the runtime itself");
	CHECK_TEXT(find(&a, "other", dir), arena_printf(&a, "%s/other", dir));
	CHECK_TEXT(find(&a, "loop", dir), arena_printf(&a, "%s/loop", dir));
	path_remove_tree(AT_FDCWD, dir, &e);
}

static const char *env_text(struct arena *a, const struct plan_proc *p, int root)
{
	const char *text = "";

	for (char **env = exe_env(p, root, a); *env; env++)
		text = arena_printf(a, "%s[%s]", text, *env);
	return text;
}

TEST(exe_env_finds_home_and_pid)
{
	auto_arena struct arena a = { 0 };
	char *none[] = { "A=1", NULL }, *empty[] = { "HOME=", NULL },
	     *given[] = { "HOME=/h", NULL };
	char dir[] = TEMPLATE;
	auto_fd int root = -1;
	struct plan_proc p = { .env = none, .uid = 7 };
	struct err e;

	ASSERT(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_TEXT(env_text(&a, &p, root), "[A=1][HOME=/]");
	CHECK(!mkdirat(root, "etc", 0755));
	put(dir, "etc/passwd",
	    "# x\n\n:::\nr:x:0:0::/root:/s\nbad:x:7x:0::/bad:\nno:x:7\nu:x:7:7:g:/home/u:/s\n"
	    "v:x:7:7:g:/home/v:/s\n",
	    0644);
	CHECK_TEXT(env_text(&a, &p, root), "[A=1][HOME=/home/u]");
	p.env = empty;
	CHECK_TEXT(env_text(&a, &p, root), "[HOME=/home/u]");
	p.env = given;
	p.listen_fds = 1;
	CHECK_TEXT(env_text(&a, &p, root), arena_printf(&a, "[HOME=/h][LISTEN_PID=%d]", getpid()));
	p.env = empty;
	p.listen_fds = 0;
	/* a way out of the root, and what would block, are not followed */
	CHECK(!unlinkat(root, "etc/passwd", 0) && !symlinkat("/etc/passwd", root, "etc/passwd"));
	p.uid = 0;
	CHECK_TEXT(env_text(&a, &p, root), "[HOME=/]");
	CHECK(!unlinkat(root, "etc/passwd", 0) && !mkfifoat(root, "etc/passwd", 0644));
	CHECK_TEXT(env_text(&a, &p, root), "[HOME=/]");
	path_remove_tree(AT_FDCWD, dir, &e);
}

/* In a child: fds 3..9 open, keep some, tell which are left as bits. */
static int left_after(unsigned int preserved, const int *keep, size_t n)
{
	pid_t pid = fork();
	int status, bits = 0;

	if (!pid) {
		for (int fd = 3; fd < 10; fd++)
			dup2(0, fd);
		if (exe_close_fds(preserved, keep, n))
			_exit(255);
		for (int fd = 3; fd < 10; fd++)
			bits |= fd_is_open(fd) << (fd - 3);
		_exit(bits);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WEXITSTATUS(status);
}

TEST(exe_close_fds_keeps_the_listed_ones)
{
	const int keep[] = { 9, -1, 5, 6, 3 }, dup[] = { 5, 5 };

	CHECK(left_after(0, NULL, 0) == 0);
	CHECK(left_after(0, keep, countof(keep)) == (1 << 6 | 1 << 3 | 1 << 2 | 1));
	CHECK(left_after(2, keep, countof(keep)) == (1 << 6 | 1 << 3 | 1 << 2 | 3));
	CHECK(left_after(0, dup, countof(dup)) == 1 << 2);
	CHECK(left_after(0, keep, EXE_KEEP_MAX + 1) == 255);
}

/* A 64-bit ELF header for that machine, one program header, and the name of a loader. */
struct fake_elf {
	Elf64_Ehdr h;
	Elf64_Phdr p;
	char loader[32];
};

static struct fake_elf fake_elf(unsigned int machine, const char *loader)
{
	struct fake_elf f = {
		.h = { .e_ident = ELFMAG, .e_machine = (Elf64_Half)machine, .e_phnum = 1 },
		.p = { .p_type = PT_INTERP },
	};

	f.h.e_ident[EI_CLASS] = ELFCLASS64;
	f.h.e_ident[EI_DATA] = ELFDATA2LSB;
	f.h.e_phoff = offsetof(struct fake_elf, p);
	f.p.p_offset = offsetof(struct fake_elf, loader);
	f.p.p_filesz = strlen(loader) + 1;
	memcpy(f.loader, loader, strlen(loader) + 1);
	return f;
}

static const char *hint_of(const void *data, size_t n, struct arena *a)
{
	auto_fd int fd = memfd_create("hint", MFD_CLOEXEC);

	CHECK(fd >= 0 && !write_all(fd, data, n));
	return exe_hint(fd, data, n, a) ?: "";
}

TEST(exe_hint_tells_what_is_wrong_with_a_script)
{
	auto_arena struct arena a = { 0 };
	static const char *const rows[][2] = {
		{ "", "the file is empty" },
		{ "echo\n", "it is neither a program nor a script with a #! line" },
		{ "#! \nx", "its #! line names no interpreter" },
		{ "#!", "its #! line names no interpreter" },
		{ "#! /no/such -x\n", "its interpreter '/no/such' is not in the container" },
		{ "#!/proc/self\r\n", "its #! line ends with a carriage return" },
		{ "#!/proc/self\n", "" },
	};

	for (size_t i = 0; i < countof(rows); i++)
		CHECK_TEXT(hint_of(rows[i][0], strlen(rows[i][0]), &a), rows[i][1]);
}

TEST(exe_hint_tells_what_is_wrong_with_a_program)
{
	auto_arena struct arena a = { 0 };
	struct fake_elf s390 = fake_elf(EM_S390, "/no"), odd = fake_elf(0x7777, "/no");
	struct fake_elf big = fake_elf(EM_S390, "/no");
	char head[256];
	auto_fd int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(own, head, sizeof(head));

	CHECK_HAS(hint_of(&s390, sizeof(s390), &a), "it is made for s390, this machine is ");
	CHECK_HAS(hint_of(&odd, sizeof(odd), &a), "it is made for another machine, this machine");
	big.h.e_ident[EI_DATA] = ELFDATANONE;
	CHECK_TEXT(hint_of(&big, sizeof(big), &a), "it is made for another machine");
	CHECK_TEXT(hint_of(&s390, sizeof(s390.h) - 1, &a), "the program is cut short");
	CHECK(n == sizeof(head) && !exe_hint(own, head, (size_t)n, &a));
}

TEST(exe_hint_tells_of_a_missing_loader_and_takes_any_header)
{
	auto_arena struct arena a = { 0 };
	auto_fd int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct fake_elf f = fake_elf(0, "/lib/ld-none.so");
	Elf64_Ehdr ours;

	CHECK(read(own, &ours, sizeof(ours)) == sizeof(ours));
	f.h.e_machine = ours.e_machine;
	f.h.e_ident[EI_DATA] = ours.e_ident[EI_DATA];
	CHECK_TEXT(hint_of(&f, sizeof(f), &a),
		   "its loader '/lib/ld-none.so' is not in the container");
	f.p.p_filesz = UINT64_MAX;
	CHECK_TEXT(hint_of(&f, sizeof(f), &a), "");
	f.h.e_phoff = UINT64_MAX;
	f.h.e_phnum = UINT16_MAX;
	CHECK_TEXT(hint_of(&f, sizeof(f), &a), "");
}
