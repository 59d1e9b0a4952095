/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_files: reading the small files of a cgroup directory. */
#ifndef SHIM_DAEMON_METRICS_FILES_H
#define SHIM_DAEMON_METRICS_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/ttrpc/google.pb-c.h"

#define METRICS_UNLIMITED UINT64_MAX /* for "max" */

/* "key value" lines to a message: the row's offset is that of a uint64_t. */
struct metrics_key {
	const char *key;
	size_t offset;
};

/* Fill the members that the lines of DIR/FILE name; the others are kept. dir may be NULL. */
void metrics_keys(const char *dir, const char *file, const struct metrics_key *keys, size_t n,
		  void *out, struct arena *a);

/* The number, or METRICS_UNLIMITED for "max", that DIR/FILE holds; 0 when there is none. */
uint64_t metrics_number(const char *dir, const char *file, struct arena *a);

/* The text of DIR/FILE; "" when there is none. */
char *metrics_text(const char *dir, const char *file, struct arena *a);

/* The directory of a controller, or NULL; "" asks for the unified hierarchy. */
const char *metrics_dir(const char *cgroups, const char *controller, struct arena *a);

Pb__Any *metrics_v1(const char *cgroups, struct arena *a);
Pb__Any *metrics_v2(const char *dir, struct arena *a);

#endif
