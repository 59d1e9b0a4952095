/* SPDX-License-Identifier: Apache-2.0 */
/* join: what a container's config becomes in a pod; pure. */
#ifndef SHIM_POD_JOIN_H
#define SHIM_POD_JOIN_H

#include <stdbool.h>

#include "shim/pod/record.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/config.h"

/* What of the pod a member gets. Strings are borrowed and must outlive the result. */
struct pod_join {
	const char *pod, *member; /* names, for annotations and messages */
	const char *netns;	  /* path; NULL: the host's network */
	const char *ipcns, *utsns;
	const char *pidns; /* NULL: the member has its own */
	const struct pod_volume *volumes;
	size_t n_volumes;
	const char *volume_dir;	  /* where the pod's own volumes are */
	const char *shm;	  /* a directory to take the place of a tmpfs on /dev/shm */
	const char *hosts;	  /* file for /etc/hosts, or NULL */
	const char *resolv;	  /* file for /etc/resolv.conf, or NULL */
	const char *cgroups_path; /* where the config has none; NULL: the engine's default */
};

/*
 * The member's config with the pod's namespaces, hostname (it has none of its
 * own any more), volumes and files. *in is not changed; the result is in the
 * arena, shares what is equal, and needs no terminal (a pod's members write to
 * logs). Refused (EINVAL): a namespace path of the config's own where the pod
 * has one, and a mount on a volume's path. /etc/hosts and /etc/resolv.conf
 * stay the config's if it mounts something there or on /etc.
 */
int pod_join(const struct oci_config *in, const struct pod_join *join, struct arena *a,
	     struct oci_config **out, struct err *e);

/*
 * The config of the infra container: /pause alone in a read-only root, with
 * the ipc, uts and pid namespaces of the pod. hostname NULL keeps the host's. In a user namespace,
 * which may have no id but 0, it is that of /pause, too.
 */
struct oci_config *pod_infra_config(const char *pod, const char *hostname, const char *netns,
				    const char *cgroups_path, bool in_userns, struct arena *a);

#endif
