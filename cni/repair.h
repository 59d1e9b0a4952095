/* SPDX-License-Identifier: Apache-2.0 */
/* repair: take away what dead pods left on this host: leases, pairs, host ports. */
#ifndef CNI_REPAIR_H
#define CNI_REPAIR_H

#include <stdbool.h>

#include "cni/survey.h"
#include "spec/base/str.h"

/*
 * Dead is a lease that survey_dead() says so of. A pair, and what belongs to
 * it in nftables, is dead when it was made together with a lease of this
 * data_dir (its alias says so) that is no more. What other programs made, and
 * networks without leases, are left alone.
 * One line in *out for each thing; with dry_run nothing is changed. Goes on
 * after a failure; the first one is reported at the end.
 */
int repair(struct net *n, const struct survey_place *place, bool dry_run, struct str *out,
	   struct err *e);

#endif
