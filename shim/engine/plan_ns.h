/* SPDX-License-Identifier: Apache-2.0 */
/* plan_ns: which namespaces are made, which are joined in what order, and what is set in them. */
#ifndef SHIM_ENGINE_PLAN_NS_H
#define SHIM_ENGINE_PLAN_NS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"
#include "spec/oci/config.h"

struct plan_input;

#define PLAN_IDMAPS_MAX 340 /* lines of a map, user_namespaces(7) */

/* A namespace that exists already (linux.namespaces[].path). */
struct plan_ns_join {
	enum oci_ns type;
	const char *path;
};

/* One file below /proc/sys, and the namespace it belongs to. */
struct plan_sysctl {
	enum oci_ns ns;
	const char *key;  /* as in the config, for messages */
	const char *path; /* below /proc/sys: "net/ipv4/ip_forward" */
	const char *value;
};

struct plan_ns {
	uint64_t fresh; /* CLONE_NEW* of namespaces to make, for clone3(2) */
	struct plan_ns_join joins[OCI_NS_COUNT]; /* in the order to try: user last but mount */
	size_t n_joins;
	bool own_pidns;		       /* a new one: killing its first process kills all */
	bool userns;		       /* a new or a joined one */
	const char *uid_map, *gid_map; /* text for /proc/PID/{u,g}id_map; NULL: none given */
	const char *time_offsets;      /* text for timens_offsets, or NULL */
	const char *hostname, *domainname;
	struct plan_sysctl *sysctls;
	size_t n_sysctls;
};

/*
 * Refuses (EINVAL) what contradicts itself: maps without user namespace and the
 * reverse, time offsets without a new time namespace, a host name without a uts
 * namespace, a sysctl that is not namespaced or whose namespace is the host's.
 * Whether a joined path leads to the host's own namespace is seen when it is opened.
 */
int plan_ns(const struct plan_input *in, struct arena *a, struct plan_ns *out, struct err *e);

void plan_ns_print(const struct plan_ns *p, struct str *out);

#endif
