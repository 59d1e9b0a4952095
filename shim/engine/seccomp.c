/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp: profile to instructions by libseccomp, behind a prologue of our own. */
#include "shim/engine/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/engine/seccomp_cache.h"
#include "shim/engine/seccomp_newer.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"
#include "spec/oci/tables.h"

#define OPTIMIZE_TREE 2 /* SCMP_FLTATR_CTL_OPTIMIZE: a binary tree of system calls */

static void release_filter(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}
#define auto_filter __attribute__((cleanup(release_filter)))

/* libseccomp returns negative errno values. */
static int lib_err(int num, const char *what, const char *name, struct err *e)
{
	errno = -num;
	return err_sys(e, "linux: seccomp: libseccomp: %s '%s'", what, name);
}

static enum scmp_compare compare_of(int op)
{
	static const enum scmp_compare map[] = {
		[OCI_CMP_NE] = SCMP_CMP_NE,
		[OCI_CMP_LT] = SCMP_CMP_LT,
		[OCI_CMP_LE] = SCMP_CMP_LE,
		[OCI_CMP_EQ] = SCMP_CMP_EQ,
		[OCI_CMP_GE] = SCMP_CMP_GE,
		[OCI_CMP_GT] = SCMP_CMP_GT,
		[OCI_CMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	return map[op];
}

static int add_rule(scmp_filter_ctx ctx, const struct plan_seccomp_rule *r, struct err *e)
{
	struct scmp_arg_cmp args[SECCOMP_ARGS_MAX];

	for (size_t i = 0; i < r->n_args; i++)
		args[i] = (struct scmp_arg_cmp){ r->args[i].index, compare_of(r->args[i].op),
						 r->args[i].value, r->args[i].value_two };
	for (size_t i = 0; i < r->n_names; i++) {
		int nr = seccomp_syscall_resolve_name(r->names[i]), ret;

		if (nr == __NR_SCMP_ERROR)
			continue; /* newer than the library, or of no architecture at all */
		ret = seccomp_rule_add_array(ctx, r->action, nr, (unsigned int)r->n_args, args);
		if (ret < 0)
			return lib_err(ret, "rule for", r->names[i], e);
	}
	return 0;
}

static int add_archs(scmp_filter_ctx ctx, const struct plan_seccomp *p, struct err *e)
{
	for (size_t i = 0; i < p->n_archs; i++) {
		int ret = seccomp_arch_add(ctx, p->archs[i]);

		if (ret < 0 && ret != -EEXIST)
			return lib_err(ret, "architecture",
				       names_of(oci_seccomp_arch_names, p->archs[i]), e);
	}
	return 0;
}

/* The library's own instructions; version 2.5 gives them to a file only. */
static ssize_t export(scmp_filter_ctx ctx, struct sock_filter *out, struct err *e)
{
	auto_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	ssize_t n;
	int ret;

	if (fd < 0)
		return err_sys(e, "memfd_create");
	ret = seccomp_export_bpf(ctx, fd);
	if (ret < 0)
		return lib_err(ret, "export", "filter", e);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "seek in a memfd");
	n = read_full(fd, out, BPF_MAXINSNS * sizeof(*out));
	if (n < 0)
		return err_sys(e, "read a memfd");
	if (lseek(fd, 0, SEEK_END) != n)
		return err_set(e, E2BIG, "linux: seccomp: more than %d instructions", BPF_MAXINSNS);
	return n / (ssize_t)sizeof(*out);
}

static int compile(const struct plan_seccomp *p, struct arena *a, struct seccomp_prog *out,
		   struct err *e)
{
	auto_filter scmp_filter_ctx ctx = seccomp_init(p->default_action);
	struct sock_filter *code = arena_array(a, SECCOMP_NEWER_MAX + BPF_MAXINSNS, sizeof(*code));
	size_t prologue;
	ssize_t n;
	int ret;

	if (!ctx)
		return err_set(e, EINVAL, "linux: seccomp: defaultAction: libseccomp refuses it");
	ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0); /* ours to set, or not */
	if (!ret)
		ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
	if (ret < 0)
		return lib_err(ret, "set", "attributes", e);
	if (add_archs(ctx, p, e))
		return -1;
	for (size_t i = 0; i < p->n_rules; i++)
		if (add_rule(ctx, &p->rules[i], e))
			return -1;
	prologue = seccomp_newer(p, code);
	n = export(ctx, code + prologue, e);
	if (n < 0)
		return -1;
	if (prologue + (size_t)n > BPF_MAXINSNS)
		return err_set(e, E2BIG, "linux: seccomp: more than %d instructions", BPF_MAXINSNS);
	out->filter = code;
	out->len = (unsigned short)(prologue + (size_t)n);
	return 0;
}

/* The helper: instructions to the fd and 0, or a struct err and 1. */
static int compile_to(const struct plan_seccomp *p, int fd)
{
	const struct rlimit cpu = { SECCOMP_COMPILE_SECONDS, SECCOMP_COMPILE_SECONDS };
	auto_arena struct arena a = { 0 };
	struct seccomp_prog prog = { 0 };
	struct err e;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setrlimit(RLIMIT_CPU, &cpu))
		err_sys(&e, "limit the time of compiling");
	else if (!compile(p, &a, &prog, &e))
		return write_all(fd, prog.filter, prog.len * sizeof(*prog.filter)) ? 1 : 0;
	write_all(fd, &e, sizeof(e));
	return 1;
}

/*
 * A few dozen rules with several conditions each can keep libseccomp busy for
 * hours, so it works in a process of its own, with a limit. It is forked, and
 * only for profiles that are new: that costs nothing beside the compiling.
 */
static int compile_apart(const struct plan_seccomp *p, struct arena *a, struct seccomp_prog *out,
			 struct err *e)
{
	auto_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct clone_args args = { .exit_signal = SIGCHLD };
	struct stat st;
	pid_t pid;
	int status;

	if (fd < 0)
		return err_sys(e, "memfd_create");
	pid = proc_clone(&args);
	if (!pid)
		_exit(compile_to(p, fd));
	status = pid < 0 ? -1 : proc_reap(pid);
	if (status < 0 || fstat(fd, &st) || lseek(fd, 0, SEEK_SET))
		return err_sys(e, "linux: seccomp: compile");
	if (status == 128 + SIGKILL)
		return err_set(e, E2BIG, "linux: seccomp: too complex: not compiled within %d s",
			       SECCOMP_COMPILE_SECONDS);
	if (status == 1 && read_full(fd, e, sizeof(*e)) == sizeof(*e))
		return -1;
	if (status || st.st_size > (off_t)(BPF_MAXINSNS * sizeof(*out->filter)))
		return err_set(e, EIO, "linux: seccomp: the compiler ended with status %d", status);
	out->filter = arena_alloc(a, (size_t)st.st_size);
	if (read_full(fd, out->filter, (size_t)st.st_size) != st.st_size)
		return err_sys(e, "linux: seccomp: read what was compiled");
	out->len = (unsigned short)((size_t)st.st_size / sizeof(*out->filter));
	return 0;
}

/* All that the instructions depend on. */
static const char *cache_key(const struct plan_seccomp *p, struct arena *a)
{
	const struct scmp_version *v = seccomp_version();
	auto_str struct str key = { 0 };

	str_addf(&key, "libseccomp %u.%u.%u\nnative %08x\nprologue %d\n", v->major, v->minor,
		 v->micro, seccomp_arch_native(), SECCOMP_NEWER_VERSION);
	plan_seccomp_print(p, &key);
	return arena_strdup(a, str_text(&key));
}

int seccomp_compile(const struct plan_seccomp *p, int cache_dirfd, struct arena *a,
		    struct seccomp_prog *out, struct err *e)
{
	struct seccomp_prog prog = { .present = p->present,
				     .flags = p->flags,
				     .notify = p->notify };
	const char *key;

	if (p->present) {
		key = cache_key(p, a);
		prog.from_cache = seccomp_cache_get(cache_dirfd, key, a, &prog.filter, &prog.len);
		if (!prog.from_cache && compile_apart(p, a, &prog, e))
			return -1;
		if (!prog.from_cache)
			seccomp_cache_put(cache_dirfd, key, prog.filter, prog.len);
	}
	*out = prog;
	return 0;
}

int seccomp_install(const struct seccomp_prog *prog, int *listener, struct err *e)
{
	struct sock_fprog fprog = { .len = prog->len, .filter = prog->filter };

	long ret;

	*listener = -1;
	if (!prog->present)
		return 0;
	ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, prog->flags, &fprog);
	if (ret >= 0) {
		*listener = prog->notify ? (int)ret : -1;
		return 0;
	}
	return err_sys(e, "load the seccomp filter%s",
		       errno == EACCES ? " (needs noNewPrivileges, or CAP_SYS_ADMIN)" : "");
}
