/* SPDX-License-Identifier: Apache-2.0 */
/* hooks: run the programs that a config wants run at points of a container's life. */
#ifndef SHIM_ENGINE_HOOKS_H
#define SHIM_ENGINE_HOOKS_H

#include "spec/base/err.h"
#include "spec/oci/config.h"

/* runtime-spec config.md "POSIX-platform Hooks", in the order of a life. */
enum hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_COUNT,
};

#define HOOK_OUTPUT_MAX 256 /* last bytes of a failed hook's output that the error quotes */

/* Where and with what they run; the caller is in the right namespaces already. */
struct hook_place {
	const char *state; /* the State document, on stdin */
	const char *cwd;
	char *const *env; /* for a hook that gives none; NULL: our own */
	int init_pidfd;	  /* of the container's process, which they may not outlive; -1: they may */
};
#define HOOK_PLACE_INIT                                                                            \
	{                                                                                          \
		.init_pidfd = -1                                                                   \
	}

const struct oci_hook_list *hooks_of(const struct oci_config *c, enum hook_kind kind);

/*
 * Run them one after the other; the first failure ends it:
 * "hook createRuntime[1] '/bin/x': exit status 3: <output>". Each has a session of its
 * own, closed fds, default signals; stdout and stderr are captured. After its
 * timeout (ETIME), or the end of the container's process (ESRCH), its process group is
 * killed; without either it is waited for for ever.
 */
int hooks_run(const struct oci_config *c, enum hook_kind kind, const struct hook_place *place,
	      struct err *e);

/* As hooks_run, but a failure is a warning and the next one runs (poststop). */
void hooks_run_all(const struct oci_config *c, enum hook_kind kind, const struct hook_place *place);

#endif
