/* SPDX-License-Identifier: Apache-2.0 */
/* plan_mounts_opts: the options of one mount, folded into its record; pure. */
#ifndef SHIM_ENGINE_PLAN_MOUNTS_OPTS_H
#define SHIM_ENGINE_PLAN_MOUNTS_OPTS_H

#include <stdbool.h>

#include "shim/engine/plan_mount.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/config.h"

/* What the options ask for besides what fits the record at once. */
struct plan_mount_asked {
	bool bind, remount, idmap, idmap_rec;
};

/*
 * Fill attributes, propagation, data and the special switches of *out from
 * m->options; a later option wins. What is no known option is data for
 * the file system: each option is split at commas outside double quotes.
 */
int plan_mount_options(const struct oci_mount *m, struct arena *a, struct plan_mount *out,
		       struct plan_mount_asked *asked, struct err *e);

/* One more entry at the end of out->data; value NULL for a flag. */
void plan_mount_add_data(struct arena *a, struct plan_mount *out, const char *key,
			 const char *value);

/* The value of the last data entry of that key, or NULL. */
const char *plan_mount_data(const struct plan_mount *m, const char *key);

#endif
