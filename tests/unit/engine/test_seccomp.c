/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp: profiles as text, programs by running them (here and in the kernel), the cache. */
#include "shim/engine/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/engine/plan.h"
#include "shim/engine/seccomp_cache.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/oci/fields.h"
#include "tests/unit/test.h"

#define X32 0x40000000U

static int plan_of(struct arena *a, const char *profile, struct plan_seccomp *p, struct err *e)
{
	struct host host = { .seccomp = true };
	struct oci_seccomp s = { 0 };
	struct oci_linux linux_ = { .seccomp = &s };
	struct oci_config config = { .linux_ = &linux_ };
	struct plan_input in = { .config = &config, .host = &host, .id = "id" };
	struct json_object *doc = json_parse(profile, strlen(profile), e);

	if (!doc || json_decode(json_own(a, doc), oci_seccomp_fields, &s, a, e))
		return -1;
	return plan_seccomp(&in, a, p, e);
}

static const char *plan_text(struct arena *a, const char *profile)
{
	struct plan_seccomp p;
	struct err e = { 0 };
	auto_str struct str text = { 0 };

	if (plan_of(a, profile, &p, &e))
		return arena_strdup(a, e.msg);
	plan_seccomp_print(&p, &text);
	return arena_strdup(a, str_text(&text));
}

#define CHECK_PLAN(profile, want)                                                                  \
	do {                                                                                       \
		auto_arena struct arena arena_ = { 0 };                                            \
		CHECK_TEXT(plan_text(&arena_, profile), want);                                     \
	} while (0)

TEST(seccomp_plan_defaults)
{
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\","
		   "\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":["
		   "{\"names\":[\"read\",\"write\",\"Bad name\",\"\"],"
		   "\"action\":\"SCMP_ACT_ALLOW\"},"
		   "{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38},"
		   "{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\"},"
		   "{\"names\":[\"kexec_load\"],\"action\":\"SCMP_ACT_KILL\"},"
		   "{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":65535}]}",
		   "seccomp default errno 1\n"
		   "seccomp flags 0x4\n"
		   "seccomp arch SCMP_ARCH_X86\n"
		   "seccomp arch SCMP_ARCH_X32\n"
		   "seccomp allow: read write\n"
		   "seccomp errno 38: clone3\n"
		   "seccomp kill_thread: kexec_load\n"
		   "seccomp trace 65535: ptrace\n"
		   "seccomp as default: mount\n"
		   "seccomp errno 38: what is newer than all of these\n");
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[]}",
		   "seccomp default allow\nseccomp flags 0x0\n");
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"flags\":["
		   "\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\"]}",
		   "seccomp default errno 38\nseccomp flags 0x2\n");
}

TEST(seccomp_plan_conditions)
{
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[],\"syscalls\":["
		   "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
		   "\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"},"
		   "{\"index\":1,\"value\":3,\"valueTwo\":9,\"op\":\"SCMP_CMP_NE\"}]},"
		   "{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		   "{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"},"
		   "{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"},"
		   "{\"index\":1,\"value\":7,\"op\":\"SCMP_CMP_GE\"}]}]}",
		   "seccomp default errno 1\n"
		   "seccomp flags 0x0\n"
		   "seccomp allow: clone if arg0 & 0x7e020000 == 0x0 and arg1 != 0x3\n"
		   "seccomp allow: personality if arg0 == 0x0\n"
		   "seccomp allow: personality if arg0 == 0x8\n"
		   "seccomp allow: personality if arg1 >= 0x7\n"
		   "seccomp errno 38: what is newer than all of these\n");
}

TEST(seccomp_plan_notify)
{
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/s\","
		   "\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],"
		   "\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		   "seccomp default allow\nseccomp flags 0x28\nseccomp notify: mkdir\n");
}

TEST(seccomp_plan_refusals)
{
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
		   "linux: seccomp: defaultAction: SCMP_ACT_NOTIFY is for single calls");
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_FOO\"}",
		   "linux: seccomp: defaultAction: unknown action 'SCMP_ACT_FOO'");
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}",
		   "linux: seccomp: defaultAction: SCMP_ACT_ALLOW takes no errno");
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}",
		   "linux: seccomp: defaultAction: 4096 is more than 4095");
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"X\"]}",
		   "linux: seccomp: flags: [0]: unknown flag 'X'");
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X\"]}",
		   "linux: seccomp: architectures: [0]: unknown architecture 'SCMP_ARCH_X'");
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		   "\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":6,\"value\":0,"
		   "\"op\":\"SCMP_CMP_EQ\"}]}]}",
		   "linux: seccomp: syscalls: [0]: args: [0]: index: 6 is more than 5");
	CHECK_PLAN("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		   "\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":0,\"value\":0,"
		   "\"op\":\"EQ\"}]}]}",
		   "linux: seccomp: syscalls: [0]: args: [0]: op: unknown operator 'EQ'");
}

TEST(seccomp_absent_and_unsupported)
{
	auto_arena struct arena a = { 0 };
	struct host host = { .seccomp = false };
	struct oci_seccomp s = { .default_action = (char *)"SCMP_ACT_ALLOW" };
	struct oci_linux linux_ = { 0 };
	struct oci_config config = { .linux_ = &linux_ };
	struct plan_input in = { .config = &config, .host = &host };
	struct plan_seccomp p;
	struct seccomp_prog prog;
	struct err e = { 0 };
	int listener;

	CHECK(!plan_seccomp(&in, &a, &p, &e) && !p.present);
	CHECK(!seccomp_compile(&p, -1, &a, &prog, &e) && !prog.present);
	CHECK(!seccomp_install(&prog, &listener, &e) && listener == -1);
	linux_.seccomp = &s;
	CHECK(plan_seccomp(&in, &a, &p, &e) && e.num == ENOTSUP);
}

/* A program as the kernel would run it; UINT32_MAX: it left the road. */
__attribute__((unused)) static uint32_t run(const struct seccomp_prog *prog, uint32_t arch,
					    uint32_t nr, uint64_t arg0)
{
	struct seccomp_data data = { .nr = (int)nr, .arch = arch, .args = { arg0 } };
	uint32_t acc = 0;

	for (size_t i = 0; i < prog->len; i++) {
		const struct sock_filter *f = &prog->filter[i];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (f->k > sizeof(data) - 4)
				return UINT32_MAX;
			memcpy(&acc, (const char *)&data + f->k, 4);
			break;
		case BPF_JMP | BPF_JA:
			i += f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			i += acc == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			i += acc > f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			i += acc >= f->k ? f->jt : f->jf;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			acc &= f->k;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			return UINT32_MAX;
		}
	}
	return UINT32_MAX;
}

/* Shaped as the profile that containerd and docker send, with fewer names. */
#define PROFILE(archs)                                                                             \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[" archs                          \
	"],\"syscalls\":[{\"names\":[\"read\",\"write\",\"exit_group\",\"rt_sigreturn\","          \
	"\"socketcall\",\"faccessat2\",\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\"},"          \
	"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"       \
	"\"value\":0,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":8,"                            \
	"\"op\":\"SCMP_CMP_EQ\"}]},"                                                               \
	"{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}]}"

#define FACCESSAT2 439 /* the newest one named there, the same on all architectures */
#define ERRNO(n)   (SECCOMP_RET_ERRNO | (n))

static bool compiled(struct arena *a, const char *profile, int cache, struct seccomp_prog *prog)
{
	struct plan_seccomp p;
	struct err e = { 0 };

	if (!plan_of(a, profile, &p, &e) && !seccomp_compile(&p, cache, a, prog, &e))
		return true;
	test_failed(__FILE__, __LINE__, e.msg);
	return false;
}

#ifdef __x86_64__
TEST(seccomp_program_on_three_architectures)
{
	auto_arena struct arena a = { 0 };
	struct seccomp_prog prog;
	const uint32_t x64 = AUDIT_ARCH_X86_64, x86 = AUDIT_ARCH_I386;

	ASSERT(compiled(&a, PROFILE("\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\""), -1,
			&prog));
	CHECK(prog.flags == SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	CHECK(run(&prog, x64, SYS_read, 0) == SECCOMP_RET_ALLOW);
	CHECK(run(&prog, x64, SYS_mount, 0) == ERRNO(EPERM));
	CHECK(run(&prog, x64, SYS_clone3, 0) == ERRNO(ENOSYS));
	CHECK(run(&prog, x64, SYS_personality, 8) == SECCOMP_RET_ALLOW);
	CHECK(run(&prog, x64, SYS_personality, 0) == SECCOMP_RET_ALLOW);
	CHECK(run(&prog, x64, SYS_personality, 1) == ERRNO(EPERM));
	CHECK(run(&prog, x64, SYS_personality, 1ULL << 32) == ERRNO(EPERM));
	CHECK(run(&prog, x64, FACCESSAT2, 0) == SECCOMP_RET_ALLOW);
	CHECK(run(&prog, x64, FACCESSAT2 - 1, 0) == ERRNO(EPERM));
	CHECK(run(&prog, x64, FACCESSAT2 + 1, 0) == ERRNO(ENOSYS));
	CHECK(run(&prog, x64, X32 | SYS_write, 0) == SECCOMP_RET_ALLOW);
	CHECK(run(&prog, x64, X32 | FACCESSAT2, 0) == SECCOMP_RET_ALLOW);
	CHECK(run(&prog, x64, X32 | 200, 0) == ERRNO(EPERM));
	/* x32 has numbers of its own from 512 on, and rt_sigreturn is one: newer starts there. */
	CHECK(run(&prog, x64, X32 | 600, 0) == ERRNO(ENOSYS));
	CHECK(run(&prog, x86, 3, 0) == SECCOMP_RET_ALLOW); /* read */
	CHECK(run(&prog, x86, 21, 0) == ERRNO(EPERM));	   /* mount */
	CHECK(run(&prog, x86, FACCESSAT2 + 1, 0) == ERRNO(ENOSYS));
	CHECK(run(&prog, AUDIT_ARCH_AARCH64, 0, 0) == SECCOMP_RET_KILL_THREAD);
}

TEST(seccomp_program_native_only)
{
	auto_arena struct arena a = { 0 };
	struct seccomp_prog prog;

	ASSERT(compiled(&a, PROFILE(""), -1, &prog));
	CHECK(run(&prog, AUDIT_ARCH_X86_64, SYS_read, 0) == SECCOMP_RET_ALLOW);
	CHECK(run(&prog, AUDIT_ARCH_X86_64, FACCESSAT2 + 1, 0) == ERRNO(ENOSYS));
	CHECK(run(&prog, AUDIT_ARCH_X86_64, X32 | SYS_read, 0) == SECCOMP_RET_KILL_THREAD);
	CHECK(run(&prog, AUDIT_ARCH_I386, 3, 0) == SECCOMP_RET_KILL_THREAD);
}
#endif

/* Only an errno default speaks for calls that nobody has thought of. */
TEST(seccomp_newer_only_behind_errno)
{
	auto_arena struct arena a = { 0 };
	struct seccomp_prog prog;

	ASSERT(compiled(&a,
			"{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"syscalls\":["
			"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
			-1, &prog));
#ifdef __x86_64__
	CHECK(run(&prog, AUDIT_ARCH_X86_64, 9999, 0) == SECCOMP_RET_KILL_PROCESS);
#endif
	ASSERT(compiled(&a, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":5}", -1,
			&prog));
#ifdef __x86_64__
	CHECK(run(&prog, AUDIT_ARCH_X86_64, 9999, 0) == ERRNO(5)); /* it names none at all */
#endif
}

/* 0 when the kernel does as the profile says. */
static int try_filter(const struct seccomp_prog *prog)
{
	struct err e;
	int listener;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || seccomp_install(prog, &listener, &e))
		return 1;
	if (syscall(SYS_getppid) != -1 || errno != EPERM)
		return 2;
	if (syscall(FACCESSAT2 + 1) != -1 || errno != ENOSYS)
		return 3;
	if (syscall(SYS_personality, 0) < 0)
		return 4;
	if (syscall(SYS_personality, 1) != -1 || errno != EPERM)
		return 5;
	return 0;
}

TEST(seccomp_in_the_kernel)
{
	auto_arena struct arena a = { 0 };
	struct seccomp_prog prog;
	int status = -1;
	pid_t pid;

	ASSERT(compiled(&a, PROFILE(""), -1, &prog));
	pid = fork();
	if (!pid)
		syscall(SYS_exit_group, try_filter(&prog));
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Errors of the helper that compiles come through whole. */
TEST(seccomp_too_many_instructions)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str profile = { 0 };
	struct plan_seccomp p;
	struct seccomp_prog prog;
	struct err e = { 0 };

	str_add(&profile, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[");
	for (int i = 0; i < SECCOMP_RULES_MAX; i++)
		str_addf(&profile,
			 "%s{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{"
			 "\"index\":1,\"value\":%d,\"op\":\"SCMP_CMP_EQ\"}]}",
			 i ? "," : "", i * 7);
	str_add(&profile, "]}");
	ASSERT(!plan_of(&a, str_text(&profile), &p, &e));
	CHECK(seccomp_compile(&p, -1, &a, &prog, &e) && e.num == E2BIG);
	CHECK_TEXT(e.msg, "linux: seccomp: more than 4096 instructions");
}

struct cache {
	char dir[32];
	int fd;
};

static bool cache_init(struct cache *c)
{
	snprintf(c->dir, sizeof(c->dir), "/tmp/peapod-unit-XXXXXX");
	c->fd = mkdtemp(c->dir) ? open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	return c->fd >= 0;
}

static void cache_done(struct cache *c)
{
	struct err e;

	close_fd(&c->fd);
	if (path_remove_tree(AT_FDCWD, c->dir, &e))
		test_failed(__FILE__, __LINE__, e.msg);
}
#define auto_cache __attribute__((cleanup(cache_done)))

/* The only entry of the cache, opened. */
static int entry(const struct cache *c, char *name)
{
	auto_dir DIR *list = opendir(c->dir);
	struct dirent *d;

	while (list && (d = readdir(list)))
		if (str_ends(d->d_name, ".bpf")) {
			snprintf(name, NAME_MAX + 1, "%s", d->d_name);
			return openat(c->fd, name, O_RDWR | O_CLOEXEC);
		}
	return -1;
}

TEST(seccomp_second_container_compiles_nothing)
{
	auto_arena struct arena a = { 0 };
	auto_cache struct cache c;
	struct seccomp_prog first, second, other;

	ASSERT(cache_init(&c));
	ASSERT(compiled(&a, PROFILE(""), c.fd, &first));
	CHECK(!first.from_cache);
	ASSERT(compiled(&a, PROFILE(""), c.fd, &second));
	CHECK(second.from_cache);
	CHECK(second.len == first.len && second.flags == first.flags);
	CHECK(!memcmp(second.filter, first.filter, first.len * sizeof(*first.filter)));
	ASSERT(compiled(&a, PROFILE("\"SCMP_ARCH_X86\""), c.fd, &other));
	CHECK(!other.from_cache);
}

TEST(seccomp_cache_is_checked)
{
	auto_arena struct arena a = { 0 };
	auto_cache struct cache c;
	auto_fd int fd = -1;
	struct seccomp_prog good, prog;
	struct stat st;
	char name[NAME_MAX + 1], byte;

	ASSERT(cache_init(&c));
	ASSERT(compiled(&a, PROFILE(""), c.fd, &good));
	ASSERT((fd = entry(&c, name)) >= 0 && !fstat(fd, &st));
	/* Any damaged byte of the file makes it be made anew. */
	for (off_t at = 0; at < st.st_size; at += st.st_size / 37 + 1) {
		close_fd(&fd);
		ASSERT((fd = entry(&c, name)) >= 0);
		ASSERT(pread(fd, &byte, 1, at) == 1);
		byte = (char)(byte ^ 0x10);
		ASSERT(pwrite(fd, &byte, 1, at) == 1);
		ASSERT(compiled(&a, PROFILE(""), c.fd, &prog));
		if (prog.from_cache)
			printf("# damage at %lld was not seen\n", (long long)at);
		CHECK(!prog.from_cache);
		CHECK(!memcmp(prog.filter, good.filter, good.len * sizeof(*good.filter)));
		ASSERT(compiled(&a, PROFILE(""), c.fd, &prog));
		CHECK(prog.from_cache);
	}
	CHECK(!truncate(arena_printf(&a, "%s/%s", c.dir, name), 10));
	ASSERT(compiled(&a, PROFILE(""), c.fd, &prog));
	CHECK(!prog.from_cache);
	CHECK(!fchmodat(c.fd, name, 0644, 0));
	ASSERT(compiled(&a, PROFILE(""), c.fd, &prog));
	CHECK(!prog.from_cache);
	CHECK(!fchmod(c.fd, 0777));
	ASSERT(compiled(&a, PROFILE(""), c.fd, &prog));
	CHECK(!prog.from_cache);
}

TEST(seccomp_cache_follows_no_link_and_has_an_end)
{
	auto_arena struct arena a = { 0 };
	auto_cache struct cache c;
	auto_fd int fd = -1;
	struct seccomp_prog prog;
	struct sock_filter ret = { 0 };
	size_t n = 0;
	char name[NAME_MAX + 1];

	ASSERT(cache_init(&c));
	ASSERT(compiled(&a, PROFILE(""), c.fd, &prog));
	ASSERT((fd = entry(&c, name)) >= 0);
	CHECK(!renameat(c.fd, name, c.fd, "other"));
	CHECK(!symlinkat("other", c.fd, name));
	ASSERT(compiled(&a, PROFILE(""), c.fd, &prog));
	CHECK(!prog.from_cache);
	for (int i = 0; i < SECCOMP_CACHE_ENTRIES_MAX * 2; i++)
		seccomp_cache_put(c.fd, arena_printf(&a, "key %d", i), &ret, 1);
	{
		auto_dir DIR *list = opendir(c.dir);
		struct dirent *d;

		while (list && (d = readdir(list)))
			n += str_ends(d->d_name, ".bpf");
	}
	CHECK(n > 0 && n <= SECCOMP_CACHE_ENTRIES_MAX);
}
