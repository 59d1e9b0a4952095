/* SPDX-License-Identifier: Apache-2.0 */
/* lease: address leases as files, in host-local's layout, with an index by owner beside it. */
#ifndef CNI_LEASE_H
#define CNI_LEASE_H

#include <stdbool.h>
#include <stddef.h>

#include "cni/lease_file.h"
#include "spec/base/err.h"
#include "spec/cni/addr.h"
#include "spec/cni/netconf.h"

/*
 * DATADIR/NETWORK/ (host-local's, byte for byte, so both can share it):
 *   lock                 flock(2) by whoever reads or changes anything here
 *   10.1.0.5, fd00::5    a lease: "CONTAINERID\r\nIFNAME" (old ones: the id alone).
 *                        An empty file is the trace of a crash and counts as free.
 *   .lease               a lease that is being written (ours)
 *   last_reserved_ip.N   the address given out last from range set N
 * DATADIR/.peapod/NETWORK/ (ours, may be removed at any time the lock is free):
 *   CONTAINERID:IFNAME   a symbolic link to what that owner has (cni/lease_index.h).
 *                        Written before the leases, so that none is without it,
 *                        and believed only as far as the leases say the same.
 *   sticky/              which pod had which address (cni/sticky.h)
 *   full                 see lease_mark_full()
 *   boot-id              a symbolic link to the boot in which leases were last given
 *                        out. In a later one older leases are dropped: nothing that
 *                        held them is alive.
 * So a lease costs the same however many there are. When another implementation
 * made one, all are read once, and the index knows that one too.
 */
#define LEASE_DIR_DEFAULT "/var/lib/cni/networks"
#define LEASE_INDEX_DIR	  ".peapod"

/*
 * Open and lock (waiting for it). With create what is missing is made, and
 * leases of an earlier boot are dropped; without it a missing directory is an
 * empty one.
 */
int lease_open(const char *data_dir, const char *network, bool create, struct lease_dir *out,
	       struct err *e);
void lease_close(struct lease_dir *d);
#define auto_lease __attribute__((cleanup(lease_close)))

/* Is the address given out? */
bool lease_taken(const struct lease_dir *d, const struct ip_addr *ip);

/* What the owner has by the index; with `scan` by all leases, if the index knows nothing. */
int lease_find(struct lease_dir *d, const struct lease_owner *owner, bool scan,
	       struct lease_ips *out, struct err *e);

/* Lease all of these (free) addresses to the owner, or none. */
int lease_take(const struct lease_dir *d, const struct lease_owner *owner,
	       const struct lease_ips *ips, struct err *e);

/* Give back some, or all that the owner has; what is not leased to it is left alone. */
int lease_drop(const struct lease_dir *d, const struct lease_owner *owner,
	       const struct lease_ips *ips, struct err *e);
int lease_free(struct lease_dir *d, const struct lease_owner *owner, struct err *e);

/*
 * Give back the leases of every owner that is not in the list; gone (or NULL)
 * is told of each.
 */
int lease_keep(const struct lease_dir *d, const struct cni_attachment *valid, size_t n,
	       lease_gone_fn *gone, void *arg, struct err *e);

/*
 * A hint: that the network's bridge has no port left, until one of ours is
 * freed. Nobody needs the lock for it, and nothing depends on it but time.
 */
void lease_mark_full(const char *data_dir, const char *network, bool full);
bool lease_is_full(const char *data_dir, const char *network);

/* The address given out last from a set; false when there is none (that can be read). */
bool lease_last(const struct lease_dir *d, size_t set, struct ip_addr *out);
int lease_set_last(const struct lease_dir *d, size_t set, const struct ip_addr *ip, struct err *e);

#endif
