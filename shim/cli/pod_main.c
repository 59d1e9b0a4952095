/* SPDX-License-Identifier: Apache-2.0 */
/* pod_main: picks the command of `peapod pod`. */
#include "shim/cli/pod.h"

#include <errno.h>

int pod_command(const struct engine *en, int argc, char **argv, struct err *e)
{
	(void)en;
	(void)argc;
	(void)argv;
	return err_set(e, ENOTSUP, "the pod commands are not part of this build");
}
