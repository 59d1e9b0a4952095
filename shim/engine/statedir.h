/* SPDX-License-Identifier: Apache-2.0 */
/* statedir: <root>/<id>/: make, lock, read, replace, list, remove. */
#ifndef SHIM_ENGINE_STATEDIR_H
#define SHIM_ENGINE_STATEDIR_H

#include <stdbool.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/state.h"

/*
 * Layout of a container's directory (0700, owned by our euid or refused):
 *   state.json   oci_state, replaced by rename
 *   config.json  the config as it was at create, with what update changed; most commands
 *                need not read it, so it is apart. Written before anything reads it: no hook
 *                has run where it is missing
 *   start.new    the start socket while the container is being created, or a mere file, where it
 *                is to run at once
 *   start        its name from "created" on; engine_start() unlinks it
 * The lock is a flock(2) on the directory itself: it goes away with its holder.
 * Names that are no valid id are ours: STATEDIR_CACHE.
 */
#define STATEDIR_RECORD	   "state.json"
#define STATEDIR_CONFIG	   "config.json"
#define STATEDIR_START	   "start"
#define STATEDIR_START_NEW "start.new"
#define STATEDIR_CACHE	   "@seccomp" /* below the root: compiled filters */
#define STATEDIR_LOCK_MS   15000      /* how long a lock is waited for */

/*
 * Make <root> (0700) if missing, and <root>/<id>, locked. The fd holds the lock.
 * EEXIST: "container with given ID already exists".
 */
int statedir_create(const char *root, const char *id, struct err *e);

/* An fd of the existing directory, without lock. ENOENT: "container does not exist". */
int statedir_open(const char *root, const char *id, struct err *e);

/*
 * Wait for the lock of an opened directory. EBUSY: held for longer than timeout_ms;
 * ENOENT: the directory was removed meanwhile.
 */
int statedir_lock(int dirfd, int timeout_ms, struct err *e);

/* Let go of it before the fd is closed. Others may remove the directory from now on. */
void statedir_unlock(int dirfd);

/* Does somebody hold the lock? */
bool statedir_locked(int dirfd);

/* The record. read: ENOENT when there is none yet, else damaged (EINVAL). */
struct oci_state *statedir_read(int dirfd, struct arena *a, struct err *e);
int statedir_write(int dirfd, const struct oci_state *s, struct err *e);

/*
 * The config of a record, which the arena owns: read into s->config unless it is there; an
 * absent file leaves NULL. Written from s->config.
 */
int statedir_read_config(int dirfd, struct oci_state *s, struct arena *a, struct err *e);
int statedir_write_config(int dirfd, const struct oci_state *s, struct err *e);

/* Is there a directory of that name, whoever owns it? */
bool statedir_exists(const char *root, const char *id);

/* Remove <root>/<id> and all in it; an absent one is fine. */
int statedir_remove(const char *root, const char *id, struct err *e);

/* Valid ids below the root, sorted, in the arena; a missing root has none. */
int statedir_list(const char *root, struct arena *a, char ***ids, size_t *n, struct err *e);

/* The directory for compiled seccomp filters, made if missing; -1 without one (no error). */
int statedir_cache(const char *root);

#endif
