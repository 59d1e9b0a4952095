/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_copyup: copy a directory of the image into the tmpfs that will cover it. */
#ifndef SHIM_ENGINE_MOUNTS_COPYUP_H
#define SHIM_ENGINE_MOUNTS_COPYUP_H

#include "spec/base/err.h"

#define COPYUP_DEPTH_MAX 64	 /* directories in directories */
#define COPYUP_COUNT_MAX 1000000 /* files */

/*
 * Copy everything in the directory `from` (an O_PATH fd) to the empty directory
 * `to`: files, directories, links, nodes, with owners, modes, times of
 * nothing, and extended attributes. Links are copied, never followed;
 * mounts below are left out. The tmpfs' own size is the limit of what is copied.
 */
int mounts_copyup(int from, int to, struct err *e);

#endif
