/* SPDX-License-Identifier: Apache-2.0 */
/* container: an existing one: its directory, its record, and what state it is in. */
#ifndef SHIM_ENGINE_CONTAINER_H
#define SHIM_ENGINE_CONTAINER_H

#include "shim/engine/engine.h"

struct container {
	int dir; /* state directory, owned */
	struct oci_state *record;
	enum oci_status status;
};
#define CONTAINER_INIT                                                                             \
	{                                                                                          \
		.dir = -1                                                                          \
	}

/*
 * Open, and read the record. lock_ms: wait that long, or as the engine says, for the lock, which
 * is held until container_close(); -1: read only. ENOENT: "container does not exist".
 */
int container_open(const struct engine *en, const char *id, int lock_ms, struct arena *a,
		   struct container *out, struct err *e);

/* The stored config, decoded. In the arena. */
struct oci_config *container_config(const struct container *c, struct arena *a, struct err *e);

void container_close(struct container *c);

/* From the process, the start socket and the freezer. */
enum oci_status container_status(int dir, const struct oci_state *s);

/* "creating", for messages. */
const char *container_status_name(enum oci_status status);

/*
 * An owned pidfd of the container's first process, checked by its start time, so
 * that a number used again is never signalled. -1 with ESRCH: "container not running".
 */
int container_pidfd(const struct oci_state *s, struct err *e);

#endif
