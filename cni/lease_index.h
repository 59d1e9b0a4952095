/* SPDX-License-Identifier: Apache-2.0 */
/* lease_index: what each owner has, so that nobody reads all leases to find it. */
#ifndef CNI_LEASE_INDEX_H
#define CNI_LEASE_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "cni/lease_file.h"
#include "spec/base/err.h"

/* The directory is locked by the caller (cni/lease.h). */

#define LEASE_POD_MAX	320 /* bytes of "NAMESPACE/NAME" with its NUL */
#define LEASE_NETNS_MAX 1024

/* An entry as it stands there, whatever the leases say. */
struct lease_entry {
	struct lease_ips ips;
	char pod[LEASE_POD_MAX];     /* "" when not known */
	char netns[LEASE_NETNS_MAX]; /* the same */
	bool wired;
};

/* Of that name ("CONTAINERID:IFNAME"), or of that owner; false when there is none. */
bool lease_entry_read(const struct lease_dir *d, const char *name, struct lease_entry *out);
bool lease_entry_of(const struct lease_dir *d, const struct lease_owner *owner,
		    struct lease_entry *out);

/* What the index tells and the leases confirm. */
void lease_index_find(const struct lease_dir *d, const struct lease_owner *owner,
		      struct lease_ips *out);

/*
 * The owner has these now; an empty list removes the entry. What the owner
 * does not tell about itself is kept from the entry before.
 */
int lease_index_set(const struct lease_dir *d, const struct lease_owner *owner,
		    const struct lease_ips *ips, struct err *e);

/*
 * That the index knows every lease is marked in both directories' own time of
 * change: nanoseconds that the clock does not show, set at the end of each run.
 * Another implementation that adds a lease, somebody who removes an entry, and
 * a run of ours that was killed leave the clock's there, and the next one who
 * has to know reads all leases.
 * (A file system without nanoseconds keeps no mark; then all are read.)
 */
bool lease_index_sealed(const struct lease_dir *d);
void lease_index_seal(const struct lease_dir *d);

#endif
