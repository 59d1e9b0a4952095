/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_newer: one block per architecture: load the number, compare with the newest known. */
#include "shim/engine/seccomp_newer.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#define X32_BIT	   0x40000000U /* x32 calls have x86_64's arch and this bit in the number */
#define BLOCK_MAX  8	       /* instructions of one architecture */
#define ENOSYS_RET (SECCOMP_RET_ERRNO | ENOSYS)

static uint32_t newest(uint32_t arch, const char *const *names, size_t n, uint32_t best)
{
	for (size_t i = 0; i < n; i++) {
		int nr = seccomp_syscall_resolve_name_arch(arch, names[i]);

		/* Below zero: not there, or part of socketcall and ipc. */
		if (nr >= 0 && (uint32_t)nr > best)
			best = (uint32_t)nr;
	}
	return best;
}

/* The highest number that the profile names there; 0: none. */
static uint32_t newest_of(const struct plan_seccomp *p, uint32_t arch)
{
	uint32_t best = newest(arch, p->known, p->n_known, 0);

	for (size_t i = 0; i < p->n_rules; i++)
		best = newest(arch, p->rules[i].names, p->rules[i].n_names, best);
	return best;
}

static bool has_arch(const struct plan_seccomp *p, uint32_t arch)
{
	for (size_t i = 0; i < p->n_archs; i++)
		if (p->archs[i] == arch)
			return true;
	return arch == seccomp_arch_native();
}

/*
 * Placed behind "load arch". `done` is relative to the end of the prologue,
 * which is not known yet: the jumps there are patched by the caller (k == 0).
 */
static size_t put_block(const struct plan_seccomp *p, uint32_t arch, struct sock_filter *out)
{
	const struct sock_filter load =
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	const struct sock_filter done = BPF_STMT(BPF_JMP | BPF_JA, 0);
	const struct sock_filter enosys = BPF_STMT(BPF_RET | BPF_K, ENOSYS_RET);
	uint32_t last = newest_of(p, arch);
	uint32_t x32 = arch == SCMP_ARCH_X86_64 && has_arch(p, SCMP_ARCH_X32)
			       ? newest_of(p, SCMP_ARCH_X32)
			       : 0;
	size_t n = 0;

	if (!last)
		return 0;
	if (arch != SCMP_ARCH_X86_64) {
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 4);
		out[n++] = load;
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0);
	} else {
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 6);
		out[n++] = load;
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 1, 0);
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 2, 1);
		/* Without x32 in the profile the filter itself knows what to do. */
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K,
							x32 ? x32 : UINT32_MAX, 1, 0);
	}
	out[n++] = done;
	out[n++] = enosys;
	return n;
}

size_t seccomp_newer(const struct plan_seccomp *p, struct sock_filter *out)
{
	uint32_t native = seccomp_arch_native();
	size_t n = 0;

	if (!p->enosys)
		return 0;
	out[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						offsetof(struct seccomp_data, arch));
	n += put_block(p, native, out + n);
	for (size_t i = 0; i < p->n_archs && n + BLOCK_MAX <= SECCOMP_NEWER_MAX; i++)
		if (p->archs[i] != native && p->archs[i] != SCMP_ARCH_X32)
			n += put_block(p, p->archs[i], out + n);
	for (size_t i = 0; i < n; i++)
		if (out[i].code == (BPF_JMP | BPF_JA))
			out[i].k = (uint32_t)(n - i - 1);
	return n > 1 ? n : 0;
}
