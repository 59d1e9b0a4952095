/* SPDX-License-Identifier: Apache-2.0 */
/* logs: the files that members write themselves, kept from growing without end. */
#ifndef SHIM_POD_LOGS_H
#define SHIM_POD_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/err.h"

#define POD_LOG_MAX	 (16 << 20) /* bytes on disk of one log before the oldest go */
#define POD_LOG_KEEP	 (8 << 20)  /* of the newest */
#define POD_LOG_CHECK_MS 10000

/* The log of a member, made if missing, to be written by appending. */
int pod_log_open(int dirfd, const char *member, struct err *e);

/* One line of ours in it: "peapod: text". */
void pod_log_note(int dirfd, const char *member, const char *text);

/*
 * Give back the blocks of all but the last `keep` bytes of a file that has
 * more than `max` on disk. The writer, who appends, does not notice, and
 * nothing is copied: the file gets a hole at its beginning.
 */
void pod_log_trim(int fd, int64_t max, int64_t keep);

/* Move a reader that stands in such a hole to its end. True: it has been moved, into a line. */
bool pod_log_skip_hole(int fd);

#endif
