/* SPDX-License-Identifier: Apache-2.0 */
/* features: the document of `features` (runtime-spec features.md), from the tables that decode. */
#ifndef SPEC_OCI_FEATURES_H
#define SPEC_OCI_FEATURES_H

#include <stdbool.h>

#include "spec/base/arena.h"
#include "spec/base/json.h"

/*
 * What is built into the program, stated by the program. The document says what
 * we take, whatever the kernel can do (features.md), so nothing here is probed.
 * A feature that is false is said to be off, and its mount options, seccomp
 * flags and annotations are left out.
 */
struct oci_built {
	const char *version, *commit; /* of ours; commit may be NULL */
	unsigned int libseccomp[3];   /* major, minor, micro; 0.0.0: built without seccomp */
	bool cgroup_v1, cgroup_v2, systemd, systemd_user, rdma;
	bool apparmor, selinux;
	bool intel_rdt, rdt_schemata, rdt_monitoring;
	bool memory_policy, net_devices;
	bool idmap; /* mount options idmap, ridmap and mappings of a mount */
	bool tmpcopyup;
	bool nofollow;		    /* crun's copy-symlink, src-nofollow, dest-nofollow */
	bool seccomp_notify;	    /* SCMP_ACT_NOTIFY */
	bool seccomp_wait_killable; /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV */
	bool checkpoint;
	const char *const *unsafe_annotations; /* of config.json that we act on; NULL-terminated */
};

/* The text of the document, indented; in the arena. */
char *oci_features_text(const struct oci_built *built, struct arena *a);

#endif
