/* SPDX-License-Identifier: Apache-2.0 */
/* idmap_program: newuidmap(1) and newgidmap(1), for maps that an unprivileged caller may not write.
 */
#ifndef SHIM_ENGINE_IDMAP_PROGRAM_H
#define SHIM_ENGINE_IDMAP_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "spec/base/err.h"

#define IDMAP_PROGRAM_MS 30000 /* it may take */

/* Is the map ("INSIDE OUTSIDE SIZE" lines) one that needs no rights outside: one id, `own`? */
bool idmap_is_own(const char *map, unsigned int own);

/*
 * Run the program ("newuidmap", by $PATH) with the process and the map's numbers; it
 * checks /etc/subuid. `key` names the field in errors, which carry what it says.
 */
int idmap_program(const char *program, const char *key, pid_t pid, const char *map, struct err *e);

#endif
