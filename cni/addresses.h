/* SPDX-License-Identifier: Apache-2.0 */
/* addresses: who manages them: nobody, host-local and static in this process, or another plugin. */
#ifndef CNI_ADDRESSES_H
#define CNI_ADDRESSES_H

#include "cni/hostlocal.h"
#include "cni/ipam.h"
#include "cni/plugin.h"
#include "spec/base/err.h"

struct addresses {
	const struct address_driver *driver;
	const char *type;	/* ipam.type */
	struct hostlocal h;	/* host-local's */
	struct lease_ips taken; /* and what it gave to this run */
};

/*
 * By ipam.type. An ipam without a type, or none, is an L2 network; for the
 * plugin peapod it is host-local if it has ranges. Only names are looked at.
 */
int addresses_choose(const struct request *req, struct addresses *out, struct err *e);

bool addresses_none(const struct addresses *s);	 /* an L2 network */
bool addresses_other(const struct addresses *s); /* another program, which may need the link */

/*
 * The verbs. After an add, undo gives back what it gave. del is for another
 * program's only: host-local's leases are freed by an operation of the plan
 * (host-local's directory is in s->h then). check gets what prevResult told.
 */
int addresses_add(const struct request *req, struct addresses *s, struct ipam_result *out,
		  struct err *e);
void addresses_undo(const struct request *req, const struct addresses *s);
int addresses_place(const struct request *req, struct addresses *s, struct err *e);
int addresses_del(const struct request *req, const struct addresses *s, struct err *e);
int addresses_check(const struct request *req, struct addresses *s, const struct ipam_result *ips,
		    struct err *e);
/* gone is told of each lease of host-local's that is dropped. */
int addresses_gc(const struct request *req, struct addresses *s, lease_gone_fn *gone, void *arg,
		 struct err *e);
int addresses_status(const struct request *req, struct addresses *s, struct err *e);

#endif
