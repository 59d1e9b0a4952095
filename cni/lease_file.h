/* SPDX-License-Identifier: Apache-2.0 */
/* lease_file: one lease: who has it, what its file says. */
#ifndef CNI_LEASE_FILE_H
#define CNI_LEASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/err.h"
#include "spec/cni/addr.h"

#define LEASE_IPS_MAX 32 /* of one owner */

struct lease_dir {
	int dir, index, lock; /* fds; dir -1: there is nothing there, index -1: no index */
	bool complete;	      /* no lease is without its index entry (cni/lease_index.h) */
};
#define LEASE_DIR_INIT                                                                             \
	{                                                                                          \
		-1, -1, -1, false                                                                  \
	}

/* The first two name it; the rest is only noted down, and may be missing (NULL, false). */
struct lease_owner {
	const char *container_id, *ifname;
	const char *pod;   /* "NAMESPACE/NAME" */
	const char *netns; /* path of its network namespace */
	bool wired;	   /* it has the veth pair that attach_host_name() tells, or gets it now */
};

struct lease_ips {
	size_t n;
	struct ip_addr v[LEASE_IPS_MAX];
};

bool lease_ips_has(const struct lease_ips *ips, const struct ip_addr *ip);

#define LEASE_TEMPORARY ".lease" /* being written; one is enough: the directory is locked */

/* Enough for an id, an interface name and what is around them. */
#define LEASE_TEXT_MAX 512

/*
 * The text of a file in the lease directory, less white space at its end.
 * False: not there, or not readable.
 */
bool lease_text(const struct lease_dir *d, const char *name, char *text, size_t size);

/* Does a lease of that text belong to the owner? */
bool lease_is_of(const char *text, const struct lease_owner *owner);

/* Cut the text in two. An old lease has no interface (""); false: it is no lease's. */
bool lease_split(char *text, struct lease_owner *out);

/* That lease was dropped by force. 0, or -1 with *e filled to end it. */
typedef int lease_gone_fn(void *arg, const struct lease_owner *owner, const struct ip_addr *ip,
			  struct err *e);

/* Is the address leased to this owner? */
bool lease_held(const struct lease_dir *d, const struct ip_addr *ip,
		const struct lease_owner *owner);

/* Write the lease of a free address, or of one whose file is empty. Nothing stays on failure. */
int lease_write(const struct lease_dir *d, const struct ip_addr *ip,
		const struct lease_owner *owner, struct err *e);

#endif
