/* SPDX-License-Identifier: Apache-2.0 */
/* alias_files: the files with names of pods that there are. */
#ifndef CNI_ALIAS_FILES_H
#define CNI_ALIAS_FILES_H

#include <stdbool.h>

#include "spec/base/err.h"

/* Has the file "CONTAINERID_INTERFACE" to go? 1, 0, or -1 with *e filled. */
typedef int alias_goes_fn(void *arg, const char *file, struct err *e);

/*
 * Remove files of a network's directory (DIR/NETWORK); with dry_run they are
 * only asked about. Other kinds of names are left alone; no directory is fine.
 */
int alias_files_sweep(const char *dir, bool dry_run, alias_goes_fn *goes, void *arg, struct err *e);

#endif
