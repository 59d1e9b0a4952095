/* SPDX-License-Identifier: Apache-2.0 */
/* pause: the init of an infra container; holds the namespaces, reaps, leaves on TERM or INT. */

/*
 * There is no libc: the program is its entry point and four system calls, so
 * that a thousand of them cost a page or two each. SIGCHLD is ignored with
 * SA_NOCLDWAIT, so the kernel itself reaps every orphan that falls to pid 1,
 * without waking us; TERM and INT are blocked and waited for, so no handler
 * runs and no signal can be lost between the start and the wait.
 */
#include <asm/unistd.h>
#include <linux/signal.h>

#define SIG(n) (1UL << ((n)-1))

static const char version[] = "pause " VERSION "\n";

#if defined(__x86_64__)
static long call4(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
}
/* The kernel enters with argc at the top of the stack and argv above it. */
__asm__(".globl _start\n_start:\n\txor %ebp,%ebp\n\tmov %rsp,%rdi\n\tand $-16,%rsp\n\tcall run\n");
#elif defined(__aarch64__)
static long call4(long nr, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}
__asm__(".globl _start\n_start:\n\tmov x29,#0\n\tmov x30,#0\n\tmov x0,sp\n\tbl run\n");
#else
#error "pause: no system call stub for this architecture yet"
#endif

/* rt_sigaction(2) as the kernel takes it; without a handler no restorer is needed. */
struct kernel_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void *restorer;
	unsigned long mask;
};

__attribute__((noreturn)) static void leave(int status)
{
	for (;;)
		call4(__NR_exit_group, status, 0, 0, 0);
}

/* sp: argc, argv[0], argv[1], ... */
__attribute__((noreturn, used)) void run(const long *sp);
void run(const long *sp)
{
	static const struct kernel_sigaction reap = { .handler = SIG_DFL, .flags = SA_NOCLDWAIT };
	static const unsigned long ends = SIG(SIGTERM) | SIG(SIGINT);
	const char *arg = sp[0] > 1 ? (const char *)sp[2] : 0;

	if (arg && arg[0] == '-' && (arg[1] == 'v' || (arg[1] == '-' && arg[2] == 'v'))) {
		call4(__NR_write, 1, (long)version, sizeof(version) - 1, 0);
		leave(0);
	}
	call4(__NR_rt_sigprocmask, SIG_BLOCK, (long)&ends, 0, sizeof(ends));
	call4(__NR_rt_sigaction, SIGCHLD, (long)&reap, 0, sizeof(reap.mask));
	while (call4(__NR_rt_sigtimedwait, (long)&ends, 0, 0, sizeof(ends)) < 0)
		; /* EINTR: a stop and a continue, or a debugger */
	leave(0);
}
