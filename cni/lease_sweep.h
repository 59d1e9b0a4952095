/* SPDX-License-Identifier: Apache-2.0 */
/* lease_sweep: what has to read every lease: foreign leases, earlier boots, garbage. */
#ifndef CNI_LEASE_SWEEP_H
#define CNI_LEASE_SWEEP_H

#include "cni/lease.h"

/* For lease.c and lease_sweep.c alone; the directory is locked. */

/* The trimmed text of a file in the lease directory. False: not there, not readable. */
bool lease_text(const struct lease_dir *d, const char *name, char *text, size_t size);

/* Does a lease of that text belong to the owner? */
bool lease_is_of(const char *text, const struct lease_owner *owner);

/* The leases of an owner, by reading all of them. At most LEASE_IPS_MAX. */
int lease_sweep_find(const struct lease_dir *d, const struct lease_owner *owner,
		     struct lease_ips *out, struct err *e);

/* Drop leases that are older than this boot, once per boot. */
int lease_sweep_boot(const struct lease_dir *d, struct err *e);

#endif
