/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup: linux: cgroupsPath and linux.resources to directories, file writes, device rules. */
#ifndef SHIM_ENGINE_PLAN_CGROUP_H
#define SHIM_ENGINE_PLAN_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim/engine/plan_scope.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

struct plan_input;

#define CGROUP_DIRS_MAX	 32   /* hierarchies of one host; the kernel has 14 controllers */
#define CGROUP_RULES_MAX 4096 /* device rules of one container */

/*
 * The container's directory in one hierarchy. A v1 host has one a hierarchy, a
 * hybrid host these and the v2 one, a v2 host that one alone.
 */
struct plan_cgroup_dir {
	const char *key;	  /* "memory", "cpu,cpuacct", "name=systemd"; "" is v2 */
	const char *mountpoint;	  /* "/sys/fs/cgroup/memory" */
	const char *path;	  /* below it: "/a/b/id", clean, never "/" */
	bool needed;		  /* a field asked for lives here: not making it is an error */
	const char **controllers; /* v2: to be enabled in the ancestors, or fail; n_controllers */
	size_t n_controllers;
};

enum plan_cgroup_flag {
	CGROUP_EARLY = 1,     /* before the process joins; else after the heavy set-up */
	CGROUP_IF_THERE = 2,  /* a kernel without this file is fine */
	CGROUP_READ_BACK = 4, /* the kernel clamps silently: what it took must be what was asked */
	CGROUP_CHECK_USAGE = 8, /* v2 memory.max: refuse a value below memory.current */
};

/*
 * One file to write. Writes of the same group (not 0) constrain each other in
 * the kernel (quota and period, memory and swap): one that it refuses is tried
 * again after the others of its group.
 */
struct plan_cgroup_write {
	size_t dir; /* in plan_cgroup.dirs */
	unsigned int flags;
	unsigned int group;
	const char *controller; /* "memory" */
	const char *field; /* the key that asks for it, below linux.resources: "memory: limit" */
	const char *file, *value;
	const char *alt_file, *alt_value; /* instead, where the kernel has no .file; or NULL */
};

/* Access bits as the kernel's BPF_DEVCG_ACC_*. */
enum plan_cgroup_access {
	CGROUP_DEV_M = 1,
	CGROUP_DEV_R = 2,
	CGROUP_DEV_W = 4,
	CGROUP_DEV_RWM = 7,
};

struct plan_cgroup_rule {
	bool allow;
	char type;	      /* 'a' (both), 'b', 'c' */
	int64_t major, minor; /* -1: any */
	unsigned int access;
	bool implied; /* not from the config: an ancestor that refuses it may */
};

enum plan_cgroup_dev {
	CGROUP_DEV_NONE, /* no policy: no cgroup to carry it, or everything is allowed */
	CGROUP_DEV_V1,	 /* devices.allow, devices.deny */
	CGROUP_DEV_BPF,	 /* a program on the v2 directory */
};

struct plan_cgroup {
	bool rootless;		 /* nobody expects cgroups that are not his to make */
	const char *warning;	 /* why the container runs without (some) cgroups, or NULL */
	struct plan_scope scope; /* of the systemd driver; then the dirs are made by systemd */
	struct plan_cgroup_dir *dirs;
	size_t n_dirs;
	struct plan_cgroup_write *writes;
	size_t n_writes;

	/* Device policy: last matching rule wins for each access bit; no match is denied. */
	enum plan_cgroup_dev dev;
	bool dev_optional; /* the kernel may refuse it (user namespace: mknod is impossible there)
			    */
	size_t dev_dir;
	struct plan_cgroup_rule *rules;
	size_t n_rules;

	/* v2 with its own cgroup namespace and a writable cgroup mount: who gets the directory. */
	bool delegate;
	uid_t owner;
};

/*
 * Pure. Refused, naming the key: fields that the host's layout cannot carry
 * (v1-only ones on v2 unless neutral, `unified` without v2, controllers that
 * are not there), ".." in cgroupsPath, the root cgroup itself, for the systemd driver what is
 * no SLICE:PREFIX:NAME, values out of range. With cgroups disabled, or a host
 * without any, only a config that asks for no limit passes, and .warning says so.
 */
int plan_cgroup(const struct plan_input *in, struct arena *a, struct plan_cgroup *out,
		struct err *e);

/*
 * What systemd calls the files that are written: the properties that mean the
 * same, so that both always say so (it writes the files anew, at a
 * daemon-reload for one). Files without a property are left out.
 */
void plan_cgroup_properties(const struct plan_cgroup_write *w, size_t n, struct arena *a,
			    struct unit_props *out);

/* "cgroup make ...", "cgroup early ...", "cgroup limit ...", "cgroup device ..." lines. */
void plan_cgroup_print(const struct plan_cgroup *p, struct str *out);

/*
 * cpu.shares (2..262144) as cpu.weight (1..10000), on the curve that maps 2 to
 * 1, 1024 to 100 and 262144 to 10000 (opencontainers/cgroups, since 2025). 0 stays 0: unset.
 */
uint64_t cgroup_weight_of_shares(uint64_t shares);

/* blkio weight (10..1000) as io.weight (1..10000), linear. */
uint64_t cgroup_io_weight(uint64_t blkio_weight);

#endif
