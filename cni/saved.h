/* SPDX-License-Identifier: Apache-2.0 */
/* saved: properties of an interface as a file, in the reference's format. */
#ifndef CNI_SAVED_H
#define CNI_SAVED_H

#include "cni/link.h"
#include "spec/base/err.h"

/*
 * Write what `now` has of the properties that `asked` names. The directory is
 * made if it is not there; a file of before is replaced as a whole.
 */
int saved_write(const char *file, const struct link_tune *asked, const struct link *now,
		struct err *e);

/* 1 and *out filled, 0: there is no such file, or nothing in it that can be read; -1. */
int saved_read(const char *file, struct link_tune *out, struct err *e);

/* That it is gone already is fine. */
int saved_remove(const char *file, struct err *e);

#endif
