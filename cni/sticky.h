/* SPDX-License-Identifier: Apache-2.0 */
/* sticky: which pod had which addresses last, so that it gets them again. */
#ifndef CNI_STICKY_H
#define CNI_STICKY_H

#include <stdbool.h>
#include <stddef.h>

#include "cni/lease_file.h"
#include "spec/base/err.h"

#define STICKY_MAX     1024 /* pods without a lease that are remembered; then the oldest goes */
#define STICKY_KEY_MAX 352  /* bytes of "NAMESPACE/NAME:IFNAME" with its NUL */

/*
 * In the directory sticky/ of the index (cni/lease.h), all symbolic links:
 *   10.1.0.5   to "NAMESPACE/NAME:IFNAME": whose address it was last
 *   p-HASH     of that text, to "SLOT 10.1.0.5,fd00::5 NAMESPACE/NAME:IFNAME"; SLOT is
 *              "-" while the pod has a lease
 *   s-SLOT     to "p-HASH": a ring of those that gave theirs back, in that order
 *   next       to the slot that is used, and so forgotten, next
 * An address is a pod's only while both links say so. Nothing here is a lease:
 * losing it costs a pod its old address, and no more. It is there only if
 * some network configuration asked for it. The lease directory is locked.
 */

/* What the pod had, as far as no other pod has had it since. Whether it is free was not asked. */
void sticky_recall(const struct lease_dir *d, const char *key, struct lease_ips *out);

/* Is that address some other pod's than key's (NULL: any pod's)? */
bool sticky_promised(const struct lease_dir *d, const struct ip_addr *ip, const char *key);

/* Whose; false: nobody's. key has STICKY_KEY_MAX bytes. */
bool sticky_pod(const struct lease_dir *d, const struct ip_addr *ip, char *key);

/* The pod has these now, and nothing else. */
int sticky_remember(const struct lease_dir *d, const char *key, const struct lease_ips *ips,
		    struct err *e);

/* The address was given back: from now on its pod may be forgotten, when its turn comes. */
void sticky_release(const struct lease_dir *d, const struct ip_addr *ip);

/*
 * Hand on the remembered addresses of pods without a lease, those given back
 * first at first, until fn says true.
 */
typedef bool sticky_want_fn(void *arg, const struct ip_addr *ip);
bool sticky_oldest(const struct lease_dir *d, sticky_want_fn *fn, void *arg);

/* Find pods that lost their lease without sticky_release() (a crash, another implementation). */
void sticky_settle(const struct lease_dir *d);

#endif
