/* SPDX-License-Identifier: Apache-2.0 */
/* rtnl: one rtnetlink socket, requests built by plain puts and sent by one call. */
#ifndef CNI_RTNL_H
#define CNI_RTNL_H

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/err.h"

/*
 * libnl gives sockets and message building. Its object API is left aside: it
 * cannot say what has to stand in the one RTM_NEWLINK that makes a whole veth
 * pair, and its caches read whole tables.
 */
struct rtnl {
	struct nl_sock *sock; /* NULL: not open */
	int wait_ms;	      /* for an answer that never comes */
	bool torn;	      /* a change came into the last list: something may be missing in it */
};

/* Open in the current network namespace, where the socket stays whatever setns() comes later. */
int rtnl_open(struct rtnl *r, struct err *e);
void rtnl_close(struct rtnl *r);

/*
 * A request under construction. Puts return nothing; what did not fit is
 * remembered and makes the sending call fail.
 */
struct rtnl_req {
	struct nl_msg *msg;
	bool full;
};

/* type: RTM_*; flags: NLM_F_* beside NLM_F_REQUEST; head: the fixed struct that follows. */
struct rtnl_req rtnl_req(int type, int flags, const void *head, size_t len);
void rtnl_put(struct rtnl_req *q, int attr, const void *data, size_t len);
void rtnl_put_u8(struct rtnl_req *q, int attr, uint8_t v);
void rtnl_put_u32(struct rtnl_req *q, int attr, uint32_t v);
void rtnl_put_str(struct rtnl_req *q, int attr, const char *s);
struct nlattr *rtnl_nest(struct rtnl_req *q, int attr);
void rtnl_end(struct rtnl_req *q, struct nlattr *nest);
/* Fixed bytes in the middle of a message (the peer's struct ifinfomsg). */
void rtnl_raw(struct rtnl_req *q, const void *data, size_t len);

/*
 * Send the request (consuming it) and wait for the kernel's answer. A refusal
 * gives -1 with e->num the kernel's errno and the kernel's own words if it has
 * any; the caller puts the object in front. An answer that was lost is ENOBUFS,
 * or ETIMEDOUT: then the kernel may have done it, see rtnl_unsure().
 */
int rtnl_do(struct rtnl *r, struct rtnl_req *q, struct err *e);

/* Nobody knows whether the request that failed so took effect. */
bool rtnl_unsure(const struct err *e);

/*
 * The same for a request with replies: fn gets each one, 0 to go on, -1 with
 * *e filled to give up. 0, -1 as above.
 */
typedef int rtnl_reply_fn(const struct nlmsghdr *nlh, void *arg, struct err *e);
int rtnl_ask(struct rtnl *r, struct rtnl_req *q, rtnl_reply_fn *fn, void *arg, struct err *e);

/*
 * Is the list torn, and worth another try? Not for ever: where things change all
 * the time r->torn stays. *tries is 0 at first.
 */
bool rtnl_again(const struct rtnl *r, int *tries);

#endif
