/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp: compile a profile once (cached by content), load it where it is due. */
#ifndef SHIM_ENGINE_SECCOMP_H
#define SHIM_ENGINE_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>

#include "shim/engine/plan_seccomp.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

struct seccomp_prog {
	unsigned short len; /* instructions */
	struct sock_filter *filter;
	unsigned int flags; /* for seccomp(2) */
	bool present;	    /* false: no profile, seccomp_install() does nothing */
	bool notify;	    /* seccomp_install() gives a listener's fd */
	bool from_cache;    /* nothing was compiled */
};

#define SECCOMP_COMPILE_SECONDS 5 /* of CPU time; real profiles take 0.03 */

/*
 * Parent. The program is in the arena. cache_dirfd: a directory of ours (owner
 * euid, not writable for others; else it is not used), or -1. An entry holds
 * the whole normalised profile with the versions it depends on and is used only
 * if that is equal; a damaged one is made anew. A cache that cannot be written
 * is no error. Compiling is done in a child process, which is waited for; a profile that takes
 * too long is E2BIG.
 */
int seccomp_compile(const struct plan_seccomp *p, int cache_dirfd, struct arena *a,
		    struct seccomp_prog *out, struct err *e);

/*
 * Child, by seccomp(2) (seccomp_load() is a name of libseccomp): needs no_new_privs or
 * CAP_SYS_ADMIN. Everything afterwards passes the filter. *listener: its
 * notification fd, close-on-exec, or -1 when no rule notifies.
 */
int seccomp_install(const struct seccomp_prog *prog, int *listener, struct err *e);

#endif
