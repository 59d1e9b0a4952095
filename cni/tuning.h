/* SPDX-License-Identifier: Apache-2.0 */
/* tuning: sysctls and properties of the pod's interface; pure. */
#ifndef CNI_TUNING_H
#define CNI_TUNING_H

#include <stdbool.h>
#include <stddef.h>

#include "cni/plan.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"

/* If it is there, each sysctl has to match one of its lines: extended regular expressions. */
#define TUNING_ALLOW	"/etc/cni/tuning/allowlist.conf"
#define TUNING_DATA_DIR "/run/cni/tuning"

struct tuning {
	size_t n; /* sysctls */
	struct tuning_sysctl {
		char *key;  /* as in the config, "net.ipv4.conf.IFNAME.arp_filter" */
		char *path; /* below /proc/sys */
		char *value;
	} * v;
	struct link_tune tune; /* what is not asked for is not set in it */
	char *data_dir;
};

/*
 * sysctl, mac, promisc, mtu, allmulti, txQLen, dataDir. args.cni beats
 * runtimeConfig.mac, which beats CNI_ARGS MAC, which beats the config. A
 * sysctl has to be below net (CNI_ERR_CONFIG). with_mtu false: mtu is not looked at.
 */
int tuning_make(const struct cni_conf *conf, const struct cni_args *args, const char *ifname,
		bool with_mtu, struct arena *a, struct tuning *out, struct err *e);

/* The sysctls against the text of an allow list (NULL: there is none). */
int tuning_check(const struct tuning *t, const char *allow, struct err *e);

/* The properties are kept in a file of this attachment, for DEL; save false: they need not be. */
void tuning_plan_add(const struct tuning *t, const struct attach *at, bool save, struct plan *p);

/* From names alone. */
void tuning_plan_del(const char *data_dir, const struct attach *at, struct plan *p);

#endif
