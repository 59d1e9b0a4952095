/* SPDX-License-Identifier: Apache-2.0 */
/* static: addresses that the config spells out; nothing is kept, so nobody is asked. */
#ifndef CNI_STATIC_H
#define CNI_STATIC_H

#include "cni/ipam.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"

/*
 * The ipam key's addresses, routes and dns. IP and GATEWAY of CNI_ARGS (lists,
 * "," between) add addresses, and give one of them its gateway; runtimeConfig.ips,
 * or else args.cni.ips, replace all addresses. They all need a prefix. Pure.
 */
int static_make(const struct cni_conf *conf, const struct cni_args *args, struct arena *a,
		struct ipam_result *out, struct err *e);

#endif
