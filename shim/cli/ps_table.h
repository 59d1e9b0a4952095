/* SPDX-License-Identifier: Apache-2.0 */
/* ps_table: those lines of ps(1)'s output that are about given processes. */
#ifndef SHIM_CLI_PS_TABLE_H
#define SHIM_CLI_PS_TABLE_H

#include <stddef.h>
#include <sys/types.h>

#include "spec/base/err.h"
#include "spec/base/str.h"

#define PS_TEXT_MAX (32 << 20) /* bytes of ps's output that are read */

/*
 * Add the heading of `text`, and its lines whose PID column is one of `pids`,
 * to `out`. The columns are found by the heading; without a PID column: EINVAL.
 */
int ps_table_filter(const char *text, const pid_t *pids, size_t n, struct str *out, struct err *e);

/* Run ps(1) with the arguments (NULL-terminated, without its name) and give its output. */
int ps_table_run(char *const *args, struct str *out, struct err *e);

#endif
