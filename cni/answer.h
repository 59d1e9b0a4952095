/* SPDX-License-Identifier: Apache-2.0 */
/* answer: a packet of the kernel's answer to a netlink request, in bounded time. */
#ifndef CNI_ANSWER_H
#define CNI_ANSWER_H

#include <linux/netlink.h>
#include <sys/types.h>

#include "spec/base/err.h"

#define ANSWER_MAX     32768 /* bytes: what the kernel puts into one packet at most */
#define ANSWER_WAIT_MS 10000 /* for an answer that never comes; all others are there at once */

/*
 * Read one packet into buf (ANSWER_MAX bytes): its length, or -1. ETIMEDOUT: none
 * came in wait_ms; ENOBUFS: the kernel had no room for some of them, which are
 * lost. What others than the kernel send (who may administer a pod's network can
 * do so) is passed over.
 */
ssize_t answer_read(int fd, char *buf, int wait_ms, struct err *e);

/* The end of a dump (NLMSG_DONE) tells whether it was whole. 0, -1. */
int answer_done(const struct nlmsghdr *nlh, struct err *e);

#endif
