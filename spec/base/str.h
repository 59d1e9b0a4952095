/* SPDX-License-Identifier: Apache-2.0 */
/* str: a growing string, splitting and strict number parsing. */
#ifndef SPEC_BASE_STR_H
#define SPEC_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"

/*
 * A zeroed struct is a valid empty string; s is NULL until something is added
 * and NUL-terminated from then on. Adding never fails (out of memory aborts).
 */
struct str {
	char *s;
	size_t len, cap;
};

#define auto_str __attribute__((cleanup(str_done)))

void str_done(struct str *s);
void str_clear(struct str *s); /* empty, the memory is kept */
void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const void *data, size_t n);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The text, never NULL, valid until the next change. */
const char *str_text(const struct str *s);

/* Hand the text over, never NULL, to be freed by the caller; *s is empty then. */
char *str_take(struct str *s);

bool str_eq(const char *a, const char *b); /* NULL equals NULL only */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/*
 * Put a '?' in place of each byte that belongs to no whole character of UTF-8: protobuf and JSON
 * allow nothing else, while the names of files are any bytes.
 */
void str_make_utf8(char *s);

/*
 * Split s at each sep into a NULL-terminated array, all in the arena; *n (if
 * not NULL) is the count. Empty parts are kept; "" gives one empty part.
 */
char **str_split(struct arena *a, const char *s, char sep, size_t *n);

/*
 * Strict numbers: the whole text, no sign for unsigned, no space, base 10 or 0
 * (0 = C prefixes). 0, or -1 with errno EINVAL or ERANGE; *out kept on failure.
 */
int parse_u64(const char *s, int base, uint64_t max, uint64_t *out);
int parse_i64(const char *s, int64_t min, int64_t max, int64_t *out);

/* "12", "12k", "12MiB", "1g": bytes with binary multiples, any case; may be -1. */
int parse_size(const char *s, int64_t *out);

/*
 * "5s", "1m30s", "1.5h", "100ms": a duration as Go's time.ParseDuration takes it, in
 * nanoseconds; units ns us ms s m h. Not negative.
 */
int parse_duration(const char *s, int64_t *ns);

#endif
