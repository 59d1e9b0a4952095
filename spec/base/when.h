/* SPDX-License-Identifier: Apache-2.0 */
/* when: a time as text, and a clock for deadlines. */
#ifndef SPEC_BASE_WHEN_H
#define SPEC_BASE_WHEN_H

#include <stdint.h>
#include <time.h>

#define WHEN_SIZE 72 /* more than any time_t takes */

/*
 * RFC 3339 in UTC with nanoseconds, as in state.json and in logs. Not by
 * gmtime(3) and strftime(3): they read the local time zone's file to say nothing about it.
 */
void when_text(const struct timespec *t, char out[WHEN_SIZE]);

/* The same of the present moment. */
void when_now(char out[WHEN_SIZE]);

/* Milliseconds of a clock that only goes forward (CLOCK_MONOTONIC). */
int64_t when_ms(void);

#endif
