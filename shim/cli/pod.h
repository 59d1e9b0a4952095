/* SPDX-License-Identifier: Apache-2.0 */
/* pod: the commands `peapod pod ...`. */
#ifndef SHIM_CLI_POD_H
#define SHIM_CLI_POD_H

#include "shim/engine/engine.h"
#include "spec/base/err.h"

/*
 * argv[0..argc) is what stands behind "pod" on the command line; argc may be 0
 * (help). Prints to stdout. Returns the exit code, or -1 with *e for main() to
 * print (exit 1).
 */
int pod_command(const struct engine *en, int argc, char **argv, struct err *e);

#endif
