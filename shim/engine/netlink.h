/* SPDX-License-Identifier: Apache-2.0 */
/* netlink: the few rtnetlink(7) requests of the engine, without a library to start up. */
#ifndef SHIM_ENGINE_NETLINK_H
#define SHIM_ENGINE_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/err.h"

#define NETLINK_MAX 1024 /* bytes of a request */

/* A request under construction. What does not fit sets .full, which netlink_talk() reports. */
struct netlink {
	_Alignas(NLMSG_ALIGNTO) unsigned char data[NETLINK_MAX];
	size_t len;
	bool full;
};

/* An rtnetlink socket (close-on-exec) of the calling process's network namespace, or -1. */
int netlink_open(struct err *e);

/* Begin a request of that type and flags (NLM_F_REQUEST is added), with its fixed part. */
void netlink_begin(struct netlink *m, uint16_t type, uint16_t flags, const void *fixed, size_t n);
void netlink_put(struct netlink *m, uint16_t attr, const void *data, size_t n);
void netlink_put_text(struct netlink *m, uint16_t attr, const char *text);
void netlink_put_u32(struct netlink *m, uint16_t attr, uint32_t v);

/*
 * Send it and see each message of the answer (each may be NULL) until the
 * acknowledgement or the end of the dump. 0; or -1 with the kernel's error number and, where
 * it gives one, its text in *e. Something other than 0 from `each` ends it with -1; it has filled
 * *e then.
 */
int netlink_talk(int sock, struct netlink *m,
		 int (*each)(const struct nlmsghdr *h, void *to, struct err *e), void *to,
		 struct err *e);

/* The data of an attribute behind the fixed part of n bytes; NULL when it is not there. */
const void *netlink_attr(const struct nlmsghdr *h, size_t fixed, uint16_t attr, size_t *n);

#endif
