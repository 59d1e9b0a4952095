/* SPDX-License-Identifier: Apache-2.0 */
/* exe_hint: scripts by their first line, programs by their ELF header (elf(5)). */
#include "shim/engine/exe_hint.h"

#include <elf.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "spec/base/names.h"

#define HEADERS_MAX 32 /* program headers that are looked at; a loader is among the first */

/* Our own header: what this machine runs is what we are made for. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static const struct name machines[] = {
	{ "x86_64", EM_X86_64 },   { "i386", EM_386 },
	{ "aarch64", EM_AARCH64 }, { "arm", EM_ARM },
	{ "riscv", EM_RISCV },	   { "ppc64", EM_PPC64 },
	{ "s390", EM_S390 },	   { "loongarch", EM_LOONGARCH },
	{ "mips", EM_MIPS },	   { 0 },
};

/* x86_64 runs i386, aarch64 most often runs arm. */
static bool runs_here(unsigned int machine)
{
	unsigned int own = __ehdr_start.e_machine;

	return machine == own || (own == EM_X86_64 && machine == EM_386) ||
	       (own == EM_AARCH64 && machine == EM_ARM);
}

static char *script_hint(const char *head, size_t n, struct arena *a)
{
	char *name = arena_strndup(a, head + 2, n - 2);
	size_t len;

	name += strspn(name, " \t");
	len = strcspn(name, " \t\n");
	name[len] = '\0';
	if (!len)
		return arena_strdup(a, "its #! line names no interpreter");
	if (!access(name, F_OK))
		return NULL;
	if (name[len - 1] == '\r')
		return arena_strdup(a, "its #! line ends with a carriage return");
	return arena_printf(a, "its interpreter '%s' is not in the container", name);
}

static char *loader_hint(int fd, const Elf64_Ehdr *h, struct arena *a)
{
	Elf64_Phdr headers[HEADERS_MAX];
	ssize_t got = pread(fd, headers, sizeof(headers), (off_t)h->e_phoff);

	for (size_t i = 0; i < h->e_phnum && (ssize_t)((i + 1) * sizeof(*headers)) <= got; i++) {
		char name[PATH_MAX + 1] = "";
		Elf64_Phdr p = headers[i];

		if (p.p_type != PT_INTERP)
			continue;
		if (p.p_filesz > PATH_MAX ||
		    pread(fd, name, p.p_filesz, (off_t)p.p_offset) != (ssize_t)p.p_filesz)
			return NULL;
		if (!*name || !access(name, F_OK))
			return NULL;
		return arena_printf(a, "its loader '%s' is not in the container", name);
	}
	return NULL;
}

static char *program_hint(int fd, const char *head, size_t n, struct arena *a)
{
	const char *theirs, *ours = names_of(machines, __ehdr_start.e_machine);
	Elf64_Ehdr h;

	if (n < sizeof(h))
		return arena_strdup(a, "the program is cut short");
	memcpy(&h, head, sizeof(h));
	/* e_machine has the same place in both classes, but the order of bytes is the file's */
	if (h.e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA])
		return arena_strdup(a, "it is made for another machine");
	theirs = names_of(machines, h.e_machine);
	if (!runs_here(h.e_machine))
		return arena_printf(a, "it is made for %s, this machine is %s",
				    theirs ? theirs : "another machine", ours ? ours : "not");
	return h.e_ident[EI_CLASS] == ELFCLASS64 ? loader_hint(fd, &h, a) : NULL;
}

char *exe_hint(int fd, const char *head, size_t n, struct arena *a)
{
	if (!n)
		return arena_strdup(a, "the file is empty");
	if (n >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG))
		return program_hint(fd, head, n, a);
	if (n >= 2 && head[0] == '#' && head[1] == '!')
		return script_hint(head, n, a);
	return arena_strdup(a, "it is neither a program nor a script with a #! line");
}

bool exe_on_noexec(const char *path)
{
	struct statvfs fs;

	return !statvfs(path, &fs) && (fs.f_flag & ST_NOEXEC);
}
