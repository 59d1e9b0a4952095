/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_plan: what a pod without a pause container is made of, from the kubelet's words; pure. */
#ifndef SHIM_DAEMON_SANDBOX_PLAN_H
#define SHIM_DAEMON_SANDBOX_PLAN_H

#include <stdbool.h>
#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"
#include "spec/base/str.h"
#include "spec/oci/config.h"
#include "spec/ttrpc/cri.pb-c.h"
#include "spec/ttrpc/sandbox.pb-c.h"

#define SANDBOX_DNS_MAX	    64 /* lines of a kind; the resolver itself reads fewer */
#define SANDBOX_SYSCTLS_MAX 256
#define SANDBOX_CONFIG_MAX  (1U << 20) /* bytes of a PodSandboxConfig */

/* Files of a pod, below its directory. */
#define SANDBOX_DIR	 "sandbox"
#define SANDBOX_HOSTS	 "hosts"
#define SANDBOX_HOSTNAME "hostname"
#define SANDBOX_RESOLV	 "resolv.conf"
#define SANDBOX_SHM	 "shm"
#define SANDBOX_SHM_SIZE "65536k" /* as containerd's */
#define SANDBOX_SPEC	 "spec.json"
#define SANDBOX_CGROUPS	 "cgroups"

/*
 * Which processes' namespaces the containers get. Without a holder they are the
 * shim's own, else the holder's: a process of our built-in pause program, for
 * what the shim cannot be: process 1, or a member of a user namespace.
 */
struct sandbox_modes {
	bool net, ipc, uts; /* the pod's own; else the host's */
	bool userns;
	enum {
		SANDBOX_PID_EACH,
		SANDBOX_PID_POD,
		SANDBOX_PID_HOST
	} pid;
	bool holder;
};

struct sandbox_plan {
	struct sandbox_modes modes;
	const char *id, *netns;	   /* netns: NULL for the host's network */
	const char *hostname;	   /* NULL: the host's */
	const char *cgroup_parent; /* NULL: none was named */
	uid_t uid;		   /* of the pod's root, on the host */
	gid_t gid;
	struct json_strs servers, searches, options;
	bool has_dns;
	struct oci_config *config; /* of the holder, or of what the shim does to itself */
};

/*
 * Borrows from the request and the config (NULL: the defaults of a client that
 * has none: a network namespace if a path is given, own ipc, processes apart).
 * Refused (EINVAL): modes that contradict each other, names that would add
 * lines to a file, rootfs mounts (the pod has no root file system).
 */
int sandbox_plan(const Pb__CreateSandboxRequest *req, const Pb__PodSandboxConfig *config,
		 struct arena *a, struct sandbox_plan *out, struct err *e);

/* /etc/hosts for the pod's own network; ips are addresses without prefix length. */
void sandbox_hosts_text(const struct sandbox_plan *p, const struct json_strs *ips, struct str *out);
/* /etc/resolv.conf of the pod's DNS configuration. */
void sandbox_resolv_text(const struct sandbox_plan *p, struct str *out);

/*
 * What StartSandbox tells: the pod as a spec with the path of each namespace
 * (/proc/PID/ns/..., the network's as containerd named it) and the mounts of the
 * pod's files, which are below `dir`; for NRI, and for containerds that take
 * paths from there instead of making them up from a pid. In the arena.
 */
struct oci_config *sandbox_spec(const struct sandbox_plan *p, pid_t pid, const char *dir,
				struct arena *a);

/* The mounts of the pod's files that it has; *n of them, in the arena. */
struct oci_mount *sandbox_mounts(const struct sandbox_modes *m, const char *dir, bool readonly,
				 struct arena *a, size_t *n);

#endif
