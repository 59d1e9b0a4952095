/* SPDX-License-Identifier: Apache-2.0 */
/* net: the pod's one network namespace, its attachment, and the files about it. */
#ifndef SHIM_POD_NET_H
#define SHIM_POD_NET_H

#include "shim/pod/record.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"
#include "spec/cni/result.h"

#define POD_NETNS  "netns" /* below the pod's directory */
#define POD_IFNAME "eth0"
#define POD_HOSTS  "hosts"
#define POD_RESOLV "resolv.conf"

/* Make a network namespace with lo up, and pin it: bind it on the file `path`, made here. */
int pod_netns_make(const char *path, struct err *e);

/* Let go of it; a missing one, or a plain file left by a reboot, is no error. */
int pod_netns_drop(const char *path, struct err *e);

/*
 * Namespace, CNI chain and files for a pod of POD_NET_NONE or POD_NET_CNI; nothing
 * for POD_NET_HOST. conf as in struct pod_run. dir is the path of dirfd.
 */
int pod_net_make(const struct pod_record *r, const char *conf, int dirfd, const char *dir,
		 struct err *e);

/* Addresses and MAC of the pod's interface in a result; in the arena. */
void pod_net_addresses(const struct cni_result *res, struct arena *a, struct json_strs *ips,
		       char **mac);

/* /etc/hosts and /etc/resolv.conf; pure. */
void pod_hosts_text(const char *hostname, const struct json_strs *ips, struct str *out);
void pod_resolv_text(const struct cni_dns *dns, struct str *out);

#endif
