/* SPDX-License-Identifier: Apache-2.0 */
/* delegate: run another plugin, found along CNI_PATH, with this run's own request. */
#ifndef CNI_DELEGATE_H
#define CNI_DELEGATE_H

#include <stddef.h>

#include "cni/plugin.h"
#include "spec/base/err.h"

#define DELEGATE_OUT_MAX (1 << 20) /* bytes that a plugin may print */

/*
 * Run the plugin `type` with our standard input and environment but for
 * CNI_COMMAND; its stderr is ours. *out (in the arena) is what it printed. An
 * error keeps the code that the plugin told. The process has to be in the
 * host's namespace.
 */
int delegate_run(const struct request *req, const char *type, const char *command, char **out,
		 size_t *len, struct err *e);

#endif
