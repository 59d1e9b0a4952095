/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_dev: device policies: v1's lists and transitions, v2's program. */
#ifndef SHIM_ENGINE_CGROUP_DEV_H
#define SHIM_ENGINE_CGROUP_DEV_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "shim/engine/plan_cgroup.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

#define CGROUP_DEV_LIST_MAX (1 << 20) /* bytes of devices.list */

/*
 * What v1 can hold (Documentation/admin-guide/cgroup-v1/devices.rst): one answer
 * for all devices, and exceptions of the other kind, at most one for each
 * (type, major, minor).
 */
struct cgroup_dev_list {
	bool allow;
	struct plan_cgroup_rule *v; /* exceptions: .allow is !allow, .type 'b' or 'c' */
	size_t n;
};

/*
 * Pure: an ordered rule list as v1 can hold it. ENOTSUP, naming the rule, where
 * it cannot: a hole in a wider exception.
 */
int cgroup_dev_list_of(const struct plan_cgroup_rule *rules, size_t n, struct arena *a,
		       struct cgroup_dev_list *out, struct err *e);

/* Pure: the text of devices.list. A list that allows by default hides its exceptions. */
int cgroup_dev_list_parse(const char *text, struct arena *a, struct cgroup_dev_list *out,
			  struct err *e);

/* One write that brings a list nearer to another. */
struct cgroup_dev_write {
	const char *file; /* "devices.allow", "devices.deny" */
	const char *text; /* "c 1:3 rwm", "a" */
	bool implied;
};

/*
 * Pure: the fewest writes from one list to the other. What both allow stays allowed
 * all the time, for running processes: additions first, and no "deny all"
 * unless the default turns.
 */
void cgroup_dev_transition(const struct cgroup_dev_list *from, const struct cgroup_dev_list *to,
			   struct arena *a, struct cgroup_dev_write **writes, size_t *n);

/* Bring devices.* in the directory to the rules, and read back that they hold. */
int cgroup_dev_apply_v1(int dirfd, const struct plan_cgroup_rule *rules, size_t n, struct err *e);

/*
 * Pure: the program for BPF_PROG_TYPE_CGROUP_DEVICE: 1 allows. Each access bit
 * is decided by the last rule that matches the device and has the bit; by none: denied.
 * In the arena, *n instructions.
 */
struct bpf_insn *cgroup_dev_program(const struct plan_cgroup_rule *rules, size_t n_rules,
				    struct arena *a, size_t *n);

/*
 * Load the program and make it the only one of the directory; there is no
 * moment without one where there was one.
 */
int cgroup_dev_apply_bpf(int dirfd, const struct plan_cgroup_rule *rules, size_t n, struct err *e);

#endif
