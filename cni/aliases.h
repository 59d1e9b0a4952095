/* SPDX-License-Identifier: Apache-2.0 */
/* aliases: names of a pod, as a file in the format of hosts(5) that a name server reads; pure. */
#ifndef CNI_ALIASES_H
#define CNI_ALIASES_H

#include "cni/ipam.h"
#include "cni/plan.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"

#define ALIAS_DIR "/run/cni/peapod/hosts"

/*
 * runtimeConfig.aliases: one file for each attachment in aliasDir/NETWORK, so
 * that `dnsmasq --hostsdir` sees names come and go. Names that are none of DNS
 * are refused (CNI_ERR_CONFIG). Nothing without aliases.
 */
int aliases_plan_add(const struct cni_conf *conf, const struct attach *at,
		     const struct ipam_result *ipam, struct plan *p, struct err *e);

/* aliasDir/NETWORK. */
const char *aliases_dir(const struct cni_conf *conf, struct arena *a);

/* From names and aliasDir. */
void aliases_plan_del(const struct cni_conf *conf, const struct attach *at, struct plan *p);

#endif
