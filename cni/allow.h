/* SPDX-License-Identifier: Apache-2.0 */
/* allow: the host's list of sysctls that a network may set. */
#ifndef CNI_ALLOW_H
#define CNI_ALLOW_H

#include "cni/tuning.h"

/* tuning_check() against TUNING_ALLOW; a list that cannot be read is an error. */
int tuning_allowed(const struct tuning *t, struct arena *a, struct err *e);

#endif
