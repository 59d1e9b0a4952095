/* SPDX-License-Identifier: Apache-2.0 */
/* lease_sweep: what has to read every lease: foreign leases, earlier boots, garbage. */
#ifndef CNI_LEASE_SWEEP_H
#define CNI_LEASE_SWEEP_H

#include "cni/lease_file.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"

/* The directory is locked by the caller (cni/lease.h). */

/* The leases of an owner, by reading all of them. At most LEASE_IPS_MAX. */
int lease_sweep_find(const struct lease_dir *d, const struct lease_owner *owner,
		     struct lease_ips *out, struct err *e);

/* Drop the leases of every owner that is not in the list. */
int lease_sweep_keep(const struct lease_dir *d, const struct cni_attachment *valid, size_t n,
		     struct err *e);

/* Drop leases that are older than this boot, once per boot. */
int lease_sweep_boot(const struct lease_dir *d, struct err *e);

#endif
