/* SPDX-License-Identifier: Apache-2.0 */
/* hostlocal: address management on this host alone, compatible with the host-local plugin. */
#ifndef CNI_HOSTLOCAL_H
#define CNI_HOSTLOCAL_H

#include <stdbool.h>
#include <stddef.h>

#include "cni/ipam.h"
#include "cni/lease.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"
#include "spec/cni/range.h"

#define HOSTLOCAL_SETS_MAX LEASE_IPS_MAX

struct hostlocal {
	const char *network;
	const char *data_dir;
	const char *resolv_conf; /* NULL: none */
	struct {
		size_t n;
		struct ip_range_set *v;
	} sets;
	struct lease_ips requested; /* addresses that must be given, each by some set */
	struct cni_routes routes;
	const char *sticky; /* "NAMESPACE/NAME" of a pod that shall get its last addresses; NULL */
};

/*
 * Read the ipam key: ranges (a list of sets), or the older subnet, rangeStart,
 * rangeEnd and gateway, which become the first set; in front of all of them
 * those of runtimeConfig.ipRanges. Requested are CNI_ARGS IP, args.cni.ips and
 * runtimeConfig.ips together. `sticky` there, or beside the ipam key, is for
 * pods whom CNI_ARGS names (K8S_POD_NAMESPACE, K8S_POD_NAME). Pure.
 */
int hostlocal_make(const struct cni_conf *conf, const struct cni_args *args, struct arena *a,
		   struct hostlocal *out, struct err *e);

/*
 * The same for STATUS, to which runtimes tell no runtimeConfig: a network whose
 * ranges come with ADD (capabilities.ipRanges) may have no set yet.
 */
int hostlocal_make_status(const struct cni_conf *conf, const struct cni_args *args, struct arena *a,
			  struct hostlocal *out, struct err *e);

/* Only where the leases are: all that DEL and GC need, so a broken config keeps none alive. */
int hostlocal_place(const struct cni_conf *conf, struct arena *a, struct hostlocal *out,
		    struct err *e);

/*
 * An owner for ADD: with what CNI_ARGS tell about its pod, and where it lives.
 * wired: see cni/lease_file.h. In the arena.
 */
struct lease_owner hostlocal_owner(const char *container_id, const char *ifname, const char *netns,
				   bool wired, const struct cni_args *args, struct arena *a);

/* What a choice is made from. */
typedef bool hostlocal_ask_fn(const void *arg, const struct ip_addr *ip);
typedef bool hostlocal_oldest_fn(const void *arg, const struct ip_range_set *set,
				 struct ip_addr *out);
struct hostlocal_market {
	struct ip_addr
		last[HOSTLOCAL_SETS_MAX]; /* by set, where round robin goes on; none: start */
	struct lease_ips have;		  /* the owner's leases */
	struct lease_ips had;		  /* its pod's last ones, preferred */
	hostlocal_ask_fn *taken;	  /* is that address leased? */
	hostlocal_ask_fn *promised;	  /* is it another pod's for later? NULL: none is */
	hostlocal_oldest_fn *oldest;	  /* the free one that was promised first; with promised */
	const void *arg;
};
struct hostlocal_choice {
	struct lease_ips ips;				  /* by set */
	const struct ip_range *range[HOSTLOCAL_SETS_MAX]; /* that ip i is of */
	bool kept[HOSTLOCAL_SETS_MAX];			  /* it was the pod's: no round robin */
};

/*
 * Choose one address from each set, without taking any. An owner that has an
 * address of a set already gets no second one, unless it asks for it by name.
 * Promised ones are given out when no other is left.
 */
int hostlocal_choose(const struct hostlocal *h, const struct hostlocal_market *m, struct arena *a,
		     struct hostlocal_choice *out, struct err *e);

/*
 * Lease an address from each set. *taken is for hostlocal_undo(), which leaves
 * alone what the owner had before.
 */
int hostlocal_add(const struct hostlocal *h, const struct lease_owner *owner, struct arena *a,
		  struct ipam_result *out, struct lease_ips *taken, struct err *e);
int hostlocal_undo(const struct hostlocal *h, const struct lease_owner *owner,
		   const struct lease_ips *taken, struct err *e);

/* What it has; without any that is no error. */
int hostlocal_held(const struct hostlocal *h, const struct lease_owner *owner,
		   struct lease_ips *out, struct err *e);

int hostlocal_del(const struct hostlocal *h, const struct lease_owner *owner, struct err *e);

/* At least one lease; with ips, all of them. */
int hostlocal_check(const struct hostlocal *h, const struct lease_owner *owner,
		    const struct ipam_result *ips, struct err *e);

/* Give back what nobody in the list has; gone (or NULL) is told of each lease. */
int hostlocal_gc(const struct hostlocal *h, const struct cni_attachment *valid, size_t n,
		 lease_gone_fn *gone, void *arg, struct err *e);

/* Would ADD get addresses, from the sets that are known? CNI_ERR_UNAVAILABLE if not. */
int hostlocal_status(const struct hostlocal *h, struct err *e);

#endif
