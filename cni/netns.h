/* SPDX-License-Identifier: Apache-2.0 */
/* netns: network namespaces by path, and moving between two of them. */
#ifndef CNI_NETNS_H
#define CNI_NETNS_H

#include <stdbool.h>

#include "spec/base/err.h"

/*
 * Open a network namespace: 1 and an owned fd in *fd. 0 when there is none: no
 * such file, or a file that is no namespace of this kind (after a reboot the
 * mount points of old ones are left as plain files); *e says which. -1 when it
 * cannot be told.
 */
int netns_open(const char *path, int *fd, struct err *e);

/* The namespace of this process; an owned fd, or -1. */
int netns_self(struct err *e);

/* Do both fds stand for one namespace? */
bool netns_same(int a, int b);

/* Move this process. */
int netns_enter(int fd, struct err *e);

/*
 * A sysctl of the current namespace, "net/ipv4/ip_forward": written only when
 * it has another value. `optional`: that it does not exist (no IPv6 in this
 * kernel) is fine.
 */
int sysctl_set(const char *name, const char *value, bool optional, struct err *e);

/* 1 when it has that value, 0 when not, -1. */
int sysctl_is(const char *name, const char *value, struct err *e);

#endif
