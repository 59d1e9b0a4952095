/* SPDX-License-Identifier: Apache-2.0 */
/* whole: a small file that is there as a whole or not at all, and the directories above it. */
#ifndef CNI_WHOLE_H
#define CNI_WHOLE_H

#include <sys/types.h>

#include "spec/base/err.h"

/* Write text to the path, which has a directory; directories that are missing are made with their
 * mode. */
int whole_write(const char *path, const char *text, mode_t dir_mode, mode_t mode, struct err *e);

/* Remove it; that it is not there is no error. */
int whole_remove(const char *path, struct err *e);

#endif
