/* SPDX-License-Identifier: Apache-2.0 */
/* sealed: before the C library: no errno, no relocated pointer, no stack protector. */
#include "shim/engine/sealed.h"

#include <asm/unistd.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "shim/engine/raw_call.h"

#define EXE_LINK "/proc/self/exe"

#if defined(__x86_64__)
/* rdx is for the C library; pushed twice, the stack stays aligned. */
__asm__(".globl sealed_start\n"
	".type sealed_start, @function\n"
	"sealed_start:\n\tmov %rsp,%rdi\n\tpush %rdx\n\tpush %rdx\n\tcall sealed_run\n"
	"\tpop %rdx\n\tpop %rdx\n\tjmp _start\n");
#elif defined(__aarch64__)
__asm__(".globl sealed_start\n"
	".type sealed_start, %function\n"
	"sealed_start:\n\tstp x0,x30,[sp,#-16]!\n\tadd x0,sp,#16\n\tbl sealed_run\n"
	"\tldp x0,x30,[sp],#16\n\tb _start\n");
#endif

void sealed_run(uintptr_t *stack);

static bool same(const char *a, const char *b)
{
	for (; *a && *a == *b; a++)
		b++;
	return *a == *b;
}

static bool starts(const char *text, const char *with)
{
	for (; *with && *text == *with; text++)
		with++;
	return !*with;
}

static bool has_word(char *const *argv)
{
	for (; *argv; argv++) {
		for (int i = 0; sealed_words[i][0]; i++) {
			if (same(*argv, sealed_words[i]))
				return true;
		}
	}
	return false;
}

/* Were we executed by fd already? The auxiliary vector is behind the environment. */
static bool again(char *const *envp)
{
	const ElfW(auxv_t) * aux;

	while (*envp)
		envp++;
	for (aux = (const void *)(envp + 1); aux->a_type != AT_NULL; aux++) {
		if (aux->a_type == AT_EXECFN)
			/* NOLINTNEXTLINE(performance-no-int-to-ptr): that is what it is */
			return starts((const char *)aux->a_un.a_val, SEALED_EXEC_FN);
	}
	return false;
}

static bool read_only(void)
{
	struct statfs fs;

	fs.f_flags = 0; /* alone: an initialiser might call memset() */
	return raw_call(__NR_statfs, (long)EXE_LINK, (long)&fs, 0, 0, 0) ||
	       (fs.f_flags & ST_RDONLY);
}

/*
 * An fd of the read-only clone, or negative. Closing the last one waits for RCU, so that it
 * crosses the exec, out of the way of the fds that the caller passes on, and is closed when there
 * is time (sealed_release()).
 */
static long clone_of_exe(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	long fd = raw_call(__NR_open_tree, AT_FDCWD, (long)EXE_LINK,
			   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);

	if (fd >= 0 &&
	    raw_call(__NR_mount_setattr, fd, (long)"", AT_EMPTY_PATH, (long)&attr, sizeof(attr))) {
		raw_call(__NR_close, fd, 0, 0, 0, 0);
		return -1;
	}
	return fd;
}

__attribute__((used)) void sealed_run(uintptr_t *stack)
{
	char **argv = (char **)(stack + 1);
	char **envp = argv + *stack + 1;
	char path[PATH_MAX], *given;
	long n, fd, kept;

	if (!*stack || !has_word(argv + 1) || again(envp) || read_only())
		return;
	n = raw_call(__NR_readlinkat, AT_FDCWD, (long)EXE_LINK, (long)path, sizeof(path) - 1, 0);
	fd = n > 0 ? clone_of_exe() : -1;
	if (fd < 0)
		return;
	path[n] = '\0';
	given = argv[0];
	argv[0] = path;
	kept = raw_call(__NR_fcntl, fd, F_DUPFD, SEALED_FD_MIN, 0, 0);
	raw_call(__NR_execveat, kept < 0 ? fd : kept, (long)"", (long)argv, (long)envp,
		 AT_EMPTY_PATH);
	argv[0] = given;
	raw_call(__NR_close, kept, 0, 0, 0, 0);
	raw_call(__NR_close, fd, 0, 0, 0, 0);
}
