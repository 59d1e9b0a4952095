/* SPDX-License-Identifier: Apache-2.0 */
/* exec_process: the process of `exec`, made of the container's own and the options. */
#ifndef SHIM_CLI_EXEC_PROCESS_H
#define SHIM_CLI_EXEC_PROCESS_H

#include <stdbool.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"
#include "spec/oci/config.h"

/* What the options of `exec` say about the process; NULL, empty, false: as the container's. */
struct exec_overrides {
	char *cwd, *user, *process_label, *apparmor;
	struct json_strs env, caps, additional_gids;
	bool tty, no_new_privs;
};

/*
 * The process to run, in the arena, not yet checked by oci_validate_process():
 * the container's, with `args`, with a terminal only if asked for, `env` behind
 * the container's, `caps` added to bounding, effective and permitted (and to
 * ambient only where the container has inheritable ones: without those it could
 * not be set, and inheritable is never added to, CVE-2022-29162), and the rest
 * replaced. NULL on failure.
 */
struct oci_process *exec_process_make(const struct oci_process *base,
				      const struct exec_overrides *o, char **args, size_t n_args,
				      struct arena *a, struct err *e);

/*
 * "UID" or "UID:GID", numbers from 0 to 4294967294 and nothing else: a name, an empty part or a
 * trailing character must never end up as uid 0. Without GID *gid is kept.
 */
int exec_parse_user(const char *text, uint32_t *uid, uint32_t *gid, struct err *e);

#endif
