/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: facts of a host -> findings about it; pure but for doctor_gather(). */
#ifndef SHIM_CLI_DOCTOR_H
#define SHIM_CLI_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/cli/doctor_containerd.h"
#include "shim/engine/engine.h"
#include "shim/engine/host.h"
#include "shim/pod/netdir.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"

#define DOCTOR_KERNEL_MAJOR 5 /* the kernel floor: 5.14 */
#define DOCTOR_KERNEL_MINOR 14

/* Where the daemon keeps its pods and containers, and listens (the same as its own). */
#define DOCTOR_SHIM_PODS    "/run/peapod/@shim/pods"
#define DOCTOR_SHIM_SOCKETS "/run/containerd/s"

#define DOCTOR_LEFT_MAX 256 /* leftovers of a kind; further ones are not looked for */

/* System calls that are tried with arguments which no kernel takes. */
enum doctor_call {
	DOCTOR_CLONE3,
	DOCTOR_OPENAT2,
	DOCTOR_MOUNT_SETATTR,
	DOCTOR_OPEN_TREE, /* stands for the new mount API */
	DOCTOR_PIDFD_OPEN,
	DOCTOR_CLOSE_RANGE,
	DOCTOR_CALLS
};

/* What is left of one container, pod or shim. */
struct doctor_left {
	char *name;
	char *what; /* "stopped", "2 cgroups, processes in them", an error */
	char *dir;  /* the directory that it is about, or NULL */
};
struct doctor_lefts {
	size_t n;
	struct doctor_left *v;
};

struct doctor_cgroup {
	char *name; /* of the hierarchy: its key, or "v2" */
	char *dir;  /* where our containers' cgroups would be made */
	int error;  /* errno of writing there; 0: it can be */
};

/* A number below /proc/sys; not known where the file is not there. */
struct doctor_sysctl {
	bool known;
	int64_t v;
};

struct doctor_facts {
	const struct host *host;
	bool rootless;
	char *release;		 /* of uname(2) */
	int calls[DOCTOR_CALLS]; /* errno of each call; ENOSYS: the kernel has none, EPERM: a filter
				  */
	int bpf_error;		 /* of loading a device program; 0: it can be */
	int nft_error;		 /* of asking nf_tables for its generation; 0: it is there */
	uint64_t effective;	 /* our capabilities, bit per number */
	json_list(struct doctor_cgroup) cgroups;
	struct json_strs controllers; /* of all hierarchies */
	struct doctor_sysctl userns_max, userns_clone, userns_apparmor;
	struct doctor_sysctl forward4;
	char *net_dir, *net_error; /* net_error: the directory cannot be read; else nets counts */
	struct netdir nets;
	char *bin_dirs;
	bool cni_plugin;    /* peapod is in one of them */
	char *shim, *pause; /* paths of the programs; NULL: not found */
	char *criu;	    /* the same */
	char *writable;	    /* our own program, when a rootless container could write to it */
	struct doctor_containerd containerd;
	struct doctor_lefts containers; /* of this state root, without a live process */
	struct doctor_lefts pods;	/* that have ended, or whose infra container is gone */
	struct doctor_lefts shims;	/* whose socket nobody answers */
};

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_WARN, /* something that can be lived without */
	DOCTOR_FAIL,
};

struct doctor_finding {
	char *check;
	int level;    /* enum doctor_level */
	char *text;   /* what there is */
	char *advice; /* what to do about it, or NULL */
};

struct doctor_report {
	struct arena *arena;
	const char *check; /* the row that is running */
	bool passed;	   /* nothing failed */
	json_list(struct doctor_finding) findings;
};

/* One check looks at some facts and adds one finding or more. */
struct doctor_check {
	const char *name;
	void (*run)(const struct doctor_facts *f, struct doctor_report *r);
};

/* doctor_kernel.c, doctor_node.c; a table ends with a row without a name. */
extern const struct doctor_check doctor_kernel_checks[], doctor_node_checks[];

/* Add a finding; advice NULL: none. Texts are formatted by arena_printf() before. */
void doctor_add(struct doctor_report *r, enum doctor_level level, const char *text,
		const char *advice);

/* Run all checks. The report is in the arena. */
struct doctor_report *doctor_judge(const struct doctor_facts *f, struct arena *a);

/* A line a finding: "warn  cni        text -> advice". */
void doctor_text(const struct doctor_report *r, struct str *out);
/* {"passed": true, "findings": [{"check", "level", "text", "advice"}...]} */
void doctor_json(const struct doctor_report *r, struct str *out);

/* doctor_facts.c: ask the system. What cannot be found out is a fact as well, so it cannot fail. */
struct doctor_facts *doctor_gather(const struct engine *en, struct arena *a);

/* doctor_left.c: the part of the facts that is about what is left of dead containers. */
void doctor_find_left(const struct engine *en, struct arena *a, struct doctor_facts *f);

#endif
