/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_cache: compiled filters on disk, found by the whole text they were made from. */
#ifndef SHIM_ENGINE_SECCOMP_CACHE_H
#define SHIM_ENGINE_SECCOMP_CACHE_H

#include <linux/filter.h>
#include <stdbool.h>

#include "spec/base/arena.h"

#define SECCOMP_CACHE_ENTRIES_MAX 64	    /* files; then all are dropped */
#define SECCOMP_CACHE_FILE_MAX	  (4 << 20) /* bytes of one */

/*
 * Look for the program of a key. False: not there, not ours (owner, mode), damaged,
 * or of another key with the same hash: whatever it is, compile.
 */
bool seccomp_cache_get(int dirfd, const char *key, struct arena *a, struct sock_filter **filter,
		       unsigned short *len);

/* Keep a program. Failing is nothing to report: the next container compiles again. */
void seccomp_cache_put(int dirfd, const char *key, const struct sock_filter *filter,
		       unsigned short len);

#endif
