/* SPDX-License-Identifier: Apache-2.0 */
/* plan_proc: who the process is, what it may do and what it is given. */
#ifndef SHIM_ENGINE_PLAN_PROC_H
#define SHIM_ENGINE_PLAN_PROC_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"
#include "spec/oci/config.h"

struct plan_input;

#define PLAN_UMASK	022	  /* when the config has none */
#define PLAN_GROUPS_MAX 65536	  /* NGROUPS_MAX, setgroups(2) */
#define PLAN_ARGS_MAX	(2 << 20) /* bytes of args and env together, about the kernel's limit */

struct plan_rlimit {
	int resource;
	const char *name;
	struct rlimit value;
};

/* Capability sets, a bit per number. */
struct plan_caps {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* sched_setattr(2); its structure is in no libc header of our floor. */
struct plan_sched {
	bool set;
	uint32_t policy, priority;
	int32_t nice;
	uint64_t flags, runtime, deadline, period;
};

/* set_mempolicy(2). */
struct plan_mempolicy {
	bool set;
	int mode;	  /* MPOL_*, with MPOL_F_* */
	cpu_set_t *nodes; /* NULL: none */
};

struct plan_proc {
	char **args; /* NULL-terminated, at least one */
	char **env;  /* NULL-terminated; the last of duplicates; without HOME and LISTEN_PID if
			absent */
	const char *cwd;
	uint32_t uid, gid, umask;
	const uint32_t *gids;
	size_t n_gids;
	struct plan_caps caps; /* absent in the config: none */
	struct plan_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privs;
	struct opt_i32 oom_score_adj;
	struct plan_sched sched;
	int ioprio; /* ioprio_set(2) value, -1: none */
	struct plan_mempolicy mempolicy;
	long personality;		      /* personality(2), -1: none */
	cpu_set_t *cpus_initial, *cpus_final; /* execCPUAffinity, or NULL */
	const char *apparmor, *selinux;
	bool terminal;
	uint16_t rows, cols; /* 0: not given */
	unsigned int listen_fds, preserve_fds;
	bool new_keyring;
	struct json_strs ignored; /* capability names that do not exist here; for a warning */
};

/*
 * For the config's process, with what stands outside of it (personality,
 * memory policy).
 * A config without process is refused: nothing could be started.
 */
int plan_proc(const struct plan_input *in, struct arena *a, struct plan_proc *out, struct err *e);

/* For any process of the container of that config (exec). */
int plan_process(const struct plan_input *in, const struct oci_process *process, struct arena *a,
		 struct plan_proc *out, struct err *e);

void plan_proc_print(const struct plan_proc *p, struct str *out);

#endif
