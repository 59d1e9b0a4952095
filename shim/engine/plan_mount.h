/* SPDX-License-Identifier: Apache-2.0 */
/* plan_mount: the record of one mount; plain data. */
#ifndef SHIM_ENGINE_PLAN_MOUNT_H
#define SHIM_ENGINE_PLAN_MOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/oci/config.h"

enum plan_mount_kind {
	PLAN_MOUNT_FS = 1,  /* any file system by fsopen(2); the source is its "source" */
	PLAN_MOUNT_PROC,    /* on a real directory only */
	PLAN_MOUNT_SYSFS,   /* the same; in a user namespace /sys itself where sysfs is refused */
	PLAN_MOUNT_TMPFS,   /* mode of the directory below it, read-only last, tmpcopyup */
	PLAN_MOUNT_BIND,    /* a clone of the source's mount */
	PLAN_MOUNT_REMOUNT, /* new flags for what is mounted there */
	PLAN_MOUNT_CGROUP1, /* tmpfs with one directory for each hierarchy */
	PLAN_MOUNT_CGROUP2,
};

/* What a destination may be, when it turns out to be on procfs. */
enum plan_mount_proc {
	PLAN_PROC_NEVER, /* CVE-2019-19921: nothing may cover what /proc says of the process */
	PLAN_PROC_ROOT,	 /* procfs (new, or bound) on /proc */
	PLAN_PROC_FILE,	 /* one of the files that LXCFS serves */
};

/* One "key=value" (or, without value, flag) for fsconfig(2). */
struct plan_mount_data {
	const char *key, *value;
};

/* One hierarchy shown below a cgroup mount. */
struct plan_mount_cgroup {
	const char *name;   /* directory below the mount: "memory", "cpu,cpuacct", "unified" */
	const char *key;    /* as in /proc/self/cgroup: "memory", "name=systemd", "" for v2 */
	const char *source; /* where the host has it mounted */
	const char *root;   /* what of the hierarchy is mounted there (mountinfo field 4) */
	const char *dir;    /* made for the container; NULL: where the process is by then */
};

#define PLAN_MOUNT_PROPAGATIONS 4 /* propagation options of one mount, at most */

struct plan_mount {
	enum plan_mount_kind kind;
	const char *dest;   /* absolute, clean, never "/" */
	const char *source; /* bind: absolute path on the host */
	const char *type;   /* name of the file system; NULL for a bind or remount */

	/*
	 * MOUNT_ATTR_* of the mount itself. `attrs`: some are named, so exactly
	 * attr_set is wanted and everything in attr_clr cleared; a bind without
	 * any keeps what its source has. attr_off are those the user turned off
	 * by name: not even locked flags of a user namespace may stay then.
	 */
	bool attrs;
	uint64_t attr_set, attr_clr, attr_off;
	uint64_t rec_set, rec_clr; /* for all mounts of the tree, AT_RECURSIVE */

	unsigned long propagation[PLAN_MOUNT_PROPAGATIONS]; /* MS_*, MS_REC; one call each */
	size_t n_propagation;

	struct plan_mount_data *data; /* room for the next power of two */
	size_t n_data;
	const char *label; /* SELinux, for mqueue only; others have it in data */

	struct plan_mount_cgroup *cgroups;
	size_t n_cgroups;
	bool own_cgroupns; /* show the hierarchies as the cgroup namespace roots them */

	bool recursive;	 /* rbind */
	bool late_ro;	 /* read-only only when everything is in place */
	bool superblock; /* remount: the file system too, not just the mount */
	bool tmpcopyup, src_nofollow, dest_nofollow, copy_symlink;
	enum plan_mount_proc proc;

	bool idmap, idmap_rec;
	const struct oci_idmaps *uid_maps, *gid_maps; /* of idmap */

	/*
	 * Not part of the plan: the appliers' own notes, -1 in a fresh plan.
	 * source_fd: the detached tree that mounts_open_sources() made.
	 * late_fd: the mount, from mounts_apply() until root_seal().
	 */
	int source_fd, late_fd;
};

#endif
