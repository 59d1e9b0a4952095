/* SPDX-License-Identifier: Apache-2.0 */
/* plan_seccomp: linux.seccomp, checked and normalised; knows no library and no kernel. */
#ifndef SHIM_ENGINE_PLAN_SECCOMP_H
#define SHIM_ENGINE_PLAN_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

struct plan_input;
struct oci_seccomp;

#define SECCOMP_RULES_MAX 4096 /* (rule, syscall) pairs: a program has no room for more */
#define SECCOMP_ARGS_MAX  6    /* of a system call */

struct plan_seccomp_arg {
	uint32_t index;
	int op; /* enum oci_seccomp_op */
	uint64_t value, value_two;
};

/* The conditions are ANDed, and no two are about the same argument. */
struct plan_seccomp_rule {
	uint32_t action; /* SECCOMP_RET_* with its data, as the kernel has it */
	const char **names;
	size_t n_names;
	struct plan_seccomp_arg *args;
	size_t n_args;
};

struct plan_seccomp {
	bool present;
	bool notify; /* a rule has SCMP_ACT_NOTIFY: the filter is loaded with a listener */
	uint32_t default_action; /* SECCOMP_RET_* with its data */
	unsigned int flags;	 /* SECCOMP_FILTER_FLAG_*, for seccomp(2) */
	uint32_t *archs;	 /* beside the native one, as libseccomp numbers them; unique */
	size_t n_archs;
	struct plan_seccomp_rule *rules; /* none has the default action */
	size_t n_rules;
	/*
	 * System calls newer than the newest that the profile names give ENOSYS,
	 * so that a libc falls back; only where the default action is an errno.
	 * These are names that no rule has but which the profile knows.
	 */
	bool enosys;
	const char **known;
	size_t n_known;
};

/*
 * Pure. An absent profile gives .present false. Refused, naming the key: unknown
 * actions, operators, flags and architectures, SCMP_ACT_NOTIFY by default, an errno with an action
 * that has none (runtime-spec: MUST), an argument above 5,
 * a kernel without seccomp. Names that cannot be system calls are dropped here, unknown
 * ones by seccomp_compile(): profiles are older and newer than libraries.
 */
int plan_seccomp(const struct plan_input *in, struct arena *a, struct plan_seccomp *out,
		 struct err *e);

/* Does a rule of the profile (NULL: there is none) have SCMP_ACT_NOTIFY? */
bool plan_seccomp_notifies(const struct oci_seccomp *s);

/* Complete and unambiguous: two plans that print the same are the same filter. */
void plan_seccomp_print(const struct plan_seccomp *p, struct str *out);

#endif
