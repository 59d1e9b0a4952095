/* SPDX-License-Identifier: Apache-2.0 */
/* list_table: what `list` prints of all containers. */
#ifndef SHIM_CLI_LIST_TABLE_H
#define SHIM_CLI_LIST_TABLE_H

#include <stddef.h>

#include "shim/engine/engine.h"
#include "spec/base/str.h"

/* ID PID STATUS BUNDLE CREATED OWNER, in aligned columns with a heading. */
void list_table(const struct engine_info *infos, size_t n, struct str *out);

/* A JSON array, one line, of what `state` prints of each. */
void list_json(const struct engine_info *infos, size_t n, struct arena *a, struct str *out);

#endif
