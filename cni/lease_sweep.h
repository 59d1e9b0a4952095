/* SPDX-License-Identifier: Apache-2.0 */
/* lease_sweep: what has to read every lease: foreign leases, earlier boots, garbage. */
#ifndef CNI_LEASE_SWEEP_H
#define CNI_LEASE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "cni/lease_file.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"

/* The directory is locked by the caller (cni/lease.h). */

/*
 * Hand on every lease: name is that of its file, ip the same as a number, text
 * its content. 0 to go on, 1 to end, -1 with *e filled.
 */
typedef int lease_visit_fn(const struct lease_dir *d, const char *name, const struct ip_addr *ip,
			   char *text, void *arg, struct err *e);
int lease_walk(const struct lease_dir *d, lease_visit_fn *visit, void *arg, struct err *e);

/* The leases of an owner, by reading all of them. At most LEASE_IPS_MAX. */
int lease_sweep_find(const struct lease_dir *d, const struct lease_owner *owner,
		     struct lease_ips *out, struct err *e);

/* Put every lease into the index. An error also if one owner has too many for it. */
int lease_sweep_index(const struct lease_dir *d, struct err *e);

/* Drop the leases of every owner that is not in the list; gone (or NULL) is told of each. */
int lease_sweep_keep(const struct lease_dir *d, const struct cni_attachment *valid, size_t n,
		     lease_gone_fn *gone, void *arg, struct err *e);

/* Remove the lease in that file and the index entry of its owner. */
int lease_sweep_drop(const struct lease_dir *d, const char *name, struct err *e);

/*
 * Has this boot made no lease here yet? Then one of an earlier boot is old: by
 * the clock, and where the clock was wrong by the index entry that was made
 * together with it. owner NULL: it is not known.
 */
bool lease_boot_is_new(const struct lease_dir *d);
bool lease_is_old(const struct lease_dir *d, const char *name, const struct ip_addr *ip,
		  const struct lease_owner *owner);

/* Drop old leases, once per boot. */
int lease_sweep_boot(struct lease_dir *d, struct err *e);

/*
 * Index entries of which no lease is left, and a lease half written: how many
 * there are, and away with them unless it is only to look.
 */
int lease_sweep_entries(const struct lease_dir *d, bool only_look, size_t *n, struct err *e);

#endif
